"""Questions by REST: every documented example is answered, and what is wrong is a problem."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from data import metric_document, query
from data.answers import Answer
from data.engine import Database
from data.metrics import CATALOGUE
from data.query_answer import Gathered, assemble
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/api/v1/analytics/query"
EXAMPLES = [
    json.loads(block)
    for block in re.findall(
        r"```json\n(.*?)```", (metric_document.PATH.parent / "queries.md").read_text(), re.DOTALL
    )
]


def test_the_list_of_metrics_is_current() -> None:
    assert metric_document.PATH.read_text() == metric_document.document()


@pytest.mark.parametrize("body", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_document_is_answered(program: Caller, body: Any) -> None:
    answer = program("POST", PATH, body)
    if body == {"metrics": ["tickets_sould"]}:
        assert answer.status_code == 422
        problem = answer.json
        assert problem is not None
        assert (problem["code"], problem["field"], problem["value"], problem["nearest"]) == (
            "unknown-metric",
            "metrics.0",
            "tickets_sould",
            "tickets_sold",
        )
        return
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found is not None
    assert len(found.get("answers", [found])) == len(body.get("queries", [body]))
    assert ("explain" in found) == ("explain" in body)


def test_a_figure_without_sales_is_nothing_in_the_currency_of_the_venue(program: Caller) -> None:
    found = program.json("POST", "/api/analytics/query", {"metrics": ["net_revenue"]})
    assert found["rows"] == [["GBP", 0]]
    assert found["columns"][1] == {
        "name": "net_revenue",
        "label": "Net revenue",
        "kind": "metric",
        "unit": "money",
    }
    assert (found["zone"], found["totalRows"], found["truncated"]) == ("Europe/London", 1, False)


def test_the_catalogue_is_answered_as_it_is(program: Caller) -> None:
    found = program.json("GET", "/api/v1/analytics/metrics")
    assert [metric["name"] for metric in found["metrics"]] == list(CATALOGUE)
    assert found["metrics"][0]["grains"] == list(CATALOGUE["tickets_sold"].grains)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"metrics": ["tax"], "dimensions": ["gate"]}, 422, "not-splittable", "dimensions.0"),
        ({"metrics": ["tax"], "explain": "yes"}, 422, "bad-value", "explain"),
        ({"queries": []}, 422, "bad-value", "queries"),
        ({"queries": [{"metrics": ["tax"]}], "limit": 3}, 422, "unknown-field", "limit"),
        ({"queries": [{"metrics": ["tax"]}, {"metric": ["tax"]}]}, 422, "unknown-field", "queries.1.metric"),
        (
            {"queries": [{"metrics": ["tax"]}, {"metrics": ["tux"]}]},
            422,
            "unknown-metric",
            "queries.1.metrics.0",
        ),
        (
            {"metrics": ["tax"], "venues": ["00000000-0000-0000-0000-000000000001"]},
            422,
            "venue-not-found",
            "venues.0",
        ),
        (
            {"metrics": ["tax"], "range": {"from": "2026-01-02", "to": "2026-01-01"}},
            422,
            "empty-range",
            "range.to",
        ),
        (
            {"metrics": ["tax"], "range": {"from": "2026-01-01T00:00:00", "to": "2026-01-02"}},
            422,
            "naive-time",
            "range.from",
        ),
        (
            {"metrics": ["tax"], "where": {"dimension": "event", "in": ["'; DROP TABLE events"]}},
            422,
            "bad-value",
            "where.in.0",
        ),
        (
            {"metrics": ["tax"], "where": {"dimension": "channel); --", "in": ["x"]}},
            422,
            "unknown-dimension",
            "where.dimension",
        ),
        ({"metrics": ["tax"], "sort": [{"by": "tax); DELETE"}]}, 422, "unknown-column", "sort.0.by"),
    ],
)
def test_what_is_wrong_is_a_problem(program: Caller, body: Any, status: int, code: str, field: str) -> None:
    answer = program("POST", PATH, body)
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (status, code, field)


@pytest.mark.parametrize(
    ("dimension", "value", "nearest"),
    [("status", "onsale", "on_sale"), ("price", "20-31", "20-30"), ("price", "expensive", None)],
)
def test_a_value_that_there_is_not_is_refused_with_the_nearest(
    program: Caller, dimension: str, value: str, nearest: str | None
) -> None:
    where = {"dimension": dimension, "in": [value]}
    answer = program("POST", PATH, {"metrics": ["tickets_sold"], "where": where})
    assert answer.json is not None
    told = {name: answer.json.get(name) for name in ("code", "field", "value", "nearest")}
    assert told == {"code": "bad-value", "field": "where.in.0", "value": value, "nearest": nearest}


def test_a_question_that_goes_wrong_takes_no_other_with_it(
    program: Caller, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def goes_wrong(sums: Gathered, names: Any) -> Answer:
        if "tax" in sums.prepared.query.metrics:
            raise ZeroDivisionError("a fault of ours")
        return assemble(sums, names)

    monkeypatch.setattr(query, "assemble", goes_wrong)
    asked = {"queries": [{"metrics": ["orders"]}, {"metrics": ["tax"]}]}
    answer = program.client.post(PATH, json=asked, headers=program.headers)
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (500, "failed", "queries.1")
    assert "a fault of ours" not in answer.text
    kpi = {"widget": "kpi", "w": 3, "h": 2}
    widgets = [
        kpi | {"id": name, "x": 4 * at, "settings": {"metric": name}}
        for at, name in enumerate(("orders", "tax"))
    ]
    board = program.json("POST", "/api/v1/dashboards", {"name": "Two", "document": {"widgets": widgets}})
    link = {
        "label": "Promoter",
        "filters": {"venue": str(tenant.venue_id)},
        "expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    url = program.json("POST", f"/api/v1/dashboards/{board['id']}/links", link)["url"]
    page = program.client.get(urlsplit(url).path)
    assert page.status_code == 200
    assert page.text.count("This cannot be answered") == 2  # In one frame: to see, and for who listens.
    assert "something went wrong here" in page.text
    assert program("POST", PATH, {"metrics": ["orders"]}).status_code == 200


def test_values_are_bound_whatever_they_look_like(program: Caller) -> None:
    for value in ("'; DROP TABLE events; --", "%s %(tenant)s {0}", "\\", "\u2028", "\x7f"):
        body = {"metrics": ["tax"], "where": {"dimension": "channel", "in": [value]}}
        assert program.json("POST", PATH, body)["rows"] == [["GBP", 0]]


def test_only_those_who_work_with_boards_may_ask(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
) -> None:
    body = {"metrics": ["tickets_sold"]}
    assert person(whole_server, database, tenant, "analyst")("POST", PATH, body).status_code == 200
    assert person(whole_server, database, tenant, "door")("POST", PATH, body).status_code == 403
    assert whole_server.test_client().post(PATH, json=body).status_code == 401


def test_another_tenant_sees_nothing_of_it(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
    other_tenant: Tenant,
) -> None:
    theirs = {"metrics": ["tickets_sold"], "venues": [str(other_tenant.venue_id)]}
    answer = person(whole_server, database, tenant, "owner")("POST", PATH, theirs)
    assert (answer.status_code, answer.json and answer.json["code"]) == (422, "venue-not-found")
