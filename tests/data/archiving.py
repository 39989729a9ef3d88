"""What tests of archives share: an archiver on a real database, and facts of a month of long ago."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from data import archive_manifest, archive_restore, archive_run, facts
from data.archive_files import Archiver
from data.archive_manifest import Entry
from data.archived import TABLES
from data.audit_entry import Keys
from data.directory import Directory
from data.engine import Database
from ingest.decoding import message_object
from ingest.message import MessageReader, kind_of
from tests.conftest import Tenant

KEYS = Keys(["an-audit-key-for-tests-that-is-long-enough"])
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MARCH, APRIL = date(2019, 3, 1), date(2019, 4, 1)


@contextmanager
def archiving(
    owner_url: str,
    folder: Path,
    step: Callable[[str], None] = lambda _: None,
    wait_seconds: float = 5,
) -> Iterator[Archiver]:
    """The one that archives."""
    with archive_manifest.alone(owner_url) as connection:
        yield Archiver(connection, folder, KEYS, "command", step, wait_seconds)


def archive(owner_url: str, folder: Path, before: date = APRIL, **options: Any) -> list[Entry]:
    """Archive all months before one."""
    with archiving(owner_url, folder, **options) as archiver:
        return archive_run.run(archiver, before, NOW)


def restore(owner_url: str, folder: Path, tenant: Tenant | None = None) -> list[tuple[Entry, list[str]]]:
    """Bring everything back."""
    with archiving(owner_url, folder) as archiver:
        known = archive_manifest.entries(archiver.connection, tenant.tenant_id if tenant else None)
        return list(archive_restore.restore(archiver, known))


def entries(owner_url: str, tenant: Tenant) -> list[Entry]:
    """What the list says of a tenant."""
    with archiving(owner_url, Path("/nowhere")) as archiver:
        return archive_manifest.entries(archiver.connection, tenant.tenant_id)


def tell(database: Database, tenant: Tenant, *messages: dict[str, Any], venue: str = "hall") -> list[str]:
    """What a door does with messages; their verdicts."""
    reader = MessageReader(Directory(database), tenant.tenant_id, NOW)
    raws = [
        message_object(json.dumps({"eventId": "gala", "venueId": venue} | one).encode()) for one in messages
    ]
    return list(
        facts.write(database, tenant.tenant_id, [reader.read(raw, kind_of(raw)) for raw in raws]).verdicts
    )


def of_march(who: str = "ann@example.org", day: int = 4, name: str = "m") -> list[dict[str, Any]]:
    """Messages of every kind, all of March 2019."""
    at = f"2019-03-{day:02}T19:30:00Z"
    kinds: list[dict[str, Any]] = [
        {"type": "ticket-purchase", "ticketId": f"t-{who}", "amount": 10, "userId": who, "quantity": 2},
        {"type": "ticket-refund", "ticketId": f"t-{who}", "amount": 10, "userId": who, "partial": True},
        {"type": "ticket-scan", "ticketId": f"t-{who}"},
        {"type": "cart-update", "userId": who, "quantity": 1, "cartValue": 5},
        {"type": "ticket-transfer", "ticketId": "t-1", "fromUserId": who, "toUserId": "cy"},
        {"type": "page-view", "path": "/gala", "userId": who},
        {"type": "social", "platform": "x", "author": who, "likes": 3},
        {"type": "invalid-attempt", "attemptType": "scan", "ticketId": "t-1"},
    ]
    return [{"id": f"{name}-{index}", "timestamp": at} | one for index, one in enumerate(kinds)]


def everything(database: Database, tenant: Tenant, tables: tuple[str, ...] = TABLES) -> dict[str, list[str]]:
    """Every row of a tenant's facts as text, by table."""
    with database.tenant(tenant.tenant_id) as own:
        return {
            table: [
                text
                for (text,) in own.connection.execute(
                    sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(table))
                )
            ]
            for table in tables
        }


def left_behind(owner_url: str) -> list[str]:
    """Tables of months that have left and are not dropped."""
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute("SELECT relname FROM pg_class WHERE relname ~ '_leaving$'").fetchall()
    return [name for (name,) in rows]


def files(folder: Path, tenant_id: UUID) -> list[str]:
    """The names of a tenant's files."""
    return sorted(path.name for path in (folder / str(tenant_id)).glob("*"))


def emptied(owner_url: str) -> None:
    """Take away all months of 2019, archived or not."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE archives")
        rows = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_2019_[0-9]{2}(_leaving)?$'"
        ).fetchall()
        for (name,) in rows:
            owner.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))
        for table in TABLES:
            owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(f"{table}_default")))
