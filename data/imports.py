"""Imports as they are kept: uploaded, confirmed, checked, run by one process at a time, undone.

A row says how the file is read and how far it is; the file lies in a folder under the row's id until it was
read. Whoever works on one holds an advisory lock: when the process dies, however it dies, PostgreSQL lets go
of it, and the next one goes on. `attempts` tells the two apart: each part of a file is written together with
its counts, and only by the process that has the import now, so no row counts twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID, uuid4

from data.access import Access
from data.engine import TenantConnection

Status = Literal[
    "draft", "checking", "checked", "running", "done", "cancelled", "failed", "undoing", "undone"
]
Kind = Literal["events", "sales", "scans", "competitors"]

MOST_OPEN = 20
"""Imports of a tenant whose files are kept at a time."""
MOST_TRIES = 5
MOST_ERRORS = 10_000
"""Errors of an import that are kept one by one; all of them are counted."""
KEPT = timedelta(hours=48)
"""How long an uploaded file waits for somebody to go on with it."""
REMEMBERED = timedelta(days=400)
"""How long an import can be undone, and its list tells of it."""
WORK = ("checking", "running", "undoing")
"""States in which a process works on it, or is about to."""
KEEPING = ("draft", "checking", "checked", "running", "cancelled", "failed")
"""States in which the file is still needed."""

COLUMNS = (
    "import_id, created_by, eyes, kind, source, file_name, file_hash, bytes, layout::text, status, attempts,"
    " tries, checked_rows, checked_new, checked_known, checked_repeated, checked_rejected, rows_done,"
    " accepted, duplicates, rejected, undone, progress, error, created_at, started_at, finished_at,"
    " expires_at"
)


@dataclass(frozen=True, slots=True)
class Import:
    """One import. `layout` is JSON text of how the file is read; `eyes` the venues and events its rows may be
    of; `rows_done` the number of the last row that is written; `progress` percent of the file."""

    import_id: UUID
    created_by: UUID
    eyes: dict[str, Any]
    kind: Kind
    source: str
    file_name: str
    file_hash: bytes
    bytes: int
    layout: str
    status: Status
    attempts: int
    tries: int
    checked_rows: int
    checked_new: int
    checked_known: int
    checked_repeated: int
    checked_rejected: int
    rows_done: int
    accepted: int
    duplicates: int
    rejected: int
    undone: int
    progress: int
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime

    @property
    def can_be_undone(self) -> bool:
        """Whether it wrote anything, and nobody is at it."""
        return self.status in ("done", "cancelled", "failed") and self.accepted > self.undone

    @property
    def can_go_on(self) -> bool:
        """Whether its rows may be written now: they were looked at, and the file is there."""
        return self.status in ("checked", "cancelled", "failed") and self.checked_rows > 0


class RowError(NamedTuple):
    """Why a row is not taken: the heading of the column, and what stood there without persons."""

    row: int
    code: str
    field: str | None
    value: str | None
    detail: str


class TooManyImports(Exception):
    """So many files of this tenant wait already that another one has to wait."""


class NotNow(Exception):
    """The import is not in a state in which this can be done; the text says so."""


def create(
    tenant: TenantConnection,
    access: Access,
    import_id: UUID,
    kind: Kind,
    source: str,
    file: tuple[str, bytes, int],
    layout: str,
) -> Import:
    """A new import whose `file` (name, SHA-256, bytes) is in its place. Raises TooManyImports."""
    rows = tenant.rows(
        "INSERT INTO imports (tenant_id, import_id, created_by, eyes, kind, source, file_name, file_hash,"
        " bytes, layout, expires_at)"
        " SELECT %(tenant)s, %(id)s, %(by)s, %(eyes)s::jsonb, %(kind)s, %(source)s, %(name)s, %(hash)s,"
        " %(bytes)s, %(layout)s::jsonb, now() + %(keep)s"
        " WHERE (SELECT count(*) FROM imports WHERE tenant_id = %(tenant)s AND status = ANY(%(keeping)s)"
        f" AND expires_at > now()) < {MOST_OPEN}"
        f" RETURNING {COLUMNS}",
        {
            "tenant": tenant.tenant_id,
            "id": import_id,
            "by": access.user_id or UUID(int=0),
            "eyes": json.dumps({"venues": _ids(access.venues), "events": _ids(access.events)}),
            "kind": kind,
            "source": source,
            "name": file[0],
            "hash": file[1],
            "bytes": file[2],
            "layout": layout,
            "keep": KEPT,
            "keeping": list(KEEPING),
        },
    )
    if not rows:
        raise TooManyImports(f"{MOST_OPEN} files wait to be imported already. Finish or remove some first.")
    return Import(**rows[0])


def get(tenant: TenantConnection, access: Access, import_id: UUID) -> Import | None:
    """The import, if whoever asks made it or sees everything; None else."""
    found = _select(tenant, access, "AND import_id = %(id)s", {"id": import_id}, 1)
    return found[0] if found else None


def list_imports(
    tenant: TenantConnection,
    access: Access,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Import]:
    """The imports that whoever asks may see, the newest first, after the one given."""
    condition = "AND (created_at, import_id) < (%(at)s, %(last)s)" if after else ""
    return _select(tenant, access, condition, {"at": after and after[0], "last": after and after[1]}, limit)


def same_file(tenant: TenantConnection, access: Access, file_hash: bytes) -> Import | None:
    """The last import of quite the same file that wrote something."""
    condition = "AND file_hash = %(hash)s AND accepted > undone"
    found = _select(tenant, access, condition, {"hash": file_hash}, 1)
    return found[0] if found else None


def path_of(folder: Path, import_id: UUID) -> Path:
    """Where the file of an import lies: under a name that nobody can guess."""
    return folder / f"{import_id}.upload"


def confirm(tenant: TenantConnection, found: Import, layout: str, author: UUID) -> None:
    """Read the file so from now on, and the next ones of this source. Raises NotNow."""
    read_so(tenant, found, layout)
    tenant.execute(
        "INSERT INTO import_layouts (tenant_id, source, kind, layout, author_id)"
        " VALUES (%(tenant)s, %(source)s, %(kind)s, %(layout)s::jsonb, %(author)s)"
        " ON CONFLICT (tenant_id, source, kind) DO UPDATE SET layout = EXCLUDED.layout,"
        " author_id = EXCLUDED.author_id, updated_at = EXCLUDED.updated_at",
        {
            "tenant": tenant.tenant_id,
            "source": found.source,
            "kind": found.kind,
            "layout": layout,
            "author": author,
        },
    )


def read_so(tenant: TenantConnection, found: Import, layout: str) -> None:
    """Read this file so from now on. Raises NotNow."""
    key = {"tenant": tenant.tenant_id, "id": found.import_id, "layout": layout}
    changed = tenant.execute(
        "UPDATE imports SET layout = %(layout)s::jsonb, status = 'draft', checked_rows = 0, error = NULL"
        " WHERE tenant_id = %(tenant)s AND import_id = %(id)s AND status IN ('draft', 'checked', 'failed')"
        " AND rows_done = 0",
        key,
    )
    if changed.rowcount == 0:
        raise NotNow("The file is being read, or was read already: upload it again to read it otherwise.")


def kept_layout(tenant: TenantConnection, source: str, kind: Kind) -> str | None:
    """How files of this source were read last, as JSON text; None for a new one."""
    row = tenant.execute(
        "SELECT layout::text FROM import_layouts WHERE tenant_id = %s AND source = %s AND kind = %s",
        [tenant.tenant_id, source, kind],
    ).fetchone()
    return None if row is None else str(row[0])


def sources(tenant: TenantConnection) -> list[str]:
    """The names of sources that files came from."""
    rows = tenant.execute(
        "SELECT DISTINCT source FROM import_layouts WHERE tenant_id = %s ORDER BY source LIMIT 200",
        [tenant.tenant_id],
    )
    return [source for (source,) in rows]


_MAY_BECOME: Mapping[Status, tuple[Status, ...]] = {
    "checking": ("draft", "checked", "failed"),
    "running": ("checked", "cancelled", "failed"),
    "undoing": ("done", "cancelled", "failed"),
    "cancelled": ("checking", "running"),
}


def ask(tenant: TenantConnection, found: Import, status: Status) -> None:
    """Have it checked, run, undone, or stop it; what is so already stays so. Raises NotNow."""
    if found.status == status or (status == "cancelled" and found.status not in WORK):
        return
    before = _MAY_BECOME[status]
    to: Status = "draft" if status == "cancelled" and found.status == "checking" else status
    changed = tenant.execute(
        "UPDATE imports SET status = %(to)s, attempts = attempts + 1, tries = 0, started_at = NULL,"
        " progress = 0, error = NULL, finished_at = CASE WHEN %(to)s = 'cancelled' THEN now() END,"
        " expires_at = CASE WHEN %(to)s IN ('checking', 'running') THEN now() + %(keep)s ELSE expires_at END"
        " WHERE tenant_id = %(tenant)s AND import_id = %(id)s AND status = ANY(%(before)s)"
        " AND (%(to)s <> 'running' OR checked_rows > 0) AND (%(to)s <> 'checking' OR rows_done = 0)"
        " AND (%(to)s <> 'undoing' OR accepted > undone)",
        {
            "tenant": tenant.tenant_id,
            "id": found.import_id,
            "to": to,
            "before": list(before),
            "keep": KEPT,
        },
    )
    if changed.rowcount == 0:
        raise NotNow(f"This cannot be done with an import that is {found.status}.")


def forget(tenant: TenantConnection, found: Import, folder: Path) -> None:
    """Remove it from the list, and its file: what it wrote stays. Raises NotNow."""
    key = [tenant.tenant_id, found.import_id]
    gone = tenant.execute(
        "DELETE FROM imports WHERE tenant_id = %s AND import_id = %s"
        " AND status NOT IN ('checking', 'running', 'undoing')",
        key,
    )
    if gone.rowcount == 0:
        raise NotNow("Stop it first: a process works on it.")
    forget_parts(tenant, found.import_id)
    path_of(folder, found.import_id).unlink(missing_ok=True)


def errors(tenant: TenantConnection, import_id: UUID, most: int = MOST_ERRORS) -> list[RowError]:
    """Why rows were not taken, in their order."""
    rows = tenant.execute(
        "SELECT row, code, field, value, detail FROM import_errors WHERE tenant_id = %s AND import_id = %s"
        " ORDER BY row LIMIT %s",
        [tenant.tenant_id, import_id, most],
    )
    return [RowError(*row) for row in rows.fetchall()]


def forget_parts(tenant: TenantConnection, import_id: UUID) -> None:
    """Remove what is noted of an import besides its row: it cannot be undone any more."""
    key = [tenant.tenant_id, import_id]
    tenant.execute("DELETE FROM import_errors WHERE tenant_id = %s AND import_id = %s", key)
    tenant.execute("DELETE FROM import_parts WHERE tenant_id = %s AND import_id = %s", key)
    tenant.execute("DELETE FROM import_events WHERE tenant_id = %s AND import_id = %s", key)


def sees_all(access: Access) -> bool:
    """Whether the imports of everybody are shown: to people who see the whole house."""
    return access.scopes is None and access.venues is None and access.events is None


def _select(
    tenant: TenantConnection, access: Access, condition: str, values: dict[str, Any], limit: int
) -> list[Import]:
    rows = tenant.rows(
        f"SELECT {COLUMNS} FROM imports WHERE tenant_id = %(tenant)s"
        f" AND (%(all)s OR created_by = %(by)s) {condition}"
        " ORDER BY created_at DESC, import_id DESC LIMIT %(limit)s",
        values | {"tenant": tenant.tenant_id, "all": sees_all(access), "by": access.user_id, "limit": limit},
    )
    return [Import(**row) for row in rows]


def new_id() -> UUID:
    """The id of an import that is about to be."""
    return uuid4()


def _ids(granted: frozenset[UUID] | None) -> list[str] | None:
    return None if granted is None else sorted(map(str, granted))
