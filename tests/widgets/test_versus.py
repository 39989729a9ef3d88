"""What a widget is compared with: by its own settings, else as the board."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from data.metric_query import Last, MetricQuery
from widgets.asking import against
from widgets.registry import WIDGETS
from widgets.scope import Scope

GALA, BALL, RAVE = UUID(int=1), UUID(int=2), UUID(int=3)
SCOPE = Scope(datetime(2026, 11, 20, 19, tzinfo=UTC), event=GALA, range=Last(last=7), compare_event=RAVE)


def asked(scope: Scope = SCOPE, **settings: Any) -> tuple[Any, Any, str]:
    """Period and event that a key figure is compared with, and how that is called."""
    model = WIDGETS["kpi"].settings.model_validate(settings)
    query = WIDGETS["kpi"].needs(model, scope)["now"]
    assert isinstance(query, MetricQuery)
    return query.compare, query.compare_event, against(model, scope)


def test_an_event_of_its_own_stands_above_that_of_the_board() -> None:
    assert asked() == (None, RAVE, "vs the other event")
    assert asked(compare="event", compare_event=str(BALL)) == (None, BALL, "vs the other event")
    assert asked(compare="last_week", compare_event=str(BALL)) == (
        "last_week",
        None,
        "vs same days last week",
    )


def test_only_one_event_is_compared_with_another() -> None:
    assert asked(replace(SCOPE, event=None), compare="event", compare_event=str(BALL)) == (None, None, "")
    assert asked(replace(SCOPE, event=BALL), compare="event", compare_event=str(BALL)) == (None, None, "")
    assert asked(compare="event") == (None, None, "")


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(ValidationError, match="“the gala” is no id of an event"):
        asked(compare="event", compare_event="the gala")
