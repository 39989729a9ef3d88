"""Nothing is left out of a picture without being said in the widget, in its summary and on paper."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from components.markup import markup
from data.answers import Answer
from data.board_document import Placed
from data.metric_query import MetricQuery
from exports import pdf
from exports.compose import parts_of
from exports.document import Document
from widgets.draw import Drawn, draw, needs
from widgets.left_out import other_currencies
from widgets.registry import WIDGETS
from widgets.sample import sample_answer, sample_scope
from widgets.tables import from_answer

NOW = datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC)
SCOPE = sample_scope(NOW)
DOLLARS = "USD in the table: currencies are not added."


def in_dollars_too(answer: Any) -> Any:
    """The answer with every amount in another currency as well, ten times as large."""
    if not isinstance(answer, Answer) or "currency" not in [column.name for column in answer.columns]:
        return answer
    names = [column.name for column in answer.columns]
    money = [place for place, column in enumerate(answer.columns) if column.unit == "money"]
    more = [
        tuple(
            "USD" if names[place] == "currency" else value * 10 if place in money and value else value
            for place, value in enumerate(row)
        )
        for row in answer.rows
    ]
    return replace(answer, rows=[*answer.rows, *more], total_rows=2 * len(answer.rows))


def drawn(name: str, change: Any = lambda answer: answer, **settings: Any) -> Drawn:
    placed = Placed(id="a", widget=name, settings=settings or WIDGETS[name].example)
    answers = {each: change(sample_answer(need, SCOPE)) for each, need in needs(placed, SCOPE).items()}
    return draw(placed, SCOPE, answers)


def paper(*shown: Drawn) -> str:
    """The words of a PDF of these widgets, each of its own."""
    parts = [part for n, each in enumerate(shown) for part in parts_of(str(n), each)]
    file = io.BytesIO()
    pdf.write(Document("Board", NOW, "Europe/London", "GBP", parts=parts), file)
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(file).pages).replace("\u200b", "").split()
    )


MONEY: list[tuple[str, dict[str, Any]]] = [
    ("sales-over-time", {"metric": "net_revenue"}),
    ("revenue-waterfall", {"tax": True}),
    ("channel-mix", {"metric": "net_revenue"}),
    ("geography-map", {"metric": "net_revenue"}),
    ("series-comparison", {"metric": "net_revenue"}),
    ("weekday-hours", {"metric": "net_revenue"}),
    ("calendar-heat", {"metric": "net_revenue"}),
    ("scatter", {"across": "tickets_sold", "up": "net_revenue"}),
    ("refunds", {"compare": "none"}),
    ("top-customers", {"top": 10}),
    ("campaign-table", {"top": 10}),
    ("custom", {"kind": "bar", "metrics": ["net_revenue"], "dimensions": ["day"]}),
    ("custom", {"kind": "table", "metrics": ["net_revenue"], "dimensions": ["channel"]}),
    ("custom", {"kind": "number", "metrics": ["net_revenue"], "dimensions": []}),
    ("custom-query", {"query": '{"metrics": ["net_revenue"], "dimensions": ["channel"]}'}),
]


@pytest.mark.parametrize(("name", "settings"), MONEY)
def test_a_currency_that_is_not_drawn_is_named_on_the_board_and_in_words(
    name: str, settings: dict[str, Any]
) -> None:
    shown = drawn(name, in_dollars_too, **settings)
    assert shown.state == "drawn", shown.error
    assert DOLLARS in markup(shown.body)
    assert DOLLARS in shown.summary
    assert "USD" in str([table.rows for table in shown.tables])
    assert "USD" not in drawn(name, **settings).summary


PRICES: list[tuple[str, dict[str, Any]]] = [
    ("price-bands", {"compare": "previous_period"}),
    *(
        ("custom", {"kind": kind, "metrics": ["tickets_sold"], "dimensions": ["price"]})
        for kind in ("bar", "flat", "donut", "table")
    ),
    *(
        ("custom", {"kind": kind, "metrics": ["tickets_sold"], "dimensions": dimensions})
        for kind, dimensions in (
            ("line", ["day", "price"]),
            ("stacked", ["day", "price"]),
            ("heat", ["weekday", "price"]),
        )
    ),
    ("custom", {"kind": "scatter", "metrics": ["tickets_sold", "customers"], "dimensions": ["price"]}),
    ("scatter", {"across": "tickets_sold", "up": "orders", "dimension": "price"}),
    ("custom-query", {"query": '{"metrics": ["tickets_sold"], "dimensions": ["price"]}'}),
]
"""Tickets, which are no money, by what they cost."""


@pytest.mark.parametrize(("name", "settings"), PRICES)
def test_bands_of_prices_are_drawn_in_one_currency_and_the_others_named(
    name: str, settings: dict[str, Any]
) -> None:
    pounds, both = drawn(name, **settings), drawn(name, in_dollars_too, **settings)
    assert both.state == "drawn", both.error
    words = "Prices in GBP, those in USD in the table: currencies are not added."
    assert words in markup(both.body)
    assert words in both.summary
    assert both.summary.replace(f" {words}", "") == pounds.summary
    assert both.figure == pounds.figure
    assert markup(both.body).replace(words, "").count("%") == markup(pounds.body).count("%")
    (one,), (all_,) = pounds.tables, both.tables
    place = [column.name for column in all_.columns].index("currency")
    assert len(all_.rows) == 2 * len(one.rows)
    assert [row for row in all_.rows if row[place] == "GBP"] == one.rows


def test_a_board_of_another_currency_sees_the_prices_of_most_tickets() -> None:
    def abroad(answer: Any) -> Any:
        places = [column.name for column in answer.columns]
        place = places.index("currency")
        few = [(*row[:place], "EUR", *(1 for _ in row[place + 1 :])) for row in answer.rows]
        most = [(*row[:place], "USD", *row[place + 1 :]) for row in answer.rows]
        return replace(answer, rows=[*few, *most], total_rows=2 * len(answer.rows))

    shown = drawn("price-bands", abroad)
    assert shown.summary.endswith("Prices in USD, those in EUR in the table: currencies are not added.")
    assert shown.figure == drawn("price-bands").figure


def test_a_pivot_table_by_price_has_rows_of_their_own_for_each_currency() -> None:
    settings = {"metric": "tickets_sold", "down": "price", "across": "channel"}
    one, both = drawn("pivot", **settings), drawn("pivot", in_dollars_too, **settings)
    (pounds,), (all_,) = one.tables, both.tables
    dollars = [(name, "USD", *values) for name, _, *values in pounds.rows]
    assert all_.rows == [*pounds.rows, *dollars]
    assert ">Currency</th>" in markup(both.body)
    assert "not added." not in both.summary


def test_a_table_that_lacks_the_currency_too_is_not_said_to_have_it() -> None:
    answer = in_dollars_too(sample_answer(question("net_revenue"), SCOPE))
    assert other_currencies([answer], [], "GBP") == "GBP alone, without USD: currencies are not added."
    assert other_currencies([answer], [from_answer(answer)], "GBP") == DOLLARS


def question(metric: str) -> MetricQuery:
    return MetricQuery(metrics=(metric,), dimensions=("channel",))


def test_a_pivot_table_has_rows_of_their_own_for_each_currency() -> None:
    settings = {"metric": "net_revenue", "down": "ticket_type", "across": "channel"}
    one, both = drawn("pivot", **settings), drawn("pivot", in_dollars_too, **settings)
    (pounds,), (all_,) = one.tables, both.tables
    dollars = [
        (name, "USD", *[None if value is None else value * 10 for value in values])
        for name, _, *values in pounds.rows
    ]
    assert [column.name for column in all_.columns][:2] == ["ticket_type", "currency"]
    assert all_.rows == [*pounds.rows, *dollars]
    assert all_.total_rows == 2 * len(pounds.rows)
    assert "; most in GBP " in both.summary
    assert "; most in USD " in both.summary
    assert ">$161,549</td>" in markup(both.body)
    assert ">Currency</th>" in markup(both.body)
    assert ">Currency</th>" not in markup(one.body)
    assert "most in" not in one.summary


@pytest.mark.parametrize("name", ["kpi", "money-table", "pivot"])
def test_what_shows_every_currency_has_nothing_to_say(name: str) -> None:
    shown = drawn(name, in_dollars_too)
    assert "not added." not in shown.summary
    assert "not added." not in markup(shown.body)


def test_the_paper_of_a_board_says_what_is_not_drawn_and_where_it_is() -> None:
    shown = [
        drawn("sales-over-time", in_dollars_too, metric="net_revenue"),
        drawn("channel-mix", in_dollars_too, metric="net_revenue"),
        drawn("revenue-waterfall", in_dollars_too),
    ]
    text = paper(*shown)
    assert text.count(DOLLARS) == 3
    assert text.count("rows. The table is in the CSV and XLSX exports.") == 3
    alone = paper(shown[1])
    assert DOLLARS in alone
    assert "The table is in" not in alone
    assert "US$" in alone or "$" in alone


def test_lines_that_are_not_drawn_are_counted_in_head_summary_and_on_paper() -> None:
    shown = drawn("custom", kind="line", metrics=["tickets_sold"], dimensions=["day", "city"])
    assert shown.figure is not None
    assert len(shown.figure["data"]) == 6
    assert shown.sub.endswith(" · 6 of 9 lines, all in the table")
    assert "6 of 9 lines, all in the table." in shown.summary
    assert paper(shown, shown).count("6 of 9 lines, all in the table.") == 2
    few = drawn("custom", kind="line", metrics=["tickets_sold"], dimensions=["day", "channel"])
    assert "lines" not in few.sub + few.summary


def unknown(answer: Any) -> Any:
    """The answer with the last measure of its first two rows not known."""
    if not isinstance(answer, Answer):
        return answer
    return replace(answer, rows=[(*row[:-1], None) if n < 2 else row for n, row in enumerate(answer.rows)])


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("scatter", {"across": "tickets_sold", "up": "show_rate", "dimension": "event"}),
        ("custom", {"kind": "scatter", "metrics": ["tickets_sold", "show_rate"], "dimensions": ["event"]}),
    ],
)
def test_dots_that_have_no_place_are_counted(name: str, settings: dict[str, Any]) -> None:
    whole, shown = drawn(name, **settings), drawn(name, unknown, **settings)
    assert whole.figure is not None
    assert shown.figure is not None
    there = len(whole.figure["data"][0]["x"])
    assert len(shown.figure["data"][0]["x"]) == there - 2
    words = f"{there - 2} of {there} dots, the others without a value, all in the table"
    assert shown.sub.endswith(words)
    assert f"{words}." in shown.summary
    assert "dots, the others" not in whole.sub + whole.summary


def test_dots_without_a_value_in_the_currency_say_in_which() -> None:
    settings = {"across": "tickets_sold", "up": "average_ticket_price", "dimension": "channel"}
    shown = drawn("scatter", unknown, **settings)
    assert "dots, the others without a value in GBP, all in the table" in shown.sub


def test_values_without_a_place_on_an_axis_that_has_an_order_are_counted() -> None:
    def homeless(answer: Any) -> Any:
        if not isinstance(answer, Answer):
            return answer
        return replace(answer, rows=[(None, *row[1:]) if n < 3 else row for n, row in enumerate(answer.rows)])

    settings: dict[str, Any] = {"metrics": ["tickets_sold"], "dimensions": ["days_to_doors", "channel"]}
    for kind in ("line", "stacked", "heat"):
        shown = drawn("custom", homeless, kind=kind, **settings)
        assert shown.sub.endswith("without 3 of no known days to doors, all in the table"), kind
        assert "without" not in drawn("custom", kind=kind, **settings).sub, kind


def test_days_of_which_nothing_is_known_are_counted_beside_a_distribution() -> None:
    shown = drawn("distribution", unknown, metric="average_ticket_price", of="day")
    assert re.search(r"without 2 of \d+ days, of which it is not known$", shown.sub)
    assert "without" not in drawn("distribution", metric="average_ticket_price", of="day").sub


def test_parts_of_a_donut_below_zero_are_counted() -> None:
    def less(answer: Any) -> Any:
        return replace(answer, rows=[(*answer.rows[0][:-1], -5), *answer.rows[1:]])

    shown = drawn("custom", less, kind="donut", metrics=["tickets_sold"], dimensions=["channel"])
    assert shown.sub.endswith("without 1 below zero, all in the table")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("series-comparison", {"top": 3}, "the 3 with most"),
        ("series-comparison", {"top": 6}, ""),
        ("event-comparison", {"top": 3}, "the 3 with most tickets"),
        ("event-table", {"limit": 3}, "the next 3"),
        ("event-table", {"limit": 60}, ""),
        ("capacity-bars", {"limit": 2}, "2 of 6 events"),
        ("no-shows", {"top": 2}, "2 of 5 events"),
        ("top-customers", {"top": 4}, "the 4 with most"),
        ("campaign-table", {"top": 3}, "the 3 with most"),
    ],
)
def test_lists_say_that_there_may_be_more(name: str, settings: dict[str, Any], words: str) -> None:
    shown = drawn(name, **settings)
    if words:
        assert words in shown.sub[:1].lower() + shown.sub[1:]
        assert words in shown.summary.lower()
    else:
        assert not [each for each in ("with most", "the next", " of 6 ") if each in shown.sub]


def test_files_of_a_night_name_every_row_and_have_whole_tickets_and_places_by_name() -> None:
    figure = drawn("live-figure", number="entered")
    (scanned,) = figure.tables
    assert all(row[0] for row in scanned.rows)
    assert (scanned.columns[1].unit, scanned.rows[0][1]) == ("count", 871)
    assert figure.own[0] == ("Range", "The night")
    (revenue,) = drawn("live-figure", number="revenue").tables
    assert [column.unit for column in revenue.columns] == [None, None, "money", None, None]
    assert revenue.rows[0][1:3] == ("GBP", 641_250)
    (pace,) = drawn("sales-pace", _in_fractions).tables
    assert [row[1] for row in pace.rows[1:3]] == [7, 75]
    (gates,) = drawn("gate-flow", _in_fractions).tables
    assert gates.rows[0][1] == "Standing room"
    assert gates.total_rows == len(gates.rows) + 3


def _in_fractions(night: Any) -> Any:
    """A night whose sliding sums are fractions, with a named place, and gates beyond those listed."""
    night["sales"] |= {"perFiveMinutes": 6.7, "perHour": 74.7}
    night["attendance"]["gates"][0]["zone"] = "standing"
    night["attendance"]["moreGates"] = 3
    night["capacity"]["zones"][0] |= {"zone": "standing", "name": "Standing room"}
    return night


def test_figures_by_currency_alone_have_no_empty_name() -> None:
    summary = drawn("custom", kind="table", metrics=["tickets_sold"], dimensions=["currency"]).summary
    assert "most  with" not in summary
    assert summary == "Tickets sold by currency: GBP 1,499 tickets."


def test_a_title_of_many_metrics_counts_those_it_does_not_name() -> None:
    metrics = ["tickets_sold", "net_revenue", "orders", "refunds", "comps"]
    assert drawn("custom", kind="table", metrics=metrics, dimensions=["channel"]).title == (
        "Tickets sold and net revenue and orders and 2 more by channel"
    )
