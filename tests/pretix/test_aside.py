"""One row that makes no sense keeps no other from being read."""

from collections.abc import Callable
from typing import Any

import pytest

from ingest.pretix.backfill import backfill
from ingest.pretix.rounds import POISON_ATTEMPTS
from tests.pretix.captures import FINAL, Json, captures
from tests.pretix.conftest import House
from tests.pretix.test_rounds import hurry

ODD = "BAAKC"


def spoil(house: House, change: Callable[[Json], Any]) -> None:
    """Let one order come changed, from lists and by itself."""
    house.pretix.on_row = lambda row: change(row) if row.get("code") == ODD else row
    house.pretix.on_order = lambda order: change(order) if order["code"] == ODD else order


def letters(house: House) -> list[Json]:
    return house.rows("SELECT code, payload FROM dead_letters WHERE tenant_id = %(tenant)s ORDER BY code")


def known(house: House) -> int:
    [row] = house.rows("SELECT count(*) AS known FROM pretix_orders WHERE tenant_id = %(tenant)s")
    return int(row["known"])


SPOILT = [
    lambda order: order | {"status": "z"},
    lambda order: order | {"total": "NaN"},
    lambda order: order | {"positions": [p | {"item": 99_999} for p in order["positions"]]},
]


@pytest.mark.parametrize("change", SPOILT)
def test_a_poll_reads_past_an_order_that_makes_no_sense(house: House, change: Callable[[Json], Any]) -> None:
    spoil(house, change)
    house.rounds.poll_all()

    assert known(house) == 139 + 85 + 75 - 1
    for _ in range(POISON_ATTEMPTS):
        hurry(house)
        house.drain()
    assert house.waiting() == 0
    assert letters(house) == [
        {"code": "pretix-ping", "payload": '{"event": "nordlicht26", "subject": "order/BAAKC"}'}
    ]


def test_the_back_fill_and_the_daily_reading_go_past_it_too(house: House) -> None:
    spoil(house, SPOILT[0])
    steps = list(backfill(house.sync))
    assert (steps[-1].done, known(house)) == (steps[-1].total, 139 + 85 + 75 - 1)
    assert house.waiting() == 1

    list(house.sync.recheck_orders("nordlicht26"))
    house.pretix.on_row = house.pretix.on_order = lambda row: row
    assert (house.drain() > 0, house.differences("truth")) == (True, {})


def test_a_row_that_names_nothing_is_a_dead_letter(house: House) -> None:
    house.pretix.on_row = lambda row: 5 if row.get("code") == ODD else row
    house.sync.poll_orders()

    assert known(house) == 139 + 85 + 75 - 1
    assert letters(house) == [{"code": "pretix-order", "payload": "{}"}]


@pytest.mark.parametrize("change", [{"type": "sideways"}, {"list": 9_999}])
def test_a_check_in_that_makes_no_sense_is_a_dead_letter_and_the_others_count(
    house: House, change: Json
) -> None:
    refused = next(c["id"] for c in captures().checkins_at("nordlicht26", FINAL) if not c["successful"])
    house.pretix.on_row = lambda row: (
        row | change if row.get("id") == refused and "successful" in row else row
    )
    house.sync.poll_orders()

    for _ in range(2):
        house.sync.poll_checkins("nordlicht26", everything=True)

    payload = f'{{"event": "nordlicht26", "checkin": {refused}}}'
    assert letters(house) == [{"code": "pretix-checkin", "payload": payload}]
    kept = (
        "SELECT count(*) AS kept FROM pretix_checkins WHERE tenant_id = %(tenant)s AND event = 'nordlicht26'"
    )
    assert house.rows(kept) == [{"kept": 411 - 1}]
