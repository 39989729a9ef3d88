"""PDFs are read back by pypdf: their words, their pages, and that pictures are drawn and not photographed."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from openpyxl import load_workbook
from pypdf import PdfReader

from data.answers import Column
from data.drilldown_names import COLUMNS
from exports import csv as exports_csv
from exports import pdf, xlsx
from exports.document import Document, Part
from tests.exports.tables import (
    CURRENCY,
    DAY,
    EVENT,
    HOSTILE,
    MONEY,
    REVENUE,
    TICKETS,
    document,
    hostile_part,
)
from widgets.picture import EXAMPLE

LINE = {
    "data": [{"type": "scatter", "mode": "lines", "x": ["2026-11-01", "2026-11-02"], "y": [1, 2]}],
    "layout": {"xaxis": {"type": "date"}},
}


def read(of: Document) -> PdfReader:
    file = io.BytesIO()
    pdf.write(of, file)
    return PdfReader(file)


def words(of: Document) -> str:
    """All the words, each white space one blank, and without the places where long words may break."""
    text = " ".join(page.extract_text() for page in read(of).pages)
    return " ".join(text.replace("\u200b", "").split())


def kinds_of(page: Any) -> set[str]:
    """What kinds of objects a page shows: pictures are "/Image"."""
    return {str(thing.get_object()["/Subtype"]) for thing in page["/Resources"].get("/XObject", {}).values()}


def chart(**changes: Any) -> Part:
    rows = [(date(2026, 11, 1) + timedelta(days=n), "GBP", 100 * n) for n in range(2)]
    part = Part("Revenue", (DAY, CURRENCY, REVENUE), rows, 2, 2, "Europe/London", "£", "It rose.", LINE)
    return replace(part, **changes)


def test_it_says_what_it_is_of_when_and_how_much_of_it_there_is() -> None:
    text = words(document(MONEY, title="November"))

    assert text.startswith(
        "November Venue: Riverside Hall · Range: last 30 days · Time zone: Europe/London Riverside"
    )
    assert "Revenue by day 4 rows, all there are." in text
    assert "Day Event Currency Net revenue Tickets Fill (%)" in text
    assert "Wed 18 Nov 2026 Gala GBP £1,234.56 12 61.5%" in text
    assert "Thu 19 Nov 2026 Refunds KWD −KWD 123.456 −2 100%" in text
    assert "As of 20 Nov 2026, 18:22 Europe/London · Housecount 1 / 1" in text


def test_a_long_table_has_500_rows_on_numbered_pages_and_says_of_how_many() -> None:
    rows = [(f"Event {n}", n) for n in range(2000)]
    reader = read(document(Part("Events", (EVENT, TICKETS), rows, 2000, 12_345)))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]

    assert "The first 500 of 12,345 rows. CSV and XLSX exports hold more." in pages[0]
    assert len(pages) > 8
    assert pages[2].endswith(f"3 / {len(pages)}")
    assert all("Event Tickets" in page for page in pages[:-1])
    assert "Event 499 499" in " ".join(pages)
    assert "Event 500" not in " ".join(pages)


def test_charts_are_vectors_with_words_and_say_how_many_rows_they_are_drawn_from() -> None:
    other = chart(widget="b", title="Other", count=2, total=9)
    reader = read(document(chart(widget="a"), other))
    text = " ".join(reader.pages[0].extract_text().split())

    assert "/Image" not in kinds_of(reader.pages[0])
    assert "It rose. Drawn from 2 rows." in text
    assert "It rose. Drawn from 2 of 9 rows." in text
    assert "1 Nov" in text


def test_a_widget_alone_has_its_figures_below_the_chart() -> None:
    text = words(document(chart(), title="Revenue"))

    assert "Drawn from 2 rows." in text
    assert "Sun 1 Nov 2026 GBP £0.00 Mon 2 Nov 2026 GBP £1.00" in text


def test_one_number_is_a_card_with_every_currency_and_its_change() -> None:
    before = Column("net_revenue.compared", "before", "compared", "money")
    rows = [("GBP", 41_238_000, 36_700_000), ("JPY", 55_000, None)]
    part = Part("Net revenue", (CURRENCY, REVENUE, before), rows, 2, 2, sub="vs last year", widget="k")

    assert "Net revenue £412,380 ¥55,000 +12.4% vs last year" in words(document(part, MONEY))


def test_one_number_is_a_card_in_however_many_currencies_and_its_curve_no_table() -> None:
    rows = [("GBP", 41_238_000), *((code, 55_000) for code in ("EUR", "USD", "CHF", "PLN", "SEK"))]
    days = [(date(2026, 11, 1) + timedelta(days=n), "GBP", 100 * n) for n in range(60)]
    part = Part("Net revenue", (CURRENCY, REVENUE), rows, 6, 6, sub="30 days", widget="k")
    curve = Part("By time", (DAY, CURRENCY, REVENUE), days, 60, 60, widget="k")

    text = words(document(part, curve))
    assert "Net revenue £412,380 30 days €550.00" in text
    assert all(code in text for code in ("EUR", "USD", "CHF", "PLN", "SEK"))
    assert "By time" not in text
    assert "rows" not in text


def test_whatever_people_call_things_it_is_set_as_words() -> None:
    text = words(document(replace(hostile_part(), title=HOSTILE[13])))

    for name in (HOSTILE[0], HOSTILE[11], HOSTILE[13], HOSTILE[14]):
        assert name in text
    assert "x" * 60 in text
    assert "… (the first of 10,000 characters)" in text
    assert "party" in text


def test_errors_notes_and_empty_boards_are_said() -> None:
    failed, note = Part("Broken", error="The database does not answer."), Part("Note", text="Doors at 19:00")

    assert "Broken The database does not answer. Note Doors at 19:00" in words(document(failed, note))
    assert "Nothing is on this board." in words(document())
    empty = Part("Nothing", (EVENT, TICKETS), [], 0, 0)
    assert "Nothing 0 rows, all there are. Event Tickets" in words(document(empty))


def test_a_picture_is_shown_and_a_damaged_one_is_said() -> None:
    whole = Part("Logo", photo=EXAMPLE, summary="The logo of the venue.")
    (page,) = read(document(whole, MONEY)).pages
    assert kinds_of(page) == {"/Image"}
    damaged = replace(whole, photo="data:image/png;base64,iVBORw0KGgo=")
    assert "A picture that cannot be read: The logo of the venue." in words(document(damaged, MONEY))


def test_a_chart_that_cannot_be_drawn_is_its_table() -> None:
    part = chart(figure={"data": [{"type": "violin"}], "layout": {}}, widget="a")

    assert "Sun 1 Nov 2026 GBP £0.00" in words(document(part, MONEY))


def lines_of_sale(count: int) -> Part:
    """As many rows of orders, each by a customer of its own."""
    at = datetime(2026, 11, 20, 18, tzinfo=UTC)
    rows = [
        (
            at + timedelta(seconds=n), "Northern Lights", "sale", f"ORD-{n:05}", "Standing, final release",
            2, 9000, "GBP", "box_office", "spring-newsletter", str(UUID(int=(n + 1) << 96 | n)),
        )
        for n in range(count)
    ]  # fmt: skip
    return Part("Lines of sales", COLUMNS["sales"], rows, count, count)


def test_customers_have_their_short_code_so_that_a_row_is_two_lines_at_most() -> None:
    of = document(lines_of_sale(375), title="Lines of sales")
    assert len(read(of).pages) == 9
    text = words(of)
    assert "£90.00 GBP box_office spring-newsletter Customer 00000005" in text
    assert "00000005-" not in text


def test_spreadsheets_keep_the_whole_name_of_a_customer() -> None:
    of = document(lines_of_sale(5), title="Lines of sales")
    table, book = io.BytesIO(), io.BytesIO()
    exports_csv.write(of, table)
    xlsx.write(of, book)
    whole = "00000005-0000-0000-0000-000000000004"
    assert f',"{whole}"\r\n' in table.getvalue().decode()
    book.seek(0)
    [*_, last] = load_workbook(book)["Lines of sales"].iter_rows(values_only=True)
    assert last[-1] == whole
