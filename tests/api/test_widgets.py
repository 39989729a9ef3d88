"""Widgets by REST."""

from __future__ import annotations

from flask import Flask

from data.engine import Database
from tests.api.caller import Caller, person
from tests.conftest import Tenant
from widgets.registry import WIDGETS

PATH = "/api/v1/widgets"


def test_the_catalogue_lists_every_widget_with_the_schema_of_its_settings(program: Caller) -> None:
    found = program.json("GET", PATH)["widgets"]
    assert [widget["name"] for widget in found] == list(WIDGETS)
    kpi = next(widget for widget in found if widget["name"] == "kpi")
    schema = kpi.pop("settings")
    assert kpi == {
        "name": "kpi",
        "label": WIDGETS["kpi"].label,
        "group": "sales",
        "groupLabel": "Sales",
        "description": WIDGETS["kpi"].description,
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
