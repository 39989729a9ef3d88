"""Imports for those who do the work: which are open, whose turn it is, how far they are, how they end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from data import recordset, webhook_outbox
from data.engine import Database, TenantConnection
from data.imports import (
    COLUMNS,
    KEEPING,
    MOST_ERRORS,
    MOST_TRIES,
    REMEMBERED,
    WORK,
    Import,
    RowError,
    Status,
    forget_parts,
)
from data.webhook_events import ImportFinished


def open_imports(database: Database) -> list[tuple[UUID, UUID]]:
    """Tenant and id of every import that waits for a process or has one, the oldest first."""
    with database.job("imports") as connection:
        rows = connection.execute(
            "SELECT tenant_id, import_id FROM imports WHERE status IN ('checking', 'running', 'undoing')"
            " ORDER BY created_at, import_id"
        )
        return [(tenant_id, import_id) for tenant_id, import_id in rows]


def lock(tenant: TenantConnection, import_id: UUID) -> bool:
    """Whether this transaction is now the one that works on the import, until it or its process ends."""
    row = tenant.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"import {import_id}"]
    ).fetchone()
    return row == (True,)


def claim(tenant: TenantConnection, import_id: UUID) -> Import | None:
    """The locked import, now this process's; None when there is nothing to do with it, or it broke off too
    often. A check begins anew, all else goes on."""
    rows = tenant.rows(
        "UPDATE imports SET attempts = attempts + 1, tries = tries + 1,"
        " started_at = coalesce(started_at, now()),"
        f" status = CASE WHEN tries < {MOST_TRIES} THEN status ELSE 'failed' END,"
        f" error = CASE WHEN tries < {MOST_TRIES} THEN NULL"
        f" ELSE 'It broke off {MOST_TRIES} times, and is not tried again.' END"
        " WHERE tenant_id = %s AND import_id = %s AND status IN ('checking', 'running', 'undoing')"
        f" RETURNING {COLUMNS}",
        [tenant.tenant_id, import_id],
    )
    return Import(**rows[0]) if rows and rows[0]["status"] in WORK else None


def give_back(tenant: TenantConnection, found: Import) -> None:
    """Let it wait for another process, as if this one had never had it."""
    tenant.execute(
        "UPDATE imports SET tries = greatest(0, tries - 1) WHERE tenant_id = %s AND import_id = %s"
        " AND attempts = %s",
        [tenant.tenant_id, found.import_id, found.attempts],
    )


def note(tenant: TenantConnection, found: Import, **changes: Any) -> bool:
    """Set these columns; whether the import is still wanted, from this process."""
    assert changes.keys() <= _NOTED
    sets = ", ".join(f"{name} = %({name})s" for name in sorted(changes))
    cursor = tenant.execute(
        f"UPDATE imports SET {sets} WHERE tenant_id = %(tenant)s AND import_id = %(id)s"
        " AND status = %(was)s AND attempts = %(attempts)s",
        changes
        | {
            "tenant": tenant.tenant_id,
            "id": found.import_id,
            "was": found.status,
            "attempts": found.attempts,
        },
    )
    return cursor.rowcount == 1


_NOTED = frozenset(
    {
        "progress",
        "checked_rows",
        "checked_new",
        "checked_known",
        "checked_repeated",
        "checked_rejected",
    }
)


def end(tenant: TenantConnection, found: Import, status: Status, error: str | None = None) -> bool:
    """Note how it ended; whether it was still wanted."""
    ended = tenant.execute(
        "UPDATE imports SET status = %(to)s, error = %(error)s, finished_at = now(),"
        " progress = CASE WHEN %(to)s = 'failed' THEN progress ELSE 100 END"
        " WHERE tenant_id = %(tenant)s AND import_id = %(id)s AND status = %(was)s"
        " AND attempts = %(attempts)s RETURNING accepted, duplicates, rejected",
        {
            "to": status,
            "error": error and error[:500],
            "tenant": tenant.tenant_id,
            "id": found.import_id,
            "was": found.status,
            "attempts": found.attempts,
        },
    ).fetchone()
    if ended is not None and found.status == "running" and status in ("done", "failed"):
        accepted, duplicates, rejected = ended
        finished = ImportFinished(
            import_id=found.import_id,
            kind=found.kind,
            file_name=found.file_name,
            status=status,
            accepted=accepted,
            duplicates=duplicates,
            rejected=rejected,
        )
        webhook_outbox.put(tenant, [finished], datetime.now(UTC))
    return ended is not None


def keep_errors(tenant: TenantConnection, import_id: UUID, found: Sequence[RowError], before: int) -> None:
    """Keep errors of rows, as long as there are not too many; `before` are those that were found already."""
    rows = [{"import_id": import_id} | error._asdict() for error in found[: max(0, MOST_ERRORS - before)]]
    if rows:
        tenant.execute(
            recordset.insert("import_errors", ("import_id", "row", "code", "field", "value", "detail")),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
        )


def forget_errors(tenant: TenantConnection, import_id: UUID) -> None:
    """Before the rows are looked at once more."""
    tenant.execute(
        "DELETE FROM import_errors WHERE tenant_id = %s AND import_id = %s", [tenant.tenant_id, import_id]
    )


def known_keys(tenant: TenantConnection, keys: Sequence[UUID]) -> int:
    """How many of these messages the ledger has."""
    row = tenant.execute(
        "SELECT count(*) FROM message_keys WHERE tenant_id = %s AND message_key = ANY(%s)",
        [tenant.tenant_id, list(keys)],
    ).fetchone()
    return int(row[0]) if row else 0


def expire(database: Database, folder: Path) -> int:
    """Remove files that nobody needs any more, and imports of long ago; how many files."""
    found = list(folder.glob("*"))  # First: what appears from here on belongs to somebody.
    with database.job("imports") as connection:
        tenants = connection.execute("SELECT DISTINCT tenant_id FROM imports").fetchall()
    needed = set()
    for (tenant_id,) in tenants:
        with database.tenant(tenant_id) as tenant:
            old = tenant.execute(
                "DELETE FROM imports WHERE tenant_id = %(tenant)s AND NOT status = ANY(%(work)s)"
                " AND (created_at < now() - %(remembered)s"
                "  OR (status IN ('draft', 'checked') AND expires_at < now())) RETURNING import_id",
                {"tenant": tenant_id, "work": list(WORK), "remembered": REMEMBERED},
            )
            for (import_id,) in old.fetchall():
                forget_parts(tenant, import_id)
            rows = tenant.execute(
                "SELECT import_id FROM imports WHERE tenant_id = %s AND status = ANY(%s)"
                " AND (status = ANY(%s) OR expires_at > now())",
                [tenant_id, list(KEEPING), list(WORK)],
            )
            needed |= {str(import_id) for (import_id,) in rows}
    # Younger ones may be of an upload that is still under way.
    young = time.time() - 3600
    gone = [path for path in found if path.name.partition(".")[0] not in needed and _is_older(path, young)]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < moment
    except FileNotFoundError:
        return False
