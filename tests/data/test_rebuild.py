"""Rebuilding: what is right stays, to the last row, what is wrong comes right, history is caught up."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import facts
from data.data_versions import Span, tokens
from data.engine import Database, TenantConnection
from data.folder import Urls
from data.messages import CartUpdate, Fact, Message, SaleLine, Scan, SocialMention
from data.migrations import run
from data.rebuild import catch_up, rebuild
from data.rebuild_progress import Logged
from data.schema import metadata
from tests.conftest import Tenant, fresh_database, new_tenant
from tests.data.day_reference import Expected, expected_of
from tests.data.reference import totals_of
from tests.data.rollup_rows import NIGHT, current, message, stated
from tests.data.test_facts import ZONE_OF_GATE, give_gates, read_totals

DAY = timedelta(days=1)
OF_EVENTS = (
    "event_totals",
    "event_money",
    "zone_totals",
    "carts",
    "gate_analytics",
    "venue_analytics",
    "presence",
    "house_counts",
    "house_count_minutes",
)


def rows(database: Database, tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """Every row of an event's roll-ups, as it is."""
    with database.tenant(tenant.tenant_id) as connection:
        return {
            table: connection.rows(
                f"SELECT * FROM {table} WHERE tenant_id = %s ORDER BY {table}::text", [tenant.tenant_id]
            )
            for table in OF_EVENTS
        }


def figures(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows that say something, without how often they were written."""
    kept = {}
    for table, all_rows in found.items():
        key = {column.name for column in metadata.tables[table].primary_key}
        kept[table] = [
            {name: value for name, value in row.items() if name not in ("version", "updated_at")}
            for row in all_rows
            if any(value for name, value in row.items() if name not in key)
        ]
    return kept


def rebuilt(database: Database, tenant: Tenant) -> Counter[str]:
    """What a rebuild of everything found wrong."""
    return sum(rebuild(database, tenant.tenant_id), Counter[str]())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=stated, seed=st.integers(0, 2**32))
def test_a_rebuild_of_events_changes_no_row_that_is_right_and_repairs_what_is_not(
    database: Database, postgres_url: str, stated: list[Fact], seed: int
) -> None:
    rng = random.Random(seed)
    tenant, event_id = new_tenant(postgres_url), uuid4()
    give_gates(database, tenant)
    known = [message(tenant.venue_id, event_id, str(number), fact) for number, fact in enumerate(stated)]
    rng.shuffle(known)
    for sent in known:
        facts.write(database, tenant.tenant_id, [sent])
    before = rows(database, tenant)
    assert rebuilt(database, tenant) == {}
    assert rows(database, tenant) == before

    with database.tenant(tenant.tenant_id) as connection:
        for statement in (
            "UPDATE event_totals SET sold = sold + 3, inside = 9, peak = 77 WHERE tenant_id = %s",
            "DELETE FROM event_money WHERE tenant_id = %s",
            "UPDATE zone_totals SET inside = 4 WHERE tenant_id = %s",
            "DELETE FROM carts WHERE tenant_id = %s",
            "UPDATE gate_analytics SET entries = entries + 1, invalid = 3 WHERE tenant_id = %s",
            "DELETE FROM venue_analytics WHERE tenant_id = %s AND grain = 'hourly'",
            "UPDATE venue_analytics SET sold = 8, arrivals = 2 WHERE tenant_id = %s AND grain = 'daily'",
            "UPDATE presence SET inside = NOT inside, entries = 5 WHERE tenant_id = %s",
            "UPDATE house_counts SET change = change + 2 WHERE tenant_id = %s",
            "UPDATE house_count_minutes SET highest = 50 WHERE tenant_id = %s",
        ):
            connection.execute(statement, [tenant.tenant_id])
    assert rebuilt(database, tenant)["event_totals"] == 1
    assert figures(rows(database, tenant)) == figures(before)
    assert read_totals(database, tenant, event_id) == totals_of(known, ZONE_OF_GATE)
    assert rebuilt(database, tenant) == {}


def write_a_night(database: Database, tenant: Tenant) -> list[Message]:
    """Sales, scans and more of two days, written in pieces."""
    event_id = uuid4()
    stated: list[Fact] = [
        SaleLine("sale", NIGHT, 2, 9000, "GBP", channel="web", customer=UUID(int=1), campaign="x"),
        SaleLine("fee", NIGHT, 0, 200, "GBP", channel="web", customer=UUID(int=1)),
        SaleLine("refund", NIGHT + DAY, 0, -4500, "GBP", channel="web", customer=UUID(int=1)),
        Scan(NIGHT, "t1", gate="A"),
        Scan(NIGHT + DAY, "t2", gate="B"),
        CartUpdate(NIGHT, 2, 9000, "GBP", UUID(int=2)),
        SocialMention(NIGHT + DAY, "x", reach=40, likes=2),
    ]
    known = [message(tenant.venue_id, event_id, str(number), fact) for number, fact in enumerate(stated)]
    for sent in known:
        facts.write(database, tenant.tenant_id, [sent])
    return known


def test_what_a_rebuild_writes_lies_in_the_order_in_which_it_is_read(
    database: Database, tenant: Tenant
) -> None:
    write_a_night(database, tenant)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("DELETE FROM rollup_queue WHERE tenant_id = %s", [tenant.tenant_id])
    rebuilt(database, tenant)
    with database.tenant(tenant.tenant_id) as connection:
        cursor = connection.execute(
            "SELECT tableoid::int, dimension, day, value, currency FROM day_analytics"
            " WHERE tenant_id = %s AND dimension <> 'changes' ORDER BY tableoid, ctid",
            [tenant.tenant_id],
        )
        lying = cursor.fetchall()
    assert len(lying) > 20
    assert lying == sorted(lying)


def test_correcting_an_event_changes_its_token_and_those_of_the_days_that_were_wrong(
    database: Database, tenant: Tenant
) -> None:
    known = write_a_night(database, tenant)
    venues = (tenant.venue_id,)
    start = datetime(2026, 11, 30, 6, tzinfo=UTC)
    spans = [Span(venues, start, start + DAY), Span(venues, events=(known[0].event_id,))]
    with database.tenant(tenant.tenant_id) as connection:
        before = tokens(connection, spans)
        connection.execute(
            "UPDATE venue_analytics SET sold = 1 WHERE tenant_id = %s AND grain = 'daily' AND bucket = %s",
            [tenant.tenant_id, start],
        )
    assert rebuilt(database, tenant) == {"venue_analytics": 2}  # Of pounds and of no currency.
    with database.tenant(tenant.tenant_id) as connection:
        after = tokens(connection, spans)
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True]


def test_an_upgrade_rolls_up_the_history_it_finds(server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url:
        with closing(Database(url)) as database:
            tenant = new_tenant(url)
            known = write_a_night(database, tenant)
            empty = new_tenant(url)
        run.downgrade(url, "0005")  # As it was before: facts, and nothing of these roll-ups.
        run.upgrade(url)
        with closing(Database(url)) as database:
            expected = expected_of(known, {tenant.venue_id: "Europe/London"})
            assert current(database, tenant, [tenant.venue_id]) == expected
            assert catch_up(database) == [], "once is enough"
            assert rebuilt(database, tenant) == {}
            assert rebuilt(database, empty) == {}


def test_an_upgrade_that_rolls_up_history_says_how_far_it_is(
    server_urls: Urls, redis_url: str, tmp_path: Path
) -> None:
    with fresh_database(server_urls.database_url) as url:
        with closing(Database(url)) as database:
            tenants = [new_tenant(url), new_tenant(url), new_tenant(url)]
            for tenant in tenants[:2]:
                write_a_night(database, tenant)
                with database.tenant(tenant.tenant_id) as connection:
                    connection.execute(
                        "UPDATE tenants SET rolled_up = false WHERE tenant_id = %s", [tenant.tenant_id]
                    )
        environment = os.environ | {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(tmp_path),
            "LOG_FORMAT": "json",
        }
        command = [sys.executable, "-m", "data.migrations", "upgrade"]
        first, again = (
            subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
            for _ in range(2)
        )
    lines = [json.loads(line) for line in first.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines if line["event"].startswith("rebuilding")] == [
        f"rebuilding the roll-ups of tenant {number} of 2: {step}"
        for number in (1, 2)
        for step in (
            "0 of 1 events",
            "1 of 1 events",
            "0 of 2 days",
            "2 of 2 days",
            "0 of 2 sums of customers",
            "2 of 2 sums of customers",
        )
    ]
    assert {line["process"] for line in lines} == {"migrations"}
    assert "rebuilding" not in again


def test_progress_is_told_at_once_then_every_few_seconds_and_at_the_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    told = Logged("tenant 1 of 1")
    with caplog.at_level("INFO", logger="data.rebuild_progress"):
        for done in range(0, 1201, 50):
            told("events", done, 1200)
            seconds[0] += 0.5
        told("days", 0, 400)
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "0 of 1,200 events",
        "500 of 1,200 events",
        "1,000 of 1,200 events",
        "1,200 of 1,200 events",
        "0 of 400 days",
    ]


def test_an_upgrade_tells_tickets_by_price_apart_by_their_currency(server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url:
        with closing(Database(url)) as database:
            tenant, empty = new_tenant(url), new_tenant(url)
            known = write_a_night(database, tenant)
            fares: list[Fact] = [
                SaleLine("sale", NIGHT, 3, 13_500, "EUR", channel="web"),
                SaleLine("comp", NIGHT + DAY, 1, 0, "EUR", comp=True),
            ]
            known += [message(tenant.venue_id, uuid4(), f"euro {n}", fact) for n, fact in enumerate(fares)]
            for sent in known[-2:]:
                facts.write(database, tenant.tenant_id, [sent])
            rebuilt(database, tenant)
        run.downgrade(url, "0023")
        with closing(Database(url)) as database:
            with database.tenant(tenant.tenant_id) as connection:
                _count_prices_without_currency(connection)
            assert current(database, tenant, [tenant.venue_id]).days != _true(known, tenant).days
        run.upgrade(url)
        with closing(Database(url)) as database:
            assert current(database, tenant, [tenant.venue_id]) == _true(known, tenant)
            assert rebuilt(database, tenant) == rebuilt(database, empty) == {}
            with database.tenant(tenant.tenant_id) as connection:
                left = connection.execute(
                    "SELECT count(*) FROM day_analytics WHERE tenant_id = %s AND currency = ''"
                    " AND dimension IN ('price', 'month price')",
                    [tenant.tenant_id],
                )
                assert left.fetchall() == [(0,)]


def _true(known: list[Message], tenant: Tenant) -> Expected:
    return expected_of(known, {tenant.venue_id: "Europe/London"})


def _count_prices_without_currency(connection: TenantConnection) -> None:
    """As it was before: tickets in bands of price under no currency."""
    bands = "tenant_id = %(tenant)s AND dimension IN ('price', 'month price')"
    key = {"tenant": connection.tenant_id}
    counts = ("sold", "comps", "cancelled", "refunds")
    connection.execute(
        "INSERT INTO day_analytics"
        f" (tenant_id, venue_id, dimension, day, value, currency, {', '.join(counts)})"
        " SELECT tenant_id, venue_id, dimension, day, value, '',"
        f" {', '.join(f'sum({name})' for name in counts)}"
        f" FROM day_analytics WHERE {bands} GROUP BY 1, 2, 3, 4, 5",
        key,
    )
    nothing = ", ".join(f"{name} = 0" for name in counts)
    connection.execute(f"UPDATE day_analytics SET {nothing} WHERE {bands} AND currency > ''", key)


def test_an_upgrade_that_was_killed_before_the_end_is_made_up_for(server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url, closing(Database(url)) as database:
        tenant = new_tenant(url)
        known = write_a_night(database, tenant)
        with database.tenant(tenant.tenant_id) as connection:
            for table in ("rollup_queue", "day_analytics", "customer_totals"):
                connection.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant.tenant_id])
            connection.execute(
                "UPDATE tenants SET rolled_up = false WHERE tenant_id = %s", [tenant.tenant_id]
            )
        facts.write(database, tenant.tenant_id, [late := _late(known[0])])  # Before anybody catches up.
        assert catch_up(database) == [tenant.tenant_id]
        expected = expected_of([*known, late], {tenant.venue_id: "Europe/London"})
        assert current(database, tenant, [tenant.venue_id]) == expected


def _late(first: Message) -> Message:
    return message(first.venue_id, first.event_id, "late", SaleLine("sale", NIGHT, 1, 3000, "GBP"))
