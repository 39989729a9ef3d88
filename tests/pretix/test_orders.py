"""From what an order says to the lines of the ledger, change by change."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from data.erasure import as_owner
from data.keys import MasterKeys
from tests.conftest import MASTER_KEY
from tests.pretix.captures import Json
from tests.pretix.conftest import House

ORDER = {
    "organizer": "auroragroup",
    "event": "nordlicht26",
    "code": "BAAKC",
    "action": "pretix.event.order.changed",
}
BEFORE_SPLIT, AFTER_SPLIT = datetime(2026, 11, 6, 18, tzinfo=UTC), datetime(2026, 11, 9, 12, tzinfo=UTC)
SCAN = {"id": 9_001, "datetime": "2026-11-21T19:00:00+01:00", "list": 1, "gate": 1, "type": "entry"}


class Shop:
    """One order of one standing ticket for 35.00, as pretix has it now: `change` it and the house looks."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._minute = 0
        self._changes: list[Any] = []
        house.pretix.on_order = self._now

    def change(self, position: Json | None = None, **order: Any) -> list[tuple[str, int, int]]:
        """Change fields of the order, or of its position; gives the lines this adds to the ledger."""
        self._minute += 1
        before = self.lines()
        self._changes.append((order, position or {}))
        self.house.post(ORDER)
        self.house.drain()
        assert self.house.waiting() == 0
        return self.lines()[len(before) :]

    def lines(self) -> list[tuple[str, int, int]]:
        rows = self.house.rows(
            "SELECT l.kind, l.quantity, l.amount_minor FROM ticket_sales l JOIN messages m"
            " USING (tenant_id, message_key) WHERE l.tenant_id = %(tenant)s"
            " ORDER BY m.received_at, l.line"
        )
        return [(row["kind"], row["quantity"], row["amount_minor"]) for row in rows]

    def totals(self) -> Json:
        [row] = self.house.rows(
            """SELECT sold::int, comps::int, cancelled::int, inside::int, gross_minor::int,
                      refunded_minor::int, fees_minor::int, tax_minor::int
               FROM event_totals LEFT JOIN event_money USING (tenant_id, venue_id, event_id)
               WHERE tenant_id = %(tenant)s"""
        )
        return {name: value for name, value in row.items() if value}

    def _now(self, captured: Json) -> Json:
        order = captured | {"positions": [p | {"checkins": []} for p in captured["positions"]]}
        for fields, position in self._changes:
            order |= fields
            order["positions"] = [p | position for p in order["positions"]]
        return order | {"last_modified": f"2026-11-21T18:{self._minute:02d}:00+01:00"}


def test_a_paid_ticket_is_sold_at_the_moment_of_its_payment(house: House) -> None:
    Shop(house).change()

    [row] = house.rows(
        "SELECT kind, quantity, amount_minor, tax_minor, currency, ticket_id, order_id, ticket_type, comp,"
        " admission, channel, metadata, occurred_at AT TIME ZONE 'UTC' AS at FROM ticket_sales"
        " WHERE tenant_id = %(tenant)s"
    )
    assert row == {
        "kind": "sale",
        "quantity": 1,
        "amount_minor": 3500,
        "tax_minor": 229,
        "currency": "EUR",
        "ticket_id": "pretix:aurora:1",
        "order_id": "pretix:aurora:BAAKC",
        "ticket_type": "3-1",
        "comp": False,
        "admission": True,
        "channel": "web",
        "metadata": {"taxRate": "7.00"},
        "at": datetime(2026, 10, 10, 11, 38, 18, 8297),  # noqa: DTZ001
    }


def test_looking_again_at_an_unchanged_order_adds_nothing(house: House) -> None:
    shop = Shop(house)
    assert (shop.change(), shop.change(), shop.change()) == ([("sale", 1, 3500)], [], [])


def test_a_pending_order_is_no_sale_until_it_is_paid(house: House) -> None:
    shop = Shop(house)
    assert shop.change(status="n", payments=[]) == []
    assert shop.change(status="e") == []
    assert shop.change(status="p") == [("sale", 1, 3500)]


def test_a_cancellation_gives_back_the_ticket_and_its_value(house: House) -> None:
    shop = Shop(house)
    shop.change()

    assert shop.change(status="c") == [("cancellation", -1, 0), ("refund", 0, -3500)]
    assert shop.totals() == {"cancelled": 1, "gross_minor": 3500, "refunded_minor": 3500}


def test_cancelling_with_a_fee_keeps_only_the_fee(house: House) -> None:
    shop = Shop(house)
    shop.change()
    fee = {
        "id": 7, "fee_type": "cancellation", "value": "10.00", "tax_rate": "0.00", "tax_value": "0.00",
        "internal_type": "", "canceled": False,
    }  # fmt: skip

    assert sorted(shop.change({"canceled": True}, fees=[fee])) == [
        ("cancellation", -1, 0),
        ("fee", 0, 1000),
        ("refund", 0, -3500),
    ]
    assert shop.change(fees=[fee | {"canceled": True}]) == [("fee", 0, -1000)]


def test_prices_that_rise_and_fall_move_only_the_difference(house: House) -> None:
    shop = Shop(house)
    shop.change()

    assert shop.change({"price": "40.00", "tax_value": "2.62"}) == [("sale", 0, 500)]
    assert shop.change({"price": "12.50", "tax_value": "0.82"}) == [("refund", 0, -2750)]
    assert shop.totals() == {"sold": 1, "gross_minor": 4000, "refunded_minor": 2750, "tax_minor": 82}


def test_a_ticket_that_becomes_free_becomes_a_comp(house: House) -> None:
    shop = Shop(house)
    shop.change()

    assert shop.change({"price": "0.00", "tax_value": "0.00"}) == [
        ("cancellation", -1, 0),
        ("refund", 0, -3500),
        ("comp", 1, 0),
    ]
    assert shop.totals() == {"comps": 1, "cancelled": 1, "gross_minor": 3500, "refunded_minor": 3500}


def test_another_product_is_a_reversal_and_a_new_sale(house: House) -> None:
    shop = Shop(house)
    shop.change()
    shop.change({"item": 2, "variation": None, "price": "42.50", "tax_value": "2.78"})

    assert house.rows(
        "SELECT ticket_type, sum(quantity)::int AS tickets, sum(amount_minor)::int AS money"
        " FROM ticket_sales WHERE tenant_id = %(tenant)s GROUP BY 1 ORDER BY 1"
    ) == [
        {"ticket_type": "2", "tickets": 1, "money": 4250},
        {"ticket_type": "3-1", "tickets": 0, "money": 0},
    ]


def test_a_cancellation_puts_a_person_outside_and_a_restoration_brings_them_back(house: House) -> None:
    shop = Shop(house)
    shop.change({"checkins": [SCAN]})
    inside = [shop.totals().get("inside")]
    for status in ("c", "p", "n", "p"):
        shop.change(status=status)
        inside.append(shop.totals().get("inside"))

    assert inside == [1, None, 1, None, 1]


def test_a_forced_entry_on_a_ticket_that_was_never_valid_counts_as_outside(house: House) -> None:
    shop = Shop(house)
    shop.change({"checkins": [SCAN]}, status="n", payments=[])
    assert shop.totals() == {}

    shop.change(status="p")
    assert shop.totals()["inside"] == 1


def test_an_order_that_is_valid_before_it_is_paid_lets_people_in(house: House) -> None:
    shop = Shop(house)
    shop.change({"checkins": [SCAN]}, status="n", payments=[], valid_if_pending=True)

    assert shop.totals() == {"inside": 1}


def test_a_sale_that_was_over_before_anybody_looked_is_in_the_history(house: House) -> None:
    shop = Shop(house)

    assert shop.change(status="c", cancellation_date="2026-11-01T12:00:00+01:00") == [
        ("sale", 1, 3500),
        ("cancellation", -1, 0),
        ("refund", 0, -3500),
    ]
    assert house.rows(
        "SELECT kind, (occurred_at AT TIME ZONE 'UTC')::date::text AS day FROM ticket_sales"
        " WHERE tenant_id = %(tenant)s ORDER BY line"
    ) == [
        {"kind": "sale", "day": "2026-10-10"},
        {"kind": "cancellation", "day": "2026-11-01"},
        {"kind": "refund", "day": "2026-11-01"},
    ]


def test_an_annulled_entry_is_taken_back(house: House) -> None:
    shop = Shop(house)
    shop.change({"checkins": [SCAN]})
    shop.change({"checkins": []})
    assert shop.totals().get("inside") is None
    assert house.rows(
        "SELECT effect, reason, gate, area, direction FROM ticket_scans WHERE tenant_id = %(tenant)s"
        " ORDER BY effect DESC"
    ) == [
        {"effect": 1, "reason": None, "gate": "Gate North", "area": "1", "direction": "entry"},
        {"effect": -1, "reason": "annulled", "gate": "Gate North", "area": "1", "direction": "entry"},
    ]

    shop.change({"checkins": [SCAN]})
    assert shop.totals()["inside"] == 1


def test_an_order_that_is_gone_is_taken_back_once(house: House) -> None:
    shop = Shop(house)
    shop.change()
    house.pretix.data.deleted["nordlicht26", "BAAKC"] = house.pretix.now.replace(year=2025)
    try:
        house.pretix.now = house.pretix.now.replace(minute=1)
        assert shop.change() == [("cancellation", -1, 0), ("refund", 0, -3500)]
        assert shop.change() == []
    finally:
        del house.pretix.data.deleted["nordlicht26", "BAAKC"]
    assert house.rows("SELECT status FROM pretix_orders WHERE tenant_id = %(tenant)s") == [
        {"status": "deleted"}
    ]


def test_test_orders_are_seen_and_never_counted(house: House) -> None:
    shop = Shop(house)

    assert shop.change({"checkins": [SCAN]}, testmode=True) == []
    assert house.rows("SELECT 1 FROM ticket_scans WHERE tenant_id = %(tenant)s") == []


@pytest.mark.parametrize(
    ("codes", "lines"),
    [
        (["WK93P", "K7BWX"], ["sale"]),
        (["K7BWX", "WK93P"], ["sale", "cancellation", "refund", "sale"]),
    ],
)
def test_a_ticket_stays_sold_and_valid_when_a_split_moves_it_to_another_order(
    house: House, codes: list[str], lines: list[str]
) -> None:
    """Ticket 60 moves from K7BWX to the new order WK93P; either may be looked at first."""
    house.pretix.on_order = lambda order: order | {"status": "p"}
    house.pretix.now = BEFORE_SPLIT
    house.post(ORDER | {"code": "K7BWX"})
    house.drain()
    house.pretix.now = AFTER_SPLIT
    for code in [*codes, *codes]:
        house.post(ORDER | {"code": code})
        house.drain()

    moved = house.rows(
        "SELECT kind, order_id, metadata ? 'restores' AS restores FROM ticket_sales"
        " WHERE tenant_id = %(tenant)s AND ticket_id = 'pretix:aurora:60' ORDER BY occurred_at, line"
    )
    assert sorted(row["kind"] for row in moved) == sorted(lines)
    assert house.rows(
        "SELECT ticket_id, sum(quantity)::int AS tickets, sum(amount_minor)::int AS money FROM ticket_sales"
        " WHERE tenant_id = %(tenant)s AND ticket_id IS NOT NULL GROUP BY 1 ORDER BY 1"
    ) == [
        {"ticket_id": "pretix:aurora:56", "tickets": 1, "money": 3500},
        {"ticket_id": "pretix:aurora:57", "tickets": 1, "money": 2250},
        {"ticket_id": "pretix:aurora:58", "tickets": 1, "money": 3150},
        {"ticket_id": "pretix:aurora:59", "tickets": 1, "money": 3500},
        {"ticket_id": "pretix:aurora:60", "tickets": 1, "money": 3150},
    ]
    voids = sum((row["kind"] == "cancellation") - row["restores"] for row in moved)
    assert voids == 0


def test_an_order_that_only_waits_for_payment_is_news_to_the_board_once(house: House) -> None:
    def seen() -> tuple[int, int]:
        [row] = house.rows(
            "SELECT coalesce(max(version), 0)::int AS version, (SELECT count(*)::int FROM ticket_sales"
            " WHERE tenant_id = %(tenant)s) AS lines FROM event_totals WHERE tenant_id = %(tenant)s"
        )
        return row["version"], row["lines"]

    def unpaid(wants_consent: bool, order: Json) -> Json:
        return order | {"status": "n", "payments": [], "require_approval": wants_consent}

    found = []
    for wants_consent in (True, False, False, True):
        house.pretix.on_order = partial(unpaid, wants_consent)
        house.sync.order("nordlicht26", "BAAKC")
        found.append(seen())

    before, lines = found[0]
    assert found == [(before, lines), (before + 1, lines), (before + 1, lines), (before + 2, lines)]


def test_an_order_whose_sales_are_archived_waits_for_them_and_is_sold_once(
    house: House, postgres_url: str
) -> None:
    shop = Shop(house)
    assert shop.change() == [("sale", 1, 3500)]
    tenant_id = house.source.tenant_id
    with as_owner(postgres_url, MasterKeys([MASTER_KEY]), tenant_id) as owner:
        rows = owner.rows("SELECT * FROM ticket_sales WHERE tenant_id = %s", [tenant_id])
        owner.execute("DELETE FROM ticket_sales WHERE tenant_id = %s", [tenant_id])
        owner.execute(
            "INSERT INTO archives (tenant_id, fact_table, month, part, state, file_name, rows, bytes,"
            " checksum, revision, events, made_by)"
            " VALUES (%s, 'ticket_sales', '2026-10-01', 1, 'archived', 'f', 1, 1, '', '', %s, 'job')",
            [tenant_id, [row["event_id"] for row in rows]],
        )
    house.post(ORDER)
    house.drain()
    assert shop.lines() == [], "as it was, it needs no line"

    shop._changes.append(({"status": "c"}, {}))
    shop._minute += 1
    house.post(ORDER)
    house.drain()
    assert shop.lines() == []
    assert house.waiting() == 1
    [waiting] = house.rows("SELECT last_error FROM pretix_pings WHERE tenant_id = %(tenant)s")
    assert "python -m jobs archive restore ticket_sales 2026-10" in waiting["last_error"]
