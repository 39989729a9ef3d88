"""Exports as they are kept: asked for, worked on by one process at a time, downloaded, gone after a while.

A row is the order and its progress; the file lies in a folder under the row's id. Whoever works on one holds
an advisory lock in the transaction it reads in: when the process dies, however it dies, PostgreSQL lets go of
the lock, and the next one takes the export up again. `attempts` tells the two apart: a process that was only
asleep finds that another has it now, and stops.
"""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from data.access import Access
from data.engine import Database, TenantConnection
from data.export_request import ExportRequest, Format
from data.permissions import may
from data.webhook_events import ExportFailed, ExportReady
from data.webhook_outbox import put

Status = Literal["waiting", "running", "done", "failed", "cancelled", "expired"]

MOST_OPEN = 5
"""Exports of one person that may wait or run at a time."""
MOST_ATTEMPTS = 3
REMEMBERED = timedelta(days=7)
"""How long the list still tells of an export whose file is gone."""
SUFFIXES: dict[Format, str] = {"csv": "csv", "xlsx": "xlsx", "pdf": "pdf"}

_COLUMNS = (
    "export_id, created_by, format, request, file_name, status, attempts, rows_done, rows_total, bytes,"
    " error, created_at, started_at, finished_at, expires_at"
)


@dataclass(frozen=True, slots=True)
class Export:
    """One export. `request` has the order under "what", and under "access" through whose eyes it reads."""

    export_id: UUID
    created_by: UUID
    format: Format
    request: dict[str, Any]
    file_name: str
    status: Status
    attempts: int
    rows_done: int
    rows_total: int | None
    bytes: int | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime

    @property
    def what(self) -> ExportRequest:
        """The order."""
        return ExportRequest.model_validate(self.request["what"])


class TooManyExports(Exception):
    """So many of this person's exports wait or run already that another one has to wait."""


class NotExportable(Exception):
    """The role of this person takes nothing away."""


def require_exporter(access: Access) -> None:
    """Raises NotExportable for whoever takes nothing away: before anything of the order is looked at."""
    if not may(access, "export") or access.user_id is None:
        raise NotExportable("Your role has no dashboards, and no exports.")


def create(
    tenant: TenantConnection, access: Access, what: ExportRequest, file_name: str, keep: timedelta
) -> Export:
    """A new export that waits. Raises NotExportable, TooManyExports."""
    require_exporter(access)
    rows = tenant.rows(
        "INSERT INTO exports (tenant_id, export_id, created_by, format, request, file_name, expires_at)"
        " SELECT %(tenant)s, %(id)s, %(by)s, %(format)s, %(request)s::jsonb, %(name)s, now() + %(keep)s"
        " WHERE (SELECT count(*) FROM exports WHERE tenant_id = %(tenant)s AND created_by = %(by)s"
        f" AND status IN ('waiting', 'running')) < {MOST_OPEN}"
        f" RETURNING {_COLUMNS}",
        {
            "tenant": tenant.tenant_id,
            "id": uuid4(),
            "by": access.user_id,
            "format": what.format,
            "request": json.dumps(
                {
                    "what": what.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                    "access": _kept(access),
                }
            ),
            "name": file_name,
            "keep": keep,
        },
    )
    if not rows:
        raise TooManyExports(f"{MOST_OPEN} of your exports are still being made.")
    return Export(**rows[0])


def get(tenant: TenantConnection, access: Access, export_id: UUID) -> Export | None:
    """The export, if whoever asks made it or may do with everybody's as with their own; None else."""
    found = _select(tenant, access, "AND export_id = %(id)s", {"id": export_id}, 1)
    return found[0] if found else None


def list_exports(
    tenant: TenantConnection,
    access: Access,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Export]:
    """The exports of whoever asks, or everybody's for who may see those, the newest first, after the one
    given."""
    condition = "AND (created_at, export_id) < (%(at)s, %(last)s)" if after else ""
    return _select(tenant, access, condition, {"at": after and after[0], "last": after and after[1]}, limit)


def cancel(tenant: TenantConnection, access: Access, export_id: UUID, folder: Path) -> bool:
    """Stop an export that waits or runs, forget one that has ended; whether there was such a one."""
    export = get(tenant, access, export_id)
    if export is None:
        return False
    key = [tenant.tenant_id, export_id]
    stopped = tenant.execute(
        "UPDATE exports SET status = 'cancelled', finished_at = now()"
        " WHERE tenant_id = %s AND export_id = %s AND status IN ('waiting', 'running')",
        key,
    )
    if stopped.rowcount == 0:
        tenant.execute("DELETE FROM exports WHERE tenant_id = %s AND export_id = %s", key)
        path_of(folder, export).unlink(missing_ok=True)
    return True


def path_of(folder: Path, export: Export) -> Path:
    """Where the file of an export lies: under a name that nobody can guess."""
    return folder / f"{export.export_id}.{SUFFIXES[export.format]}"


# For those who do the work


def open_exports(database: Database) -> list[tuple[UUID, UUID]]:
    """Tenant and id of every export that waits or is said to run, the oldest first."""
    with database.job("exports") as connection:
        rows = connection.execute(
            "SELECT tenant_id, export_id FROM exports WHERE status IN ('waiting', 'running')"
            " ORDER BY created_at, export_id"
        )
        return [(tenant_id, export_id) for tenant_id, export_id in rows]


def lock(reading: TenantConnection, export_id: UUID) -> bool:
    """Whether this transaction is now the one that works on the export, until it or its process ends."""
    row = reading.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"export {export_id}"]
    ).fetchone()
    return row == (True,)


def claim(tenant: TenantConnection, export_id: UUID) -> Export | None:
    """The locked export, now running; None when it has ended meanwhile or was taken up too often."""
    rows = tenant.rows(
        "UPDATE exports SET attempts = attempts + 1, started_at = now(), finished_at = NULL, rows_done = 0,"
        " rows_total = NULL,"
        f" status = CASE WHEN attempts < {MOST_ATTEMPTS} THEN 'running' ELSE 'failed' END,"
        f" error = CASE WHEN attempts < {MOST_ATTEMPTS} THEN NULL"
        f" ELSE 'It broke off {MOST_ATTEMPTS} times, and is not tried again.' END"
        " WHERE tenant_id = %s AND export_id = %s AND status IN ('waiting', 'running')"
        f" RETURNING {_COLUMNS}",
        [tenant.tenant_id, export_id],
    )
    return Export(**rows[0]) if rows and rows[0]["status"] == "running" else None


def organisation(tenant: TenantConnection) -> str:
    """The name of the tenant, for the top of a page."""
    row = tenant.execute("SELECT name FROM tenants WHERE tenant_id = %s", [tenant.tenant_id]).fetchone()
    return str(row[0]) if row else ""


def progress(tenant: TenantConnection, export: Export, rows_done: int, rows_total: int | None) -> bool:
    """Note how far it is; whether it is still wanted, from this process."""
    return _update(tenant, export, "rows_done = %s, rows_total = %s", [rows_done, rows_total])


def finish(
    tenant: TenantConnection,
    export: Export,
    rows: tuple[int, int],
    name: str,
    size: int,
    draft: Path,
    path: Path,
) -> bool:
    """Note that it is done and put the whole file in its place; whether it was still wanted.

    `rows` are those in the file (of a PDF those of its tables), and all there are with those left out."""
    wanted = _update(
        tenant,
        export,
        "status = 'done', finished_at = now(), rows_done = %s, rows_total = %s, file_name = %s, bytes = %s",
        [*rows, name, size],
    )
    if wanted:
        put(tenant, [ExportReady(file_name=name, bytes=size, **_told(export))], datetime.now(UTC))
        draft.replace(path)  # Before the commit: a row that says "done" always has its file.
    return wanted


def give_back(tenant: TenantConnection, export: Export) -> bool:
    """Let it wait for another process, as if this one had never had it."""
    return _update(tenant, export, "status = 'waiting', attempts = attempts - 1, rows_done = 0", [])


def fail(tenant: TenantConnection, export: Export, reason: str) -> bool:
    """Note why it came to nothing; whether it was still wanted."""
    error = reason[:500]
    wanted = _update(tenant, export, "status = 'failed', finished_at = now(), error = %s", [error])
    if wanted:
        failed = ExportFailed(file_name=export.file_name, error=error, **_told(export))
        put(tenant, [failed], datetime.now(UTC))
    return wanted


def expire(database: Database, folder: Path) -> int:
    """Remove the files of exports that are past their time, and what belongs to no export; how many."""
    found = list(folder.glob("*"))  # First: what appears from here on belongs to somebody.
    with database.job("exports") as connection:
        tenants = connection.execute("SELECT DISTINCT tenant_id FROM exports").fetchall()
    known = set()
    for (tenant_id,) in tenants:
        with database.tenant(tenant_id) as tenant:
            tenant.execute(
                "UPDATE exports SET status = 'expired' WHERE tenant_id = %s AND status = 'done'"
                " AND expires_at < now()",
                [tenant_id],
            )
            tenant.execute(
                "DELETE FROM exports WHERE tenant_id = %s AND status NOT IN ('waiting', 'running', 'done')"
                " AND created_at < now() - %s",
                [tenant_id, REMEMBERED],
            )
            rows = tenant.execute(
                "SELECT export_id FROM exports WHERE tenant_id = %s AND status IN ('running', 'done')",
                [tenant_id],
            )
            known |= {str(export_id) for (export_id,) in rows}
    gone = [path for path in found if path.name.partition(".")[0] not in known]
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(gone)


def is_no_room(error: OSError) -> bool:
    """Whether the disk is full, or the part of it that we may use."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _told(export: Export) -> dict[str, Any]:
    return {"export_id": export.export_id, "format": export.format}


def _update(tenant: TenantConnection, export: Export, changes: str, values: list[Any]) -> bool:
    cursor = tenant.execute(
        f"UPDATE exports SET {changes}"
        " WHERE tenant_id = %s AND export_id = %s AND status = 'running' AND attempts = %s",
        [*values, tenant.tenant_id, export.export_id, export.attempts],
    )
    return cursor.rowcount == 1


def _select(
    tenant: TenantConnection, access: Access, condition: str, values: dict[str, Any], limit: int
) -> list[Export]:
    if not may(access, "export"):
        return []
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM exports WHERE tenant_id = %(tenant)s"
        f" AND (%(all)s OR created_by = %(by)s) {condition}"
        " ORDER BY created_at DESC, export_id DESC LIMIT %(limit)s",
        values
        | {
            "tenant": tenant.tenant_id,
            "all": may(access, "all-exports"),
            "by": access.user_id,
            "limit": limit,
        },
    )
    return [Export(**row) for row in rows]


def _kept(access: Access) -> dict[str, Any]:
    return {
        "masked": access.masked,
        "venues": None if access.venues is None else sorted(map(str, access.venues)),
        "events": None if access.events is None else sorted(map(str, access.events)),
    }
