"""What is no number or boolean of JSON is refused by every door, which names the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.caller import Caller
from tests.conftest import Tenant

ROWS, QUERY, EXPORTS = "/api/v1/analytics/rows", "/api/v1/analytics/query", "/api/v1/exports"
TAX = {"metrics": ["tax"]}
KINDS_OF_RANGE = "{last, unit}, {from, to}, {named} or {daysBefore, until}"
EITHER = f"A range is either {KINDS_OF_RANGE}, and not several: last, named."
SEVERAL = {"last": 3, "named": "all"}
WHOLE, NUMBER, TRUTH = "Must be a whole number.", "Must be a number.", "Must be true or false."


def refused(answer: Any) -> tuple[int, str, str, str | None]:
    """Status, media type, field and detail of a problem."""
    return answer.status_code, answer.mimetype, answer.json["field"], answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "body", "field", "detail"),
    [
        (QUERY, TAX | {"limit": True}, "limit", WHOLE),
        (QUERY, TAX | {"limit": "5"}, "limit", WHOLE),
        (QUERY, TAX | {"range": {"last": "7"}}, "range.last", WHOLE),
        (QUERY, TAX | {"top": {"limit": 3, "other": "yes"}}, "top.other", TRUTH),
        (QUERY, TAX | {"where": {"dimension": "price", "below": "5"}}, "where.below", NUMBER),
        (QUERY, TAX | {"range": SEVERAL}, "range", EITHER),
        (QUERY, {"queries": [TAX, TAX | {"limit": "5"}]}, "queries.1.limit", WHOLE),
        (ROWS, {"limit": True}, "limit", WHOLE),
        (ROWS, {"range": {"last": "7"}}, "range.last", WHOLE),
        (ROWS, {"range": SEVERAL}, "range", EITHER),
        (EXPORTS, {"format": "csv", "bom": 1, "table": "sales"}, "bom", TRUTH),
        (EXPORTS, {"format": "csv", "query": TAX | {"range": {"last": "7"}}}, "query.range.last", WHOLE),
        (EXPORTS, {"format": "csv", "rows": {"range": SEVERAL}}, "rows.range", EITHER),
        ("/api/v1/widgets/top-customers", {"settings": {"top": "5"}}, "settings.top", WHOLE),
        ("/api/v1/widgets/kpi/check", {"settings": {"curve": "yes"}}, "settings.curve", TRUTH),
        (
            "/api/v1/widgets/custom-query",
            {"settings": {"query": json.dumps(TAX | {"range": {"last": "7"}})}},
            "settings.query",
            "Range.last: Must be a whole number.",
        ),
        (
            "/api/v1/dashboards",
            {"name": "A", "document": {"widgets": [{"id": "a", "widget": "kpi", "x": "1"}]}},
            "widgets[0].x",
            WHOLE,
        ),
        (
            "/api/v1/dashboards",
            {"name": "A", "document": {"widgets": [{"id": "a", "widget": "kpi", "settings": {"curve": 0}}]}},
            "widgets[0].settings.curve",
            TRUTH,
        ),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_field(
    program: Caller, path: str, body: Any, field: str, detail: str
) -> None:
    assert refused(program("POST", path, body)) == (422, "application/problem+json", field, detail)


@pytest.mark.parametrize(
    ("more", "field", "detail"),
    [
        ({"masked": "yes"}, "masked", TRUTH),
        ({"masked": 1}, "masked", TRUTH),
        ({"expiresAt": 1893456000}, "expiresAt", "Must be a moment, as 2026-05-01T18:00:00+01:00."),
        ({"expiresAt": "1893456000"}, "expiresAt", "Must be a moment, as 2026-05-01T18:00:00+01:00."),
    ],
)
def test_a_link_is_not_given_for_what_may_have_been_meant(
    program: Caller, tenant: Tenant, more: dict[str, Any], field: str, detail: str
) -> None:
    board = program.json("POST", "/api/v1/dashboards", {"name": "Friday"})["id"]
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    link = {"label": "A", "filters": {"venue": str(tenant.venue_id)}, "expiresAt": later} | more
    path = f"/api/v1/dashboards/{board}/links"
    assert refused(program("POST", path, link)) == (422, "application/problem+json", field, detail)
    assert program.json("GET", path) == {"links": []}


def test_a_widget_reads_the_settings_in_an_address_as_json(program: Caller) -> None:
    for settings, status in (('{"top": 5}', 200), ('{"top": "5"}', 422)):
        answer = program("GET", f"/api/v1/widgets/top-customers?settings={settings}")
        assert answer.status_code == status, answer.text
