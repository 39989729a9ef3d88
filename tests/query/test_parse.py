"""What is wrong with a question is named, with its place and what was probably meant."""

from typing import Any
from uuid import UUID

import pytest

from data.access import Access
from data.metric_query import Between, In, MetricQuery
from data.query_check import checked
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


def test_values_of_a_number_may_be_numbers() -> None:
    where = parse({"metrics": ["tax"], "where": {"dimension": "weekday", "in": [6, "7", 1.0, ""]}}).where
    assert where == In(dimension="weekday", values=("6", "7", "1", ""))
    for dimension, values in (
        ("channel", [6]),
        ("weekday", [True]),
        ("weekday", [6.5]),
        ("weekday", [None]),
        ("weekday", 6),
    ):
        with pytest.raises(QueryError) as raised:
            parse({"metrics": ["tax"], "where": {"dimension": dimension, "in": values}})
        assert (raised.value.field or "").startswith("where.in"), values


@pytest.mark.parametrize(
    ("body", "code", "field", "nearest"),
    [
        ({}, "missing-field", "metrics", None),
        ({"metrics": ["tax"], "dimension": ["day"]}, "unknown-field", "dimension", "dimensions"),
        ({"metrics": ["tax"], "range": {"lst": 3}}, "bad-range", "range", None),
        ({"metrics": ["tax"], "range": {"last": 0}}, "bad-value", "range.last", None),
        ({"metrics": ["tax"], "range": {"last": 3, "units": "day"}}, "unknown-field", "range.units", "unit"),
        ({"metrics": ["tax"], "range": {"named": "todday"}}, "bad-value", "range.named", "today"),
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


@pytest.mark.parametrize(
    ("body", "field", "detail", "nearest"),
    [
        (
            {"compare": "lastyear"},
            "compare",
            "“lastyear” is none of previous_period, last_week, last_year. Did you mean last_year?",
            "last_year",
        ),
        (
            {"range": {"named": "thismonth"}},
            "range.named",
            (
                "“thismonth” is none of today, yesterday, this_week, last_week, this_month, last_month,"
                " this_year, all. Did you mean this_month?"
            ),
            "this_month",
        ),
        (
            {"range": {"last": 3, "unit": "dya"}},
            "range.unit",
            "“dya” is none of minute, hour, day, week, month, year. Did you mean day?",
            "day",
        ),
        (
            {"sort": [{"by": "tax", "order": "up"}]},
            "sort.0.order",
            "“up” is none of asc, desc.",
            None,
        ),
        (
            {"range": {"from": "yesterday", "to": "2026-01-01"}},
            "range.from",
            "Must be a date, as 2026-05-01, or a moment with its offset, as 2026-05-01T18:00:00+01:00.",
            None,
        ),
        ({"dimensions": "day"}, "dimensions", "Must be a list.", None),
        ({"limit": 1_000_000}, "limit", "Must be at most 10,000.", None),
        ({"limit": "many"}, "limit", "Must be a whole number.", None),
        ({"metrics": []}, "metrics", "Must list at least 1.", None),
        ({"top": 3}, "top", "Must be an object.", None),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    body: Any, field: str, detail: str, nearest: str | None
) -> None:
    with pytest.raises(QueryError) as raised:
        parse({"metrics": ["tax"]} | body)
    error = raised.value
    assert (error.field, error.detail, error.nearest) == (field, detail, nearest)


@pytest.mark.parametrize(
    ("body", "code", "field", "detail"),
    [
        (
            {"top": {"limit": 3, "by": "orders"}},
            "not-in-question",
            "top.by",
            "orders is not in this question: ask for it too, or name one of tax, fees.",
        ),
        (
            {"top": {"limit": 3, "by": "taks"}},
            "unknown-metric",
            "top.by",
            "There is no metric 'taks'. Did you mean tax?",
        ),
        (
            {"sort": [{"by": "day"}]},
            "not-in-question",
            "sort.0.by",
            "day is not in this question: ask for it too, or name one of tax, fees, channel.",
        ),
        (
            {"metrics": ["tax", "fees", "tax"]},
            "named-twice",
            "metrics.2",
            "The metric tax is named twice.",
        ),
        (
            {"dimensions": ["day", "day"]},
            "named-twice",
            "dimensions.1",
            "The dimension day is named twice.",
        ),
    ],
)
def test_names_that_do_not_belong_together_are_told_where_they_stand(
    body: Any, code: str, field: str, detail: str
) -> None:
    asked = parse({"metrics": ["tax", "fees"], "dimensions": ["channel"]} | body)
    with pytest.raises(QueryError) as raised:
        checked(asked, Access(UUID(int=1)))
    assert (raised.value.code, raised.value.field, raised.value.detail) == (code, field, detail)
