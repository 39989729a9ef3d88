"""Nothing is left out of a picture without being said in the widget, in its summary and on paper."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from components.markup import markup
from data.answers import Answer
from data.board_document import Placed
from exports import pdf
from exports.compose import parts_of
from exports.document import Document
from widgets.draw import Drawn, draw, needs
from widgets.registry import WIDGETS
from widgets.sample import sample_answer, sample_scope

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


def test_a_table_that_lacks_the_currency_too_is_not_said_to_have_it() -> None:
    settings = {"metric": "net_revenue", "down": "ticket_type", "across": "channel"}
    words = "GBP alone, without USD: currencies are not added."
    shown = drawn("pivot", in_dollars_too, **settings)
    assert words in shown.summary
    assert words in markup(shown.body)


@pytest.mark.parametrize("name", ["kpi", "money-table"])
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
    (scanned,) = drawn("live-figure", number="entered").tables
    assert all(row[0] for row in scanned.rows)
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
    assert summary.endswith(" in all.")


def test_a_title_of_many_metrics_counts_those_it_does_not_name() -> None:
    metrics = ["tickets_sold", "net_revenue", "orders", "refunds", "comps"]
    assert drawn("custom", kind="table", metrics=metrics, dimensions=["channel"]).title == (
        "Tickets sold and net revenue and orders and 2 more by channel"
    )
