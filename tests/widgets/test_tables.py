"""By what the rows of a table filter a board: raw values of a dimension, nothing that only looks so."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from data.answers import Column
from widgets.tables import filters, worded
from widgets.widget import Table

SOLD = Column("tickets_sold", "Tickets sold", "metric", "tickets")
ID = "0192f0c1-2345-7000-8000-000000000000"


def table(name: str, *values: Any) -> Table:
    return Table((Column(name, name, "text"), SOLD), [(value, 1) for value in values])


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("channel", ["web", None, ""], ["web", "", ""]),
        ("event", [ID], [ID]),
        ("day", [date(2026, 11, 20)], ["2026-11-20"]),
        ("hour", [datetime(2026, 11, 20, 18, tzinfo=UTC)], ["2026-11-20T18:00:00+00:00"]),
        ("weekday", [1, 7], ["1", "7"]),
        ("event", [ID, "other"], [ID, None]),
    ],
)
def test_raw_values_of_a_dimension_filter(name: str, values: list[Any], expected: list[str]) -> None:
    assert filters(table(name, *values)) == (0, name, expected)


@pytest.mark.parametrize(
    ("name", "values"),
    [("event", ["Gala"]), ("day", ["20 November"]), ("currency", ["GBP"]), ("shoe", ["44"]), ("channel", [])],
)
def test_what_is_no_value_of_a_dimension_does_not(name: str, values: list[Any]) -> None:
    assert filters(table(name, *values)) is None


def test_only_as_many_rows_as_the_table_view_shows_carry_a_value() -> None:
    found = filters(table("channel", *[str(number) for number in range(150)]))
    assert found is not None
    assert len(found[2]) == 100


def test_words_for_values_filter_by_what_they_stand_for() -> None:
    named = worded(table("country", "GB", "DE", "other"), {"country": lambda code: f"Land of {code}"})
    assert [row[0] for row in named.rows] == ["Land of GB", "Land of DE", "Land of other"]
    assert filters(named) == (0, "country", ["GB", "DE", None])


def test_nobody_is_filtered_by_who_bought() -> None:
    assert filters(worded(table("customer", ID), {"customer": lambda value: str(value)[:4]})) is None
