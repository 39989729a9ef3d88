"""Widgets by REST."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from data.engine import Database
from data.metric_dimensions import DIMENSIONS
from data.metrics import CATALOGUE
from tests.api.caller import Caller, person
from tests.conftest import Tenant
from widgets.registry import WIDGETS

PATH = "/api/v1/widgets"


def test_the_catalogue_lists_every_widget_with_the_schema_of_its_settings(program: Caller) -> None:
    sent = program.json("GET", PATH)
    assert [metric["name"] for metric in sent["metrics"]] == list(CATALOGUE)
    assert "channel" in next(m["dimensions"] for m in sent["metrics"] if m["name"] == "tickets_sold")
    assert {"name": "channel", "label": "Channel"}.items() <= sent["dimensions"][
        list(DIMENSIONS).index("channel")
    ].items()
    found = sent["widgets"]
    assert [widget["name"] for widget in found] == list(WIDGETS)
    kpi = next(widget for widget in found if widget["name"] == "kpi")
    schema = kpi.pop("settings")
    assert kpi == {
        "name": "kpi",
        "label": WIDGETS["kpi"].label,
        "group": "sales",
        "groupLabel": "Sales",
        "description": WIDGETS["kpi"].description,
        "icon": WIDGETS["kpi"].icon,
        "size": {"w": 3, "h": 2},
        "smallest": {"w": 2, "h": 2},
        "live": False,
        "example": {"metric": "net_revenue", "compare": "previous_period"},
    }
    assert schema["additionalProperties"] is False
    assert schema["properties"]["metric"]["default"] == "tickets_sold"


def test_widgets_are_for_those_who_have_boards(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    assert Caller(whole_server.test_client(), {})("GET", PATH).status_code == 401
    assert person(whole_server, database, tenant, "analyst")("GET", PATH).status_code == 200
    assert person(whole_server, database, tenant, "door")("GET", PATH).status_code == 403


def sell(program: Caller, tickets: int) -> None:
    """Tickets at £12.50 each, sold just now."""
    for number in range(tickets):
        sale = {
            "ticketId": f"T-{number}",
            "eventId": "gala",
            "amount": 12.5,
            "channel": "web" if number else "box office",
            "timestamp": datetime.now(UTC).isoformat(),
        }
        program.json("POST", "/api/v1/ingest/sale", sale)


def test_settings_are_checked_without_asking_for_figures(program: Caller) -> None:
    path = f"{PATH}/custom/check"
    assert program("POST", path, {"settings": {"kind": "line"}}).status_code == 204
    answer = program("POST", path, {"settings": {"kind": "stacked", "top": 101}})
    assert answer.status_code == 422
    assert answer.json
    assert [(fault["field"], fault["detail"]) for fault in answer.json["faults"]] == [
        ("settings.top", "Must be at most 100.")
    ]
    answer = program("POST", path, {"settings": {"kind": "stacked"}})
    assert answer.status_code == 422
    assert answer.json
    assert (answer.json["field"], answer.json["detail"]) == (
        "settings",
        "Stacked bars needs 2 dimensions to split by, not 1.",
    )
    assert program("POST", f"{PATH}/customs/check", {}).status_code == 404


def figures(caller: Caller, name: str, settings: Any = None, **look: str) -> TestResponse:
    """What GET answers about a widget."""
    parameters = look | ({} if settings is None else {"settings": json.dumps(settings)})
    return caller("GET", f"{PATH}/{name}?{urlencode(parameters)}")


def test_a_number_is_given_with_its_words_unit_zone_and_moment(program: Caller, tenant: Tenant) -> None:
    sell(program, 3)
    answer = figures(
        program,
        "kpi",
        {"metric": "net_revenue", "curve": False},
        venue=str(tenant.venue_id),
        range="today",
    )
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found = answer.json
    assert {name: found[name] for name in ("widget", "state", "title", "zone")} == {
        "widget": "kpi",
        "state": "drawn",
        "title": "Net revenue",
        "zone": "Europe/London",
    }
    assert "£37.50" in found["summary"]
    assert datetime.now(UTC) - datetime.fromisoformat(found["asOf"]) < timedelta(minutes=5)
    table = found["tables"][0]
    money = [column["name"] for column in table["columns"]].index("net_revenue")
    assert (table["columns"][money]["unit"], [row[money] for row in table["rows"]]) == ("money", [3750])
    assert table["totalRows"] == 1


def test_the_same_is_answered_to_a_body(program: Caller, tenant: Tenant) -> None:
    sell(program, 3)
    settings = {"metric": "tickets_sold"}
    asked = figures(program, "channel-mix", settings, venue=str(tenant.venue_id), range="7d").json
    look = {"venue": str(tenant.venue_id), "range": "7d"}
    sent = program.json("POST", f"{PATH}/channel-mix", {"settings": settings, "look": look})
    assert asked is not None
    assert sent["tables"] == asked["tables"]
    names = [column["name"] for column in sent["tables"][0]["columns"]]
    rows = {
        row[names.index("channel")]: row[names.index("tickets_sold")] for row in sent["tables"][0]["rows"]
    }
    assert rows == {"web": 2, "box office": 1}


def test_clicked_filters_hold_and_nothing_is_an_empty_state(program: Caller, tenant: Tenant) -> None:
    sell(program, 3)
    settings = {"metric": "tickets_sold", "curve": False}
    web = figures(program, "kpi", settings, **{"range": "7d", "f.channel": "web"}).json
    assert web is not None
    assert [row[-1] for row in web["tables"][0]["rows"]] == [2]
    none = figures(program, "channel-mix", **{"range": "7d", "f.channel": "phone"})
    assert (none.status_code, none.json and none.json["state"]) == (200, "empty")


@pytest.mark.parametrize(
    ("settings", "look", "field"),
    [
        ({"metric": "sales"}, {}, "settings.metric"),
        ({"colour": "red"}, {}, "settings.colour"),
        (None, {"venue": "hall"}, "venue"),
        (None, {"venue": str(uuid4())}, "venue"),
        (None, {"event": str(uuid4())}, "event"),
        (None, {"range": "fortnight"}, "range"),
        (None, {"compare": "yesterday"}, "compare"),
        (None, {"compare": f"event:{uuid4()}"}, "compare"),
        (None, {"f.nothing": "x"}, "f.nothing"),
        (None, {"f.customer": "abc"}, "f.customer"),
        (None, {"venues": "x"}, "venues"),
    ],
    ids=range(11),
)
def test_what_is_not_understood_is_refused_and_not_passed_over(
    program: Caller, settings: Any, look: dict[str, str], field: str
) -> None:
    answer = figures(program, "kpi", settings, **look)
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, field)


@pytest.mark.parametrize("settings", ["[]", "{", '{"a": NaN}', "\ud800"])
def test_settings_that_are_no_object_are_refused(program: Caller, settings: str) -> None:
    query = urlencode({"settings": settings}, errors="surrogatepass")
    answer = program("GET", f"{PATH}/kpi?{query}")
    assert (answer.status_code, answer.mimetype) in (
        (400, "application/problem+json"),
        (422, "application/problem+json"),
    )


def test_a_widget_that_is_not_there_names_the_nearest(program: Caller) -> None:
    answer = figures(program, "kpis")
    assert (answer.status_code, answer.json and answer.json["detail"]) == (
        404,
        "There is no widget “kpis”, but there is “kpi”.",
    )


def test_another_tenants_venue_is_as_unknown_as_none(
    program: Caller, tenant: Tenant, other_tenant: Tenant
) -> None:
    foreign = figures(program, "kpi", venue=str(other_tenant.venue_id))
    unknown = figures(program, "kpi", venue=str(uuid4()))
    assert foreign.json is not None
    assert unknown.json is not None
    assert (foreign.status_code, foreign.json["detail"]) == (unknown.status_code, unknown.json["detail"])


@pytest.mark.parametrize("name", list(WIDGETS))
def test_every_widget_answers_with_the_settings_of_its_example(
    program: Caller, tenant: Tenant, name: str
) -> None:
    sell(program, 1)
    answer = figures(program, name, dict(WIDGETS[name].example), venue=str(tenant.venue_id))
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["state"] in ("drawn", "empty")
