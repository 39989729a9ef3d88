"""Widgets that split a metric in a way of their own take only metrics that can be split so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from data.access import Access
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE
from data.query_check import checked
from data.query_error import QueryError
from widgets.chosen import known_metric
from widgets.registry import WIDGETS
from widgets.sample import sample_scope

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))
ACCESS = Access(UUID(int=1))


def metric_fields(model: Any) -> list[str]:
    """The fields of settings that hold the name of one metric."""
    return [
        name
        for name, field in model.model_fields.items()
        if any(getattr(each, "func", None) is known_metric for each in field.metadata)
    ]


CHOOSING = {name: fields for name, widget in WIDGETS.items() if (fields := metric_fields(widget.settings))}


def test_many_widgets_choose_a_metric() -> None:
    assert len(CHOOSING) >= 14
    assert CHOOSING["scatter"] == ["across", "up"]


@pytest.mark.parametrize("name", CHOOSING)
def test_whatever_settings_accept_can_be_asked(name: str) -> None:
    widget = WIDGETS[name]
    accepted = 0
    for metric in CATALOGUE:
        for field in CHOOSING[name]:
            try:
                settings = widget.settings.model_validate(widget.example | {field: metric})
            except ValidationError:
                continue
            accepted += 1
            for need, asked in widget.needs(settings, SCOPE).items():
                if isinstance(asked, MetricQuery) and need not in widget.extras:
                    assert _grain_that_is_missing(asked) or checked(asked, ACCESS), (metric, asked)
    assert accepted


def _grain_that_is_missing(asked: MetricQuery) -> bool:
    """How finely time is split follows the range: only then it turns out that a metric has no such grain."""
    try:
        checked(asked, ACCESS)
    except QueryError as error:
        grains = {each for each, dimension in DIMENSIONS.items() if dimension.seconds}
        return error.code == "not-splittable" and error.value in grains
    return False


def test_a_metric_that_cannot_be_split_so_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="Visitors cannot be split by channel"):
        WIDGETS["channel-mix"].settings.model_validate({"metric": "visitors"})
    with pytest.raises(ValidationError, match="Capacity cannot be split by hour of the day"):
        WIDGETS["weekday-hours"].settings.model_validate({"metric": "capacity"})
