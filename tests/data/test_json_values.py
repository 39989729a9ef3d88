"""Values of JSON are taken as they are: no number or boolean is made of something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field, ValidationError

import api.dashboard_sharing
import api.dashboards
import api.notes
import api.widgets
import callbacks.boards
import data.drilldown_question
import data.export_request
from data.metric_query import Frozen
from widgets.registry import WIDGETS

MODULES = (
    api.dashboard_sharing,
    api.dashboards,
    api.notes,
    api.widgets,
    callbacks.boards,
    data.drilldown_question,
    data.export_request,
)
"""Whoever is not imported has no models to look at."""
LAX: dict[str, tuple[object, ...]] = {
    "integer": ("5", True, "true", [5]),
    "number": ("5", True, "", [5]),
    "boolean": ("yes", "true", 1, 0, 1.0),
}


class Inner(Frozen):
    """A model in another one."""

    count: int = Field(ge=1)


class Everything(Frozen):
    """Every place where a value can stand."""

    count: int = Field(1, ge=1, le=9)
    share: float | None = None
    on: bool = False
    many: tuple[int, ...] = ()
    by_number: dict[int, float] = Field(default_factory=dict)
    inner: Inner | None = None
    either: int | str = 1


def test_json_as_it_should_be_is_taken() -> None:
    sent = {
        "count": 5.0,
        "share": 3,
        "on": True,
        "many": [1, 2],
        "byNumber": {"1": 2.5},
        "inner": {"count": 3},
    }
    found = Everything.model_validate(sent)
    assert found.model_dump(by_alias=True) == sent | {
        "count": 5,
        "many": (1, 2),
        "byNumber": {1: 2.5},
        "either": 1,
    }


@pytest.mark.parametrize(
    ("sent", "loc", "kind"),
    [
        ({"count": "5"}, ("count",), "int_type"),
        ({"count": True}, ("count",), "int_type"),
        ({"count": 5.5}, ("count",), "int_from_float"),
        ({"count": 10}, ("count",), "less_than_equal"),
        ({"share": "0.5"}, ("share",), "float_type"),
        ({"share": False}, ("share",), "float_type"),
        ({"on": "yes"}, ("on",), "bool_type"),
        ({"on": 1}, ("on",), "bool_type"),
        ({"many": [1, "2"]}, ("many", 1), "int_type"),
        ({"byNumber": {"1": "2"}}, ("byNumber", "1"), "float_type"),
        ({"inner": {"count": "3"}}, ("inner", "count"), "int_type"),
    ],
)
def test_anything_else_is_refused_where_it_stands(sent: Any, loc: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(sent)
    assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [(loc, kind)]


def models(of: type[Frozen] = Frozen) -> Iterator[type[Frozen]]:
    for model in of.__subclasses__():
        yield model
        yield from models(model)


def plain_fields() -> Iterator[tuple[type[Frozen], str, str]]:
    """Every field of every model that is one number or boolean, and which of them it is."""
    assert MODULES
    assert len(WIDGETS) > 30
    for model in models():
        if model.__module__.startswith("tests."):
            continue
        for name, field in model.model_json_schema().get("properties", {}).items():
            kinds = {each.get("type") for each in field.get("anyOf", [field])}
            for kind in sorted(kinds & LAX.keys()):
                yield model, name, kind


FIELDS = list(plain_fields())


def test_every_model_is_looked_at() -> None:
    names = {(model.__name__, name) for model, name, _ in FIELDS}
    assert {
        ("MetricQuery", "limit"),
        ("Last", "last"),
        ("Top", "other"),
        ("Within", "atLeast"),
        ("NewLink", "masked"),
        ("Given", "mayEdit"),
        ("ChangedBoard", "trashed"),
        ("Placed", "x"),
        ("ExportRequest", "bom"),
        ("Drill", "limit"),
        ("CustomSettings", "top"),
    } <= names


@pytest.mark.parametrize(
    ("model", "name", "kind"), FIELDS, ids=[f"{model.__name__}-{name}" for model, name, _ in FIELDS]
)
def test_no_field_makes_a_value_of_another(model: type[Frozen], name: str, kind: str) -> None:
    for value in LAX[kind]:
        with pytest.raises(ValidationError) as caught:
            model.model_validate({name: value})
        [found] = [each for each in caught.value.errors() if each["loc"][:1] == (name,)]
        assert found["type"] == {"integer": "int_type", "number": "float_type", "boolean": "bool_type"}[kind]
