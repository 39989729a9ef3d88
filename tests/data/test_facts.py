"""The writer: exactly once, whatever the order, the batches, the repetitions and the neighbours."""

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import conflicts, facts
from data.engine import Database, TenantConnection
from data.messages import Fact, Message, SaleLine, Scan, message_key
from tests.conftest import Tenant, new_tenant
from tests.data.reference import Buckets, Totals, totals_of

DOORS = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
ZONE_OF_GATE = {"A": "floor", "B": "balcony"}


def message(tenant: Tenant, event_id: UUID, identity: str, *lines: Fact) -> Message:
    """One message of the tenant's venue."""
    return Message(
        key=message_key("test", identity),
        type="test",
        source="test",
        venue_id=tenant.venue_id,
        event_id=event_id,
        event_ref=str(event_id),
        occurred_at=lines[0].occurred_at,
        payload='{"as": "sent"}',
        facts=lines,
    )


def give_gates(database: Database, tenant: Tenant) -> None:
    """Two gates that lead to two zones; any other gate leads to none."""
    with database.tenant(tenant.tenant_id) as connection:
        for gate, zone in ZONE_OF_GATE.items():
            connection.execute(
                "INSERT INTO zones (tenant_id, venue_id, zone, name) VALUES (%s, %s, %s, %s)",
                [tenant.tenant_id, tenant.venue_id, zone, zone],
            )
            connection.execute(
                "INSERT INTO gates (tenant_id, venue_id, gate, name, zone) VALUES (%s, %s, %s, %s, %s)",
                [tenant.tenant_id, tenant.venue_id, gate, gate, zone],
            )


def read_totals(database: Database, tenant: Tenant, event_id: UUID) -> Totals:
    """The event's figures as the roll-ups have them."""
    key = [tenant.tenant_id, tenant.venue_id, event_id]
    where = "WHERE tenant_id = %s AND venue_id = %s AND event_id = %s"
    with database.tenant(tenant.tenant_id) as connection:
        (row,) = connection.rows(
            "SELECT sold, comps, cancelled, refunds, entries, exits, invalid, entered, reentries, inside,"
            f" peak FROM event_totals {where}",
            key,
        )
        money = connection.execute(
            f"SELECT currency, gross_minor, refunded_minor, fees_minor, tax_minor FROM event_money {where}",
            key,
        ).fetchall()
        zones = connection.execute(
            f"SELECT zone, inside FROM zone_totals {where} AND inside <> 0", key
        ).fetchall()
        minutes = connection.rows(
            f"SELECT currency AS key, bucket, {', '.join(BY_MINUTE)} FROM venue_analytics {where}"
            " AND grain = '1min'",
            key,
        )
        gates = connection.rows(
            f"SELECT gate AS key, bucket, entries, exits, invalid FROM gate_analytics {where}", key
        )
    return Totals(
        **row,
        money={currency: tuple(sums) for currency, *sums in money},
        zones=dict(zones),
        minutes=buckets(minutes),
        gates=buckets(gates),
    )


BY_MINUTE = (
    "sold",
    "comps",
    "cancelled",
    "entries",
    "exits",
    "invalid",
    "arrivals",
    "gross_minor",
    "refunded_minor",
    "fees_minor",
)


def buckets(rows: list[dict[str, Any]]) -> Buckets:
    """The rows of a roll-up without what is zero."""
    filled = {
        (row.pop("key"), row.pop("bucket")): {name: value for name, value in row.items() if value}
        for row in rows
    }
    return {key: sums for key, sums in filled.items() if sums}


def people_inside(connection: TenantConnection, event_id: UUID) -> int:
    """The house count as the tickets' own presence has it."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE inside) FROM presence WHERE tenant_id = %s AND event_id = %s",
        [connection.tenant_id, event_id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def sums_of_grains(connection: TenantConnection, event_id: UUID) -> dict[str, tuple[int, ...]]:
    """The event's figures as each grain of the roll-ups adds up to."""
    rows = connection.execute(
        "SELECT grain, sum(sold), sum(comps), sum(cancelled), sum(entries), sum(exits), sum(invalid),"
        " sum(arrivals), sum(inside_change), sum(gross_minor), sum(refunded_minor), sum(fees_minor)"
        " FROM venue_analytics WHERE tenant_id = %s AND event_id = %s GROUP BY grain",
        [connection.tenant_id, event_id],
    ).fetchall()
    return {grain: tuple(int(value) for value in sums) for grain, *sums in rows}


# Few instants, so that things happen at the same one; over several minutes and five-minute buckets.
moments = st.sampled_from([0, 500, 1_000, 61_000, 61_500, 300_000, 420_250]).map(
    lambda milliseconds: DOORS + timedelta(milliseconds=milliseconds)
)
tickets = st.sampled_from(["t1", "t2", "t3", "t4"])
scans = st.builds(
    Scan,
    occurred_at=moments,
    ticket_id=tickets,
    direction=st.sampled_from(["entry", "entry", "exit"]),
    effect=st.sampled_from([1, 1, 1, 1, 0]),
    gate=st.sampled_from(["A", "B", "C", None]),
    area=st.sampled_from(["", "", "hall"]),
    admission=st.sampled_from([True, True, True, False]),
)
sales = st.builds(
    lambda at, ticket, count, amount, kind, currency, admission: SaleLine(
        kind=kind,
        occurred_at=at,
        quantity={"sale": count, "comp": count, "cancellation": -count}.get(kind, 0),
        amount_minor={"sale": amount, "fee": amount, "refund": -amount}.get(kind, 0),
        currency=currency,
        ticket_id=ticket,
        comp=kind == "comp",
        admission=admission,
        restores=kind == "sale" and count == 4,
    ),
    moments,
    tickets,
    st.integers(1, 4),
    st.integers(0, 10_000),
    st.sampled_from(["sale", "sale", "comp", "refund", "cancellation", "fee"]),
    st.sampled_from(["GBP", "EUR"]),
    st.sampled_from([True, True, True, False]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=st.lists(st.one_of(scans, scans, sales), min_size=1, max_size=25), seed=st.integers(0, 2**32))
def test_any_order_any_batches_and_any_repetition_give_the_reference_totals(
    database: Database, postgres_url: str, stated: list[Fact], seed: int
) -> None:
    rng = random.Random(seed)
    tenant, event_id = new_tenant(postgres_url), uuid4()
    give_gates(database, tenant)
    # Some scans are annulled later, by a message that may arrive before the scan it annuls.
    annulments = [
        Scan(fact.occurred_at, fact.ticket_id, fact.direction, -1, "annulled", fact.gate, fact.area)
        for fact in stated
        if isinstance(fact, Scan) and fact.effect == 1 and fact.admission and rng.random() < 0.15
    ]
    known = [
        message(tenant, event_id, str(number), fact) for number, fact in enumerate([*stated, *annulments])
    ]
    sent = known + rng.choices(known, k=rng.randint(0, 8))
    rng.shuffle(sent)
    while sent:
        size = rng.randint(1, 12)
        facts.write(database, tenant.tenant_id, sent[:size])
        del sent[:size]
    expected = totals_of(known, ZONE_OF_GATE)
    assert read_totals(database, tenant, event_id) == expected
    counts = (expected.sold, expected.comps, expected.cancelled, expected.entries, expected.exits)
    people = (expected.invalid, expected.entered, expected.inside)
    money = (sum(sums[column] for sums in expected.money.values()) for column in range(3))
    row = (*counts, *people, *money)
    with database.tenant(tenant.tenant_id) as connection:
        assert people_inside(connection, event_id) == expected.inside
        found = sums_of_grains(connection, event_id)
    assert found in ({}, dict.fromkeys(("1min", "5min", "hourly", "daily"), row))
    assert found or not any(row)


def test_several_writers_at_once_lose_and_double_nothing(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(7)
    give_gates(database, tenant)
    events = [uuid4() for _ in range(3)]
    known: dict[UUID, list[Message]] = {
        event_id: [
            message(
                tenant,
                event_id,
                f"{event_id} {number}",
                Scan(
                    DOORS + timedelta(seconds=rng.randint(0, 600)),
                    f"t{rng.randint(0, 40)}",
                    rng.choice(["entry", "exit"]),
                    gate=rng.choice("ABC"),
                ),
            )
            if number % 2
            else message(tenant, event_id, f"{event_id} {number}", SaleLine("sale", DOORS, 1, 4500, "GBP"))
            for number in range(120)
        ]
        for event_id in events
    }
    everything = [m for messages in known.values() for m in messages]
    monkeypatch.setattr(conflicts, "ATTEMPTS", 1)  # They do not get in each other's way even once.
    failures: list[BaseException] = []

    def send(seed: int) -> None:
        mine = everything.copy()
        random.Random(seed).shuffle(mine)
        try:
            for start in range(0, len(mine), 17):
                facts.write(database, tenant.tenant_id, mine[start : start + 17])
        except BaseException as failure:
            failures.append(failure)

    writers = [threading.Thread(target=send, args=(seed,)) for seed in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    for event_id, messages in known.items():
        assert read_totals(database, tenant, event_id) == totals_of(messages, ZONE_OF_GATE)


@pytest.fixture
def event_id() -> UUID:
    return uuid4()


def test_a_writer_that_runs_into_a_deadlock_tries_again(
    database: Database, tenant: Tenant, event_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def once_deadlocked(connection: TenantConnection, messages: list[Message]) -> facts.Written:
        calls.append(len(messages))
        if len(calls) == 1:
            connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
        return write_within(connection, messages)

    write_within = facts.write_within
    monkeypatch.setattr(facts, "write_within", once_deadlocked)
    sale = message(tenant, event_id, "one", SaleLine("sale", DOORS, 2, 9000, "GBP"))
    assert facts.write(database, tenant.tenant_id, [sale]).verdicts == ["accepted"]
    assert calls == [1, 1]


def test_a_late_offline_scan_lands_at_its_own_time_and_corrects_the_peak(
    database: Database, tenant: Tenant, event_id: UUID
) -> None:
    def scan(ticket: str, minute: int, direction: str = "entry") -> Message:
        at = DOORS + timedelta(minutes=minute)
        return message(tenant, event_id, f"{ticket} {minute} {direction}", Scan(at, ticket, direction))  # type: ignore[arg-type]

    facts.write(database, tenant.tenant_id, [scan("a", 1), scan("b", 2), scan("a", 5, "exit"), scan("c", 6)])
    assert read_totals(database, tenant, event_id).peak == 2
    facts.write(database, tenant.tenant_id, [scan("d", 3)])
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT inside, entered, peak, peak_at FROM event_totals WHERE tenant_id = %s AND event_id = %s",
            [tenant.tenant_id, event_id],
        ).fetchone()
        arrivals = connection.execute(
            "SELECT bucket, arrivals FROM venue_analytics WHERE tenant_id = %s AND event_id = %s"
            " AND grain = '1min' AND arrivals > 0 ORDER BY bucket",
            [tenant.tenant_id, event_id],
        ).fetchall()
    assert row == (3, 4, 3, DOORS + timedelta(minutes=3))
    assert arrivals == [(DOORS + timedelta(minutes=minute), 1) for minute in (1, 2, 3, 6)]


def test_verdicts_name_repeats_within_a_batch_and_events_of_another_venue(
    database: Database, tenant: Tenant, event_id: UUID
) -> None:
    first = message(tenant, event_id, "one", SaleLine("sale", DOORS, 1, 100, "GBP"))
    elsewhere = Message(
        message_key("test", "two"), "test", "test", uuid4(), event_id, "x", DOORS, "{}", first.facts
    )
    written = facts.write(database, tenant.tenant_id, [first, first])
    assert written == facts.Written(["accepted", "duplicate"], {(tenant.venue_id, event_id): 1})
    assert facts.write(database, tenant.tenant_id, [first, elsewhere]) == facts.Written(
        ["duplicate", "other_venue"], {}
    )
    with database.tenant(tenant.tenant_id) as connection:
        keys = connection.execute(
            "SELECT count(*) FROM message_keys WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
    assert keys == (1,), "a refused message must be free to come again once it is right"


def test_an_unknown_event_gets_a_placeholder_and_its_sale_is_kept(
    database: Database, tenant: Tenant, event_id: UUID
) -> None:
    facts.write(
        database,
        tenant.tenant_id,
        [message(tenant, event_id, "one", SaleLine("sale", DOORS, 2, 9000, "GBP"))],
    )
    with database.tenant(tenant.tenant_id) as connection:
        (event,) = connection.rows(
            "SELECT name, registered FROM events WHERE tenant_id = %s AND event_id = %s",
            [tenant.tenant_id, event_id],
        )
    assert event == {"name": str(event_id), "registered": False}
    assert read_totals(database, tenant, event_id).sold == 2
