"""What is wrong with a question is named, with its place and what was probably meant."""

from typing import Any

import pytest

from data.metric_query import Between, In, MetricQuery
from data.query_error import QueryError
from data.query_parse import parse


def test_snake_case_and_camel_case_are_the_same_question() -> None:
    body = {
        "metrics": ["tickets_sold"],
        "range": {"daysBefore": 3},
        "where": {"dimension": "channel", "in": ["web"]},
    }
    snake = {
        "metrics": ["tickets_sold"],
        "range": {"first": 3},
        "where": {"dimension": "channel", "values": ["web"]},
    }
    assert parse(body) == parse(snake)
    assert parse(body).where == In(dimension="channel", values=("web",))


def test_dates_are_days_and_moments_are_moments() -> None:
    asked = parse({"metrics": ["tax"], "range": {"from": "2026-01-01", "to": "2026-01-02T00:00:00Z"}}).range
    assert isinstance(asked, Between)
    assert (type(asked.start).__name__, type(asked.end).__name__) == ("date", "datetime")


@pytest.mark.parametrize(
    ("body", "code", "field", "nearest"),
    [
        ({}, "missing-field", "metrics", None),
        ({"metrics": ["tax"], "dimension": ["day"]}, "unknown-field", "dimension", "dimensions"),
        ({"metrics": ["tax"], "range": {"lst": 3}}, "bad-range", "range", None),
        ({"metrics": ["tax"], "range": {"last": 0}}, "bad-value", "range.last", None),
        ({"metrics": ["tax"], "range": {"last": 3, "units": "day"}}, "unknown-field", "range.units", "unit"),
        ({"metrics": ["tax"], "range": {"named": "todday"}}, "bad-value", "range.named", None),
        (
            {"metrics": ["tax"], "range": {"from": "yesterday", "to": "2026-01-01"}},
            "bad-value",
            "range.from",
            None,
        ),
        ({"metrics": ["tax"], "where": {"dimension": "channel"}}, None, None, None),
        (
            {"metrics": ["tax"], "where": {"and": [{"dimension": "day", "im": ["x"]}]}},
            "unknown-field",
            "where.and.0.im",
            "in",
        ),
        ({"metrics": ["tax"], "where": {"dimension": "day", "in": []}}, "bad-value", "where.in", None),
        ({"metrics": ["tax"], "where": "x"}, "bad-filter", "where", None),
        ({"metrics": ["tax"], "top": {"limit": 0}}, "bad-value", "top.limit", None),
        ({"metrics": ["tax"], "top": {"limt": 3}}, "unknown-field", "top.limt", "limit"),
        (
            {"metrics": ["tax"], "sort": [{"by": "tax", "ordr": "asc"}]},
            "unknown-field",
            "sort.0.ordr",
            "order",
        ),
        ({"metrics": ["tax"], "events": ["nothing"]}, "bad-value", "events.0", None),
        ({"metrics": ["tax"], "limit": 1_000_000}, "bad-value", "limit", None),
        ({"metrics": "tax"}, "bad-value", "metrics", None),
    ],
)
def test_what_is_wrong_is_named(body: Any, code: str | None, field: str | None, nearest: str | None) -> None:
    if code is None:
        assert isinstance(parse(body), MetricQuery)
        return
    with pytest.raises(QueryError) as raised:
        parse(body)
    error = raised.value
    assert (error.code, error.field) == (code, field), error.detail
    if nearest is not None:
        assert error.nearest == nearest
