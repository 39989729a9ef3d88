"""Half a surrogate pair, which JSON can write and UTF-8 cannot: refused, wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.caller import Caller

HALF = b'"\\ud800"'


def with_half(body: Any) -> bytes:
    """The body as JSON, each "?" in it the first half of a pair."""
    return json.dumps(body).encode().replace(b'"?"', HALF)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/dashboards", {"?": 1}),
        ("/api/v1/dashboards", {"name": "?"}),
        ("/api/v1/annotations", {"text": "?", "at": "?"}),
        ("/api/v1/analytics/query", {"metrics": ["?"]}),
        ("/api/v1/analytics/query", {"metrics": ["tickets_sold"], "?": 1}),
        ("/api/v1/analytics/rows", {"where": {"dimension": "?", "in": ["x"]}}),
        ("/api/v1/analytics/rows", {"where": {"dimension": "channel", "in": ["?"]}}),
        ("/api/v1/widgets/kpi", {"settings": {"metric": "?"}}),
        ("/api/v1/widgets/kpi", {"look": {"venue": "?"}}),
        ("/api/v1/exports", {"format": "csv", "query": {"metrics": ["?"]}}),
        ("/api/v1/exports", {"format": "csv", "table": "sales", "filters": {"f.channel": "?"}}),
        ("/api/v1/exports", {"format": "csv", "widget": "kpi", "title": "?"}),
        ("/api/v1/exports", {"format": "csv", "widget": "kpi", "settings": {"metric": "?"}}),
    ],
)
def test_it_is_refused_by_a_problem(program: Caller, path: str, body: Any) -> None:
    answer = program("POST", path, with_half(body))
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
