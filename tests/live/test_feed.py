"""The feed of a night's state: many facts in few lines, and room for what is no scan."""

from datetime import UTC, datetime, timedelta

import pytest

from data.engine import Database
from data.live import read_state
from data.live_rows import Row
from data.messages import SaleLine, Scan
from tests.conftest import Tenant
from tests.live.night import Night, open_night

DOORS = datetime(2026, 5, 1, 18, 0, tzinfo=UTC)
NOW = datetime(2026, 5, 1, 18, 12, 30, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    return open_night(database, tenant.tenant_id, tenant.venue_id, DOORS)


def feed_of(night: Night) -> list[Row]:
    with night.database.tenant(night.tenant_id) as tenant:
        state = read_state(tenant, night.event_id, NOW)
    assert state is not None
    feed: list[Row] = state["feed"]
    return feed


def test_scans_of_one_gate_are_one_line_that_counts_them(night: Night) -> None:
    for second in range(18):
        night.enter(1, NOW - 2 * second * SECOND, "A")
    night.enter(2, NOW - 3 * SECOND, "B")
    night.write([Scan(NOW - 10 * SECOND, "x", "exit", gate="A")])
    assert [(line["kind"], line["gate"], line["quantity"], line["at"]) for line in feed_of(night)] == [
        ("entry", "A", 18, "2026-05-01T18:12:30.000Z"),
        ("entry", "B", 2, "2026-05-01T18:12:27.000Z"),
        ("exit", "A", None, "2026-05-01T18:12:20.000Z"),
    ]


def test_scans_further_apart_than_five_minutes_are_two_lines(night: Night) -> None:
    for minutes in (0, 5, 6):
        night.enter(1, NOW - minutes * MINUTE, "A")
    assert [line["quantity"] for line in feed_of(night)] == [2, None]


def test_the_lines_of_an_order_are_one_with_its_fees(night: Night) -> None:
    def line(kind: str, quantity: int, amount: int, order: str, seconds: int = 0) -> SaleLine:
        at = NOW - MINUTE - seconds * SECOND
        kind_of_ticket = "Main floor" if quantity else None
        return SaleLine(kind, at, quantity, amount, "GBP", order_id=order, ticket_type=kind_of_ticket)  # type: ignore[arg-type]

    night.write(line("sale", 1, 4475, "o1", seconds) for seconds in range(3))
    night.write([line("fee", 0, 825, "o1"), line("sale", 1, 4475, "o2", 10)])
    night.write([line("cancellation", -1, 0, "o1", 30), line("refund", 0, -4475, "o1", 30)])
    told = ("kind", "ticketType", "quantity", "amountMinor", "feesMinor")
    assert [tuple(item.get(name) for name in told) for item in feed_of(night)] == [
        ("sale", "Main floor", 3, 14250, 825),
        ("sale", "Main floor", 1, 4475, None),
        ("refund", "Main floor", -1, -4475, None),
    ]


def test_in_the_rush_half_of_the_lines_are_left_to_sales_and_refusals(night: Night) -> None:
    night.sell(6, NOW - 9 * MINUTE)
    night.write([Scan(NOW - 8 * MINUTE, "x", effect=0, reason="unpaid", gate="A")])
    for gate in range(12):
        night.enter(25, NOW - gate * SECOND, f"g{gate}")  # More than the scans that are read.
    kinds = [line["kind"] for line in feed_of(night)]
    assert kinds[:8] == [*["entry"] * 4, "refused", *["sale"] * 3]
    assert kinds.count("sale") == 6


def test_while_nothing_else_happens_scans_have_all_the_room(night: Night) -> None:
    night.sell(6, NOW - 11 * MINUTE)
    for gate in range(8):
        night.enter(1, NOW - gate * SECOND, f"g{gate}")
    assert [line["kind"] for line in feed_of(night)][:9] == [*["entry"] * 8, "sale"]
