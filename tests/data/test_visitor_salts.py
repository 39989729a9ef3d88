"""Visitors have one name a day, and nobody can find out who it was once the day's salt is gone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg

from data import facts, visitor_salts
from data.directory import Directory
from data.engine import Database
from data.messages import Message, PageView
from data.visitor_salts import VisitorSalts, destroy
from ingest.decoding import message_object
from ingest.message import MessageReader, kind_of
from tests.conftest import Tenant

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def days(database: Database, tenant: Tenant) -> list[str]:
    with database.tenant(tenant.tenant_id) as own:
        rows = own.rows("SELECT day FROM visitor_salts WHERE tenant_id = %s ORDER BY 1", [tenant.tenant_id])
    return [str(row["day"]) for row in rows]


def test_a_visitor_is_the_same_all_day_in_every_process_and_another_one_the_next(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    here, there = VisitorSalts(database), VisitorSalts(database)
    name = here.digest(tenant.tenant_id, b"v-1", NOON, NOON)
    assert there.digest(tenant.tenant_id, b"v-1", NOON + timedelta(hours=11), NOON + DAY) == name
    others = {
        here.digest(tenant.tenant_id, b"v-2", NOON, NOON),
        here.digest(tenant.tenant_id, b"v-1", NOON + DAY, NOON + DAY),
        here.digest(other_tenant.tenant_id, b"v-1", NOON, NOON),
    }
    assert len(others | {name}) == 4


def test_what_is_told_late_or_early_uses_the_salt_of_the_day_it_came_and_joins_no_days(
    database: Database, tenant: Tenant
) -> None:
    salts = VisitorSalts(database)
    told = [salts.digest(tenant.tenant_id, b"v-1", NOON + n * DAY, NOON) for n in (-400, -30, -2, 3)]
    assert len(set(told)) == 4
    assert days(database, tenant) == ["2026-11-21"], "no salt is made for a day whose time is over"


def test_a_salt_is_destroyed_48_hours_after_its_day_and_not_before(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    salts = VisitorSalts(database)
    name = salts.digest(tenant.tenant_id, b"v-1", NOON, NOON)
    last = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    destroy(database, postgres_url, last)
    assert days(database, tenant) == ["2026-11-21"]
    assert destroy(database, postgres_url, last + timedelta(seconds=1)) >= 1
    assert days(database, tenant) == []
    # Also in the process that held it: from the next day on it has it no more.
    salts.digest(tenant.tenant_id, b"v-1", last + DAY, last + DAY)
    assert salts.digest(tenant.tenant_id, b"v-1", NOON, last + DAY) != name


def test_a_destroyed_salt_is_in_the_file_of_its_table_no_more(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    salts = VisitorSalts(database)
    for day in (NOON, NOON + 4 * DAY):  # One that lives keeps the page in use.
        salts.digest(tenant.tenant_id, b"v-1", day, day)
    with database.tenant(tenant.tenant_id) as own:
        rows = own.rows(
            "SELECT sealed FROM visitor_salts WHERE tenant_id = %s ORDER BY day", [tenant.tenant_id]
        )
    old, young = (bytes(row["sealed"]) for row in rows)

    def file() -> bytes:
        with psycopg.connect(postgres_url, autocommit=True) as owner:
            owner.execute("CHECKPOINT")
            row = owner.execute(
                "SELECT pg_read_binary_file(pg_relation_filepath('visitor_salts'))"
            ).fetchone()
            assert row is not None
            return bytes(row[0])

    assert (old in file(), young in file()) == (True, True)
    assert destroy(database, postgres_url, NOON + 4 * DAY) >= 1
    assert (old in file(), young in file()) == (False, True)


def test_with_every_key_that_is_left_nobody_finds_a_visitor_of_an_old_day(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    def view(**more: Any) -> Message:
        sent = {"type": "page-view", "eventId": "gala", "venueId": "hall", "path": "/", "sessionId": "v-1"}
        raw = message_object(json.dumps(sent | {"timestamp": NOON.isoformat()} | more).encode())
        reader = MessageReader(Directory(database), tenant.tenant_id, NOON + timedelta(minutes=1))
        return reader.read(raw, kind_of(raw))

    messages = [view(), view(id=uuid4().hex)]
    facts.write(database, tenant.tenant_id, messages)
    again = [view(), view(id=uuid4().hex)]
    assert [m.facts for m in messages] == [m.facts for m in again]
    assert messages[0].key == again[0].key
    destroy(database, postgres_url, NOON + 3 * DAY)

    # Whoever has the database, its keys, the visitor's id and all that was done, tries it once more.
    guessed = [view(), view(id=uuid4().hex)]
    visitors = {fact.visitor for message in guessed for fact in message.facts if isinstance(fact, PageView)}
    with database.tenant(tenant.tenant_id) as own:
        rows = own.rows("SELECT visitor, message_key FROM page_views")
        kept = own.rows("SELECT payload::text FROM messages")
    assert len(rows) == len(kept) == 2
    assert visitors.isdisjoint(row["visitor"] for row in rows)
    assert guessed[0].key not in {row["message_key"] for row in rows}
    assert not any(str(visitor) in row["payload"] for visitor in visitors for row in kept)


def test_a_salt_is_never_kept_in_the_clear(database: Database, tenant: Tenant) -> None:
    salts = VisitorSalts(database)
    salts.digest(tenant.tenant_id, b"v-1", NOON, NOON)
    [salt] = salts._held.values()
    with database.tenant(tenant.tenant_id) as own:
        [row] = own.rows("SELECT sealed FROM visitor_salts")
    assert salt not in bytes(row["sealed"])
    assert len(salt) == 32
    assert visitor_salts.KEPT_DAYS == 2
