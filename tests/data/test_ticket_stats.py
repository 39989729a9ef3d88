"""The activity of events, by day and in all, is what a plain count of facts gives, each tenant's apart."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import facts, ticket_stats
from data.access import Access
from data.engine import Database
from data.folder import Urls
from data.messages import Fact, InvalidAttempt, Message, SaleLine, Scan, TicketTransfer
from data.migrations import run
from data.rebuild import rebuild
from tests.conftest import Tenant, fresh_database, new_tenant
from tests.data.rollup_rows import add_venue, message

NIGHT = datetime(2026, 3, 29, 4, 30, tzinfo=UTC)
"""Half an hour before London's cut-off, on the day on which its clocks go forward."""
COUNTS = (
    "scan_count",
    "transfer_count",
    "invalid_attempt_count",
    "valid_scan_count",
    "invalid_scan_count",
    "successful_transfer_count",
    "failed_transfer_count",
)
moments = st.sampled_from([0, 1, 1_800, 1_801, 7_200, 90_000, -86_400, 18_250_000]).map(
    lambda seconds: NIGHT + timedelta(seconds=seconds)
)
scans = st.builds(
    Scan,
    occurred_at=moments,
    ticket_id=st.sampled_from(["t1", "t2", "t3"]),
    direction=st.sampled_from(["entry", "exit"]),
    effect=st.sampled_from([1, 1, 0]),
    gate=st.sampled_from(["A", None]),
    admission=st.sampled_from([True, True, False]),
)
transfers = st.builds(
    TicketTransfer, occurred_at=moments, ticket_id=st.just("t1"), successful=st.sampled_from([True, False])
)
attempts = st.builds(
    InvalidAttempt, occurred_at=moments, attempt_type=st.sampled_from(["scan", "transfer", "validation"])
)
sales = st.builds(
    lambda at: SaleLine(kind="sale", occurred_at=at, quantity=1, amount_minor=100, currency="GBP"), moments
)
Counted = dict[tuple[UUID, date | None], Counter[str]]


def plainly(messages: Iterable[Message], zones: dict[UUID, str], *, by_day: bool) -> Counted:
    """(event, business day) → the counts, from the messages alone."""
    found: Counted = {}
    for own in {sent.key: sent for sent in messages}.values():
        for fact in own.facts:
            local = fact.occurred_at.astimezone(ZoneInfo(zones[own.venue_id]))
            day = local.date() - timedelta(days=local.time() < time(6))
            counts = found.setdefault((own.event_id, day if by_day else None), Counter())
            if isinstance(fact, Scan) and fact.admission:
                step = fact.effect or 1
                counts["scan_count"] += step
                counts["valid_scan_count" if fact.effect else "invalid_scan_count"] += step
            elif isinstance(fact, TicketTransfer):
                counts["transfer_count"] += 1
                counts["successful_transfer_count" if fact.successful else "failed_transfer_count"] += 1
            elif isinstance(fact, InvalidAttempt):
                counts["invalid_attempt_count"] += 1
    return {key: +counts for key, counts in found.items() if +counts}


def by_day(database: Database, tenant: Tenant) -> Counted:
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.rows("SELECT * FROM analytics_stats")
    assert all(row["tenant_id"] == tenant.tenant_id and row["last_updated"] for row in rows)
    counted = {(row["event_id"], row["date"]): Counter({name: row[name] for name in COUNTS}) for row in rows}
    assert len(counted) == len(rows)
    return {key: +counts for key, counts in counted.items() if +counts}


def in_all(database: Database, tenant: Tenant, venue_id: UUID, event_id: UUID | None) -> dict[str, Any]:
    with database.tenant(tenant.tenant_id) as connection:
        event = None if event_id is None else ticket_stats.Placed(venue_id, event_id)
        return ticket_stats.counts(connection, Access(tenant.tenant_id, "owner"), event)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stated=st.lists(st.one_of(scans, transfers, attempts, sales), min_size=1, max_size=20),
    seed=st.integers(0, 2**32),
)
def test_late_repeated_and_corrected_messages_are_counted_as_a_plain_count_does(
    database: Database, postgres_url: str, stated: list[Fact], seed: int
) -> None:
    rng = random.Random(seed)
    tenant, far = new_tenant(postgres_url), uuid4()
    add_venue(postgres_url, tenant, far, "Australia/Lord_Howe")
    zones = {tenant.venue_id: "Europe/London", far: "Australia/Lord_Howe"}
    events = {venue: [uuid4(), uuid4()] for venue in zones}
    known = [
        message(venue, rng.choice(events[venue]), str(number), fact)
        for number, fact in enumerate(stated)
        for venue in (rng.choice(list(zones)),)
    ]
    known += [
        message(
            own.venue_id,
            own.event_id,
            f"not {own.key}",
            Scan(fact.occurred_at, fact.ticket_id, fact.direction, -1, "annulled", fact.gate, fact.area),
        )
        for own in known
        for fact in own.facts
        if isinstance(fact, Scan) and fact.effect == 1 and fact.admission and rng.random() < 0.3
    ]
    sent = known + rng.choices(known, k=rng.randint(0, 6))
    rng.shuffle(sent)
    written: list[Message] = []
    while sent:
        size = rng.randint(1, 9)
        facts.write(database, tenant.tenant_id, sent[:size])
        written += sent[:size]
        del sent[:size]
    expected = plainly(known, zones, by_day=True)
    assert by_day(database, tenant) == expected
    whole = plainly(known, zones, by_day=False)
    for venue, own_events in events.items():
        for event in own_events:
            found = in_all(database, tenant, venue, event)
            assert {name: found[name] for name in COUNTS} == {
                name: whole.get((event, None), Counter())[name] for name in COUNTS
            }
    everything = sum(whole.values(), Counter())
    found = in_all(database, tenant, far, None)
    assert {name: found[name] for name in COUNTS} == {name: everything[name] for name in COUNTS}
    assert list(rebuild(database, tenant.tenant_id))[-1] == Counter()
    assert by_day(database, tenant) == expected


def test_a_rebuild_brings_back_what_is_wrong(database: Database, tenant: Tenant) -> None:
    event = uuid4()
    stated: list[Fact] = [
        TicketTransfer(NIGHT, "t1"),
        TicketTransfer(NIGHT, "t2", successful=False),
        InvalidAttempt(NIGHT, "scan"),
    ]
    known = [message(tenant.venue_id, event, str(number), fact) for number, fact in enumerate(stated)]
    facts.write(database, tenant.tenant_id, known)
    with database.tenant(tenant.tenant_id) as connection:
        for statement in (
            "UPDATE venue_analytics SET failed_transfers = 5, attempts = 0 WHERE tenant_id = %s",
            "UPDATE event_totals SET failed_transfers = 0 WHERE tenant_id = %s",
        ):
            connection.execute(statement, [tenant.tenant_id])
    assert sum(rebuild(database, tenant.tenant_id), Counter())["venue_analytics"] == 4
    expected = plainly(known, {tenant.venue_id: "Europe/London"}, by_day=True)
    assert by_day(database, tenant) == expected
    assert in_all(database, tenant, tenant.venue_id, event)["failed_transfer_count"] == 1


def test_an_upgrade_counts_what_came_before_it(server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url:
        tenant, quiet = new_tenant(url), new_tenant(url)
        known = [
            message(
                tenant.venue_id, UUID(int=7), str(number), TicketTransfer(NIGHT, "t", successful=number < 2)
            )
            for number in range(3)
        ]
        with closing(Database(url)) as database:
            facts.write(database, tenant.tenant_id, known)
            before = by_day(database, tenant)
        run.downgrade(url, "0021")
        run.upgrade(url)
        with closing(Database(url)) as database:
            assert (
                by_day(database, tenant)
                == before
                == plainly(known, {tenant.venue_id: "Europe/London"}, by_day=True)
            )
            assert by_day(database, quiet) == {}
            with database.tenant(tenant.tenant_id) as connection:
                assert connection.execute("SELECT rolled_up FROM tenants").fetchall() == [(True,)]


def test_every_view_is_read_with_the_rights_of_the_reader(
    database: Database, postgres_url: str, tenant: Tenant, other_tenant: Tenant
) -> None:
    with psycopg.connect(postgres_url) as owner:
        views = owner.execute(
            "SELECT c.relname, coalesce(c.reloptions, '{}') FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'v'"
        ).fetchall()
    assert views == [("analytics_stats", ["security_invoker=true"])]
    scan = message(other_tenant.venue_id, uuid4(), "theirs", Scan(NIGHT, "t1"))
    facts.write(database, other_tenant.tenant_id, [scan])
    assert by_day(database, tenant) == {}
    assert len(by_day(database, other_tenant)) == 1
    with database.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM analytics_stats").fetchone() == (0,)
        connection.rollback()
