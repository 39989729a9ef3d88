"""What may not be summed is not summed, and what was cut off is said."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from components.markup import markup
from data.answers import Answer, Column
from data.board_document import Placed
from data.metric_query import In
from widgets.answered import Points, adds_up, filled, points
from widgets.draw import draw, needs
from widgets.sample import sample_answer, sample_scope

NOW = datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC)
SCOPE = sample_scope(NOW)


def drawn(widget: str, settings: dict[str, Any], *, cut: bool = False, **scope: Any) -> Any:
    """The widget with sample figures; `cut` says that a third row was left out of each."""
    placed, seen = Placed(id="one", widget=widget, settings=settings), replace(SCOPE, **scope)
    answers = {name: sample_answer(need, SCOPE) for name, need in needs(placed, seen).items()}
    if cut:
        answers = {
            name: replace(own, rows=own.rows[:2], total_rows=3) if isinstance(own, Answer) else own
            for name, own in answers.items()
        }
    return draw(placed, seen, answers)


@pytest.mark.parametrize(
    ("metric", "unit", "sums"),
    [
        ("net_revenue", "money", True),
        ("average_ticket_price", "money", False),
        ("customers", "people", False),
        ("orders", "count", False),
        ("peak_inside", "people", False),
        ("entries.compared", "people", True),
        ("anything_else", "count", True),
        ("anything_else", "percent", False),
    ],
)
def test_the_catalogue_says_what_may_be_summed(metric: str, unit: Any, sums: bool) -> None:
    assert adds_up(Column(metric, "", "metric", unit)) is sums


@pytest.mark.parametrize(
    ("metric", "unit", "between"), [("orders", "count", 0), ("average_ticket_price", "money", None)]
)
def test_a_day_without_sales_has_no_orders_and_no_price(metric: str, unit: Any, between: Any) -> None:
    line = Points(Column(metric, "", "metric", unit), "GBP", [("2026-05-01",), ("2026-05-03",)], [4, 6])
    assert filled(line, "day").values == [4, between, 6]


@pytest.mark.parametrize(
    ("metric", "unit", "web", "partner"),
    [
        ("tickets_sold", "tickets", 7, 2),
        ("inside", "people", 7, 2),
        ("peak_inside", "people", 4, 2),
        ("customers", "people", None, 2),
        ("occupancy", "percent", None, 2),
        ("anything_else", "count", 7, 2),
    ],
)
def test_rows_of_other_currencies_become_one_only_as_the_metric_allows(
    metric: str, unit: Any, web: Any, partner: Any
) -> None:
    columns = (
        Column("channel", "Channel", "text"),
        Column("currency", "Currency", "text"),
        Column(metric, "", "metric", unit),
        Column(f"{metric}.compared", "", "compared", unit),
    )
    rows: list[tuple[Any, ...]] = [("web", "EUR", 3, 3), ("web", "GBP", 4, 4), ("partner", "GBP", 2, 2)]
    found = points(Answer(columns, rows, NOW, "Europe/London"), None, "GBP")
    assert found.keys == [("web",), ("partner",)]
    assert found.values == found.before == [web, partner]


@pytest.mark.parametrize(
    ("metric", "sums"), [("tickets_sold", True), ("average_ticket_price", False), ("orders", False)]
)
def test_a_pivot_table_sums_up_only_what_adds_up(metric: str, sums: bool) -> None:
    settings = {"metric": metric, "down": "ticket_type", "across": "channel"}
    assert (">All</th>" in markup(drawn("pivot", settings).body)) is sums


@pytest.mark.parametrize(
    ("metric", "sums"), [("net_revenue", True), ("average_ticket_price", False), ("orders", False)]
)
def test_a_curve_says_its_total_only_where_there_is_one(metric: str, sums: bool) -> None:
    assert (" in all" in drawn("sales-over-time", {"metric": metric}).summary) is sums


def test_rows_that_were_cut_off_are_counted_below_the_title() -> None:
    settings = {"metric": "tickets_sold", "down": "ticket_type", "across": "channel"}
    cut = drawn("pivot", settings, cut=True)
    assert "the first 2 of 3 rows" in cut.sub
    assert ">All</th>" not in markup(cut.body)
    assert "rows" not in drawn("pivot", settings).sub


def test_figures_of_whole_events_say_that_filters_do_not_touch_them() -> None:
    where = In(dimension="channel", values=("web",))
    assert "without the filters" in drawn("live-figure", {"number": "sold"}, where=where).sub
    assert "without the filters" not in drawn("live-figure", {"number": "sold"}).sub
    assert "without the filters" not in drawn("kpi", {"metric": "tickets_sold"}, where=where).sub


@pytest.mark.parametrize(
    ("lost", "said"),
    [(25, "20% without a country on the map"), (0, None), (-3, "1 value without a country on the map")],
)
def test_a_map_says_what_share_has_no_place_on_it_if_it_is_one(lost: int, said: str | None) -> None:
    placed = Placed(id="one", widget="geography-map", settings={"metric": "tickets_sold"})
    (name,) = needs(placed, SCOPE)
    sold = (Column("country", "Country", "text"), Column("tickets_sold", "Tickets sold", "metric", "tickets"))
    answer = Answer(sold, [("GB", 100), ("", lost)], SCOPE.now, "Europe/London", total_rows=2)
    shown = markup(draw(placed, SCOPE, {name: answer}).body)
    assert re.findall(r"[^>]*without a country[^<]*", shown) == ([said] if said else [])


def test_campaigns_tell_of_everybody_and_of_the_money_of_one_currency() -> None:
    people = [
        Column("campaign", "Campaign", "text"),
        Column("tickets_sold", "Tickets sold", "metric", "tickets"),
        Column("orders", "Orders", "metric", "count"),
        Column("visitors", "Visitors", "metric", "people"),
        Column("conversion_rate", "Conversion", "metric", "percent"),
    ]
    money = [
        Column("campaign", "Campaign", "text"),
        Column("currency", "Currency", "text"),
        Column("net_revenue", "Net revenue", "metric", "money"),
    ]
    answers = {
        "campaigns": Answer(tuple(people), [("spring", 9, 4, 20, 20.0)], NOW, "UTC", total_rows=1),
        "money": Answer(
            tuple(money), [("spring", "GBP", 50_000), ("spring", "USD", 700)], NOW, "UTC", total_rows=2
        ),
    }
    placed = Placed(id="one", widget="campaign-table")
    assert {need: question.metrics for need, question in needs(placed, SCOPE).items()} == {  # type: ignore[union-attr]
        "campaigns": ("tickets_sold", "orders", "visitors", "conversion_rate"),
        "money": ("net_revenue",),
    }
    text = markup(draw(placed, SCOPE, answers).body)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", text) == ["£500", "9", "4", "20", "20%"]


def test_a_peak_beside_who_is_inside_now_says_that_it_is_of_one_event() -> None:
    peak = drawn("kpi", {"metric": "peak_inside", "curve": False})
    assert peak.title == "Peak inside one event"
    assert peak.sub.startswith("The highest of all events · ")
    assert peak.summary.startswith("Peak inside one event: ")
    assert [column.label for column in peak.tables[0].columns] == ["Peak inside one event"]
    now = drawn("kpi", {"metric": "inside", "curve": False})
    assert (now.title, "highest" in now.sub) == ("Inside", False)


def test_what_an_event_sold_stands_once_in_its_rows_of_several_currencies() -> None:
    placed = Placed(id="one", widget="event-table", settings={"limit": 2})
    listed = sample_answer(needs(placed, SCOPE)["events"], SCOPE)
    assert isinstance(listed, list)
    amounts = [{"currency": "GBP", "netMinor": 500}, {"currency": "EUR", "netMinor": 700}]
    events = [event | {"sold": 40, "capacity": 80, "percentSold": 50, "revenue": amounts} for event in listed]
    (table,) = draw(placed, SCOPE, {"events": events}).tables
    places = {column.name: place for place, column in enumerate(table.columns)}
    for name, expected in (("sold", 40), ("capacity", 80), ("percent", 50)):
        assert [row[places[name]] for row in table.rows] == [expected, None] * len(events), name
    assert [row[places["net"]] for row in table.rows] == [500, 700] * len(events)
    assert [row[places["event"]] for row in table.rows] == [e["name"] for e in events for _ in amounts]
