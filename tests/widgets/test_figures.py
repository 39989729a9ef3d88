"""Curves, steps and shares on whole values."""

from datetime import UTC, datetime, timedelta
from typing import Any

from components.markup import markup
from data.answers import Answer, Column
from data.board_document import Placed
from widgets.draw import draw
from widgets.figures import upright_lines
from widgets.sample import sample_scope
from widgets.timeline import timeline

NOW = datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC)
SCOPE = sample_scope(NOW)
DAY = Column("day", "Day", "time")
CURRENCY = Column("currency", "Currency", "text")


def answer(columns: list[Column], rows: list[tuple[Any, ...]]) -> Answer:
    return Answer(tuple(columns), rows, NOW, "Europe/London", total_rows=len(rows))


def money(name: str, label: str) -> Column:
    return Column(name, label, "metric", "money")


def test_a_curve_of_days_fills_gaps_and_keeps_currencies_apart() -> None:
    net = [money("net_revenue", "Net revenue"), Column("net_revenue.compared", "Before", "compared", "money")]
    rows = [
        ("2026-11-17", "GBP", 100_00, 50_00),
        ("2026-11-17", "JPY", 999_999, 1),
        ("2026-11-19", "GBP", 250_50, None),
    ]
    drawn = timeline(answer([DAY, CURRENCY, *net], rows), None, "GBP", "day", against="vs last week")
    line, before = drawn["data"]
    assert line["x"] == ["2026-11-17", "2026-11-18", "2026-11-19"]
    assert line["y"] == [100_00, 0, 250_50]
    assert line["customdata"] == [
        [
            "Tue 17 Nov 2026<br><b>£100.00 GBP · net revenue</b><br>£50.00 GBP last week<br>▲ 100%",
            "2026-11-17",
        ],
        ["Wed 18 Nov 2026<br><b>£0.00 GBP · net revenue</b><br>£0.00 GBP last week", "2026-11-18"],
        ["Thu 19 Nov 2026<br><b>£250.50 GBP · net revenue</b><br>not known last week", "2026-11-19"],
    ]
    assert before["y"] == [50_00, 0, None]
    assert before["hoverinfo"] == "skip"
    assert drawn["layout"]["yaxis"]["ticktext"] == ["£0", "£100", "£200", "£300"]
    assert drawn["layout"]["meta"]["filter"] == "day"


def test_the_hour_that_an_autumn_night_has_twice_is_two_places_with_names_of_their_own() -> None:
    start = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    rows = [(start + timedelta(hours=n), n + 1) for n in range(4)]
    columns = [Column("hour", "Hour", "time"), Column("tickets_sold", "Tickets sold", "metric", "tickets")]
    drawn = timeline(answer(columns, rows), None, "GBP", "hour")
    line = drawn["data"][0]
    assert line["x"] == [0, 60, 120, 180]
    assert [text.partition("<br>")[0] for text, _ in line["customdata"]] == [
        "Sun 25 Oct 00:00 Europe/London",
        "Sun 25 Oct 01:00 BST Europe/London",
        "Sun 25 Oct 01:00 GMT Europe/London",
        "Sun 25 Oct 02:00 Europe/London",
    ]


def test_the_waterfall_adds_up_in_the_currencys_own_units() -> None:
    names = ("gross_revenue", "fees", "refunded", "net_revenue", "tax", "revenue_without_tax")
    columns = [CURRENCY, *(money(name, name) for name in names)]
    rows = [("KWD", 10_000, 500, 1_500, 9_000, 900, 8_100)]
    placed = Placed(id="a", widget="revenue-waterfall")
    drawn = draw(placed, sample_scope(NOW, currency="KWD"), {"money": answer(columns, rows)})
    assert drawn.summary == (
        "KWD\u00a010.000 gross and KWD\u00a00.500 fees less KWD\u00a01.500 refunded is KWD\u00a09.000 net."
    )
    assert drawn.figure is not None
    steps = {
        place: (base, base + height)
        for trace in drawn.figure["data"]
        for place, base, height in zip(trace["x"], trace["base"], trace["y"], strict=True)
    }
    assert steps == {
        0: (0, 10_000),
        1: (10_000, 10_500),
        2: (10_500, 9_000),
        3: (0, 9_000),
        4: (9_000, 8_100),
        5: (0, 8_100),
    }


def test_a_booking_curve_adds_up_towards_the_doors() -> None:
    columns = [
        Column("days_to_doors", "Days to doors", "number"),
        Column("tickets_sold", "Tickets sold", "metric", "tickets"),
    ]
    drawn = draw(
        Placed(id="a", widget="booking-curve", settings={"compare": "none"}),
        SCOPE,
        {"curve": answer(columns, [(4, 10), (2, 5), (1, 1)])},
    )
    assert drawn.figure is not None
    line = drawn.figure["data"][0]
    assert (line["x"], line["y"]) == ([-4, -3, -2, -1], [10, 10, 15, 16])
    assert [text for text, _ in line["customdata"]][-1] == "1 day to doors<br><b>16 tickets sold</b>"


def test_amounts_of_other_currencies_are_named_and_never_added() -> None:
    columns = [CURRENCY, money("net_revenue", "Net revenue")]
    rows = [("EUR", 84_000), ("GBP", 12_345_67), ("JPY", 5_000)]
    placed = Placed(id="a", widget="kpi", settings={"metric": "net_revenue", "curve": False})
    drawn = draw(placed, SCOPE, {"now": answer(columns, rows)})
    assert drawn.summary == "Net revenue: £12,345.67 GBP; in other currencies €840.00 EUR · ¥5,000 JPY."
    text = markup(drawn.body)
    assert "£12,346" in text
    assert "<span>€840.00 EUR · ¥5,000 JPY</span></div>" in text


def test_a_key_figure_tells_two_further_currencies_and_how_many_more_there_are() -> None:
    columns = [CURRENCY, money("average_ticket_price", "Average ticket price")]
    rows = [("GBP", 3000), ("EUR", 2600), ("USD", 2500), ("CHF", 2400), ("PLN", 2300), ("CAD", 2200)]
    placed = Placed(id="a", widget="kpi", settings={"metric": "average_ticket_price", "curve": False})
    every = "€26.00 EUR · $25.00 USD · CHF\u00a024.00 · zł\u00a023.00 PLN · $22.00 CAD"
    drawn = draw(placed, SCOPE, {"now": answer(columns, rows)})
    text = markup(drawn.body)
    assert "<span>€26.00 EUR · $25.00 USD</span> <span>and 3 more currencies</span>" in text
    assert f'title="{every}"' in text
    assert drawn.summary == f"Average ticket price: £30.00 GBP; in other currencies {every}."
    assert [row[0] for row in drawn.tables[0].rows] == [code for code, _ in rows]
    assert "and 1 more currency<" in markup(draw(placed, SCOPE, {"now": answer(columns, rows[:4])}).body)


def test_words_above_a_chart_never_cover_each_other() -> None:
    close = [("a", "Spring programme announced"), ("b", "Web shop down"), ("c", "Rain"), ("d", "Far away")]
    marked = upright_lines(close, [0.2, 0.25, 0.3, 0.9])["annotations"]
    assert [(each["text"], each["yshift"]) for each in marked] == [
        ("Spring programme announ…", 0),
        ("Web shop down", 14),
        ("…", 0),
        ("Far away", 0),
    ]
    assert marked[2]["hovertext"] == "Rain"
