"""Figures call things by their names, whatever their ids are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from components.markup import markup
from data.answers import Answer, Column
from data.board_document import Placed
from widgets.draw import draw
from widgets.named import event_names, namer
from widgets.sample import sample_scope
from widgets.tables import cells, filters

NOW = datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC)
SCOPE = sample_scope(NOW)
TYPES = Answer(
    (
        Column("ticket_type", "Ticket type", "text"),
        Column("tickets_sold", "Tickets sold", "metric", "tickets"),
    ),
    [("std-1", 7), ("vip_2", 2), ("", 1)],
    NOW,
    "UTC",
    total_rows=3,
    names={"ticket_type": {"std-1": "Standing"}},
)
RATES = Answer(
    (Column("currency", "Currency", "text"), Column("refund_rate", "Refund rate", "metric", "percent")),
    [("EUR", 1.5), ("GBP", 2.25)],
    NOW,
    "UTC",
    total_rows=2,
)


def drawn(widget: str, answers: dict[str, Any], **settings: Any) -> Any:
    return draw(Placed(id="one", widget=widget, settings=settings), SCOPE, answers)


def test_a_split_shows_names_and_filters_by_what_they_stand_for() -> None:
    found = drawn("ticket-type-mix", {"split": TYPES})
    text = markup(found.body)
    assert "Standing" in text
    assert "vip 2" in text
    assert ">std-1<" not in text
    assert "Standing leads with 7 tickets" in found.summary
    (table,) = found.tables
    assert [row[0] for row in cells(table)] == ["Standing", "vip 2", "Not known"]
    assert filters(table) == (0, "ticket_type", ["std-1", "vip_2", ""])


def test_a_share_of_money_is_told_for_each_currency_and_never_mixed() -> None:
    found = drawn("kpi", {"now": RATES}, metric="refund_rate", curve=False)
    assert found.summary == "Refund rate: 2.25%; in other currencies 1.5% in EUR."
    assert "1.5% in EUR" in markup(found.body)


def test_events_called_alike_are_told_apart_by_the_day_on_the_clock_of_their_venue() -> None:
    listed = [
        {"eventId": name, "name": "Gala", "zone": "America/New_York", "doorsAt": doors}
        for name, doors in (("one", "2026-11-21T00:30:00Z"), ("two", "2026-11-22T00:30:00Z"), ("three", None))
    ]
    names = event_names(
        {"events": [*listed, {"eventId": "four", "name": "Fair", "zone": "UTC", "doorsAt": None}]}
    )
    assert names == {
        "one": "Gala, Fri 20 Nov 2026",
        "two": "Gala, Sat 21 Nov 2026",
        "three": "Gala",
        "four": "Fair",
    }


def test_a_price_band_reads_as_a_price() -> None:
    called = namer("price", {})
    assert [called(band) for band in ("20-30", "250+", "free", "", None)] == [
        "20–30",
        "250+",
        "Free",
        "Fees, refunds, cancellations",
        "Fees, refunds, cancellations",
    ]


def test_the_rest_of_the_customers_is_no_customer() -> None:
    columns = (
        Column("customer", "Customer", "text"),
        Column("tickets_sold", "Tickets sold", "metric", "tickets"),
    )
    one = "0192f0c1-2345-7000-8000-000000000000"
    answer = Answer(columns, [(one, 3), ("other", 9)], NOW, "UTC", total_rows=2)
    found = drawn(
        "custom", {"figures": answer}, kind="table", dimensions=["customer"], metrics=["tickets_sold"]
    )
    assert [row[0] for row in cells(found.tables[0])] == ["Customer 0192f0c1", "Other"]
    assert "Customer other" not in markup(found.body)


def test_what_is_not_known_of_a_currency_says_of_which() -> None:
    columns = (
        Column("currency", "Currency", "text"),
        Column("average_ticket_price", "Average ticket price", "metric", "money"),
    )
    answer = Answer(columns, [("GBP", 900), ("EUR", None)], NOW, "UTC", total_rows=2)
    found = drawn("kpi", {"now": answer}, metric="average_ticket_price", curve=False)
    assert "in EUR" in found.summary
