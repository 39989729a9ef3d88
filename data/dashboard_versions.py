"""The history of a board: every version ever saved, as a person wants to read it, and the way back.

Autosave writes a version every few seconds of work. None is changed or merged in the table: the history
groups what one person saved in one sitting, and says in one line what the sitting changed. With age versions
are thinned (`dashboard_thinning`); what a line says is then the change since the one before it that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from data import board_diff
from data.access import Access
from data.board_diff import Called, by_kind
from data.board_document import BoardDocument
from data.dashboards import Board, append_to, checked_name, get, names_of, require_current
from data.engine import TenantConnection
from data.kept_documents import document_of

PAUSE = timedelta(minutes=5)
"""After a longer one, the next version is of another sitting."""
LONGEST_SITTING = timedelta(hours=1)
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the history: version `version`, as it stood at the end of a sitting that began with
    version `first`. Versions with a name, and those that restored another, stand alone."""

    version: int
    first: int
    name: str | None
    summary: str
    author_id: UUID
    author: str
    created_at: datetime
    began_at: datetime


def history(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    *,
    before: int | None = None,
    limit: int = 50,
    every: bool = False,
    called: Called = by_kind,
) -> list[Version]:
    """The newest first; those before version `before`, or all. With `every`, versions are not grouped. What a
    sitting changed is told with widgets as they are `called`.

    Raises BoardNotFound.
    """
    get(tenant, access, dashboard_id)
    lines: list[Version] = []
    while len(lines) < limit:
        page = _page(tenant, dashboard_id, before)
        sittings = [[row] for row in page] if every else _sittings(page)
        complete = len(page) < _PAGE
        if not complete and len(sittings) > 1:
            sittings.pop()  # Its beginning may lie on the next page.
        names = names_of(tenant, {row["author_id"] for row in page})
        before_each = [run[0]["version"] for run in sittings[1:]] + [None]
        lines += [
            _line(tenant, dashboard_id, run, earlier, names, called)
            for run, earlier in list(zip(sittings, before_each, strict=True))[: limit - len(lines)]
        ]
        if complete or not sittings:
            break
        before = lines[-1].first
    return lines


def version(
    tenant: TenantConnection, access: Access, dashboard_id: UUID, number: int, called: Called = by_kind
) -> tuple[Version, BoardDocument]:
    """One version and its document. Raises VersionNotFound, and BoardNotFound for no such board."""
    get(tenant, access, dashboard_id)
    document = document_of(tenant, dashboard_id, number)
    lines = history(tenant, access, dashboard_id, before=number + 1, limit=1, every=True, called=called)
    return lines[0], document


def restore(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    number: int,
    expected_version: int,
    called: Called = by_kind,
) -> Board:
    """The board with the document of version `number` as its next version; its name stays.

    Raises Conflict, NotAllowed, BoardNotFound, VersionNotFound.
    """
    board = get(tenant, access, dashboard_id, "edit", lock=True)
    document = document_of(tenant, dashboard_id, number)
    require_current(tenant, board, expected_version, called)
    changes = board_diff.summary(board.document, document, called)
    return append_to(tenant, access, board, document, changes, version_name=f"Version {number} restored")


def name_version(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    name: str,
    expected_version: int,
    called: Called = by_kind,
) -> Board:
    """The board, its present state kept once more under a name to find it by. Raises what `restore` does,
    and InvalidDocument."""
    board = get(tenant, access, dashboard_id, "edit", lock=True)
    require_current(tenant, board, expected_version, called)
    mark = checked_name(name, "versionName")
    return append_to(tenant, access, board, board.document, "", version_name=mark)


def _page(tenant: TenantConnection, dashboard_id: UUID, before: int | None) -> list[dict[str, Any]]:
    return tenant.rows(
        "SELECT version, name, summary, author_id, created_at FROM dashboard_versions"
        " WHERE tenant_id = %s AND dashboard_id = %s AND (%s::bigint IS NULL OR version < %s::bigint)"
        " ORDER BY version DESC LIMIT %s",
        [tenant.tenant_id, dashboard_id, before, before, _PAGE],
    )


def _sittings(newest_first: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The versions in runs of one author without a long pause; within a run the newest is first."""
    runs: list[list[dict[str, Any]]] = []
    for row in newest_first:
        if runs and _together(row, runs[-1]):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _together(row: dict[str, Any], run: list[dict[str, Any]]) -> bool:
    newest, next_one = run[0], run[-1]
    return (
        row["name"] is None
        and next_one["name"] is None
        and row["author_id"] == next_one["author_id"]
        and next_one["created_at"] - row["created_at"] <= PAUSE
        and newest["created_at"] - row["created_at"] <= LONGEST_SITTING
    )


def _line(
    tenant: TenantConnection,
    dashboard_id: UUID,
    sitting: list[dict[str, Any]],
    earlier: int | None,
    names: dict[UUID, str],
    called: Called,
) -> Version:
    """`earlier` is the version before the sitting, if the page knows it."""
    newest, oldest = sitting[0], sitting[-1]
    summary = newest["summary"]
    earlier = earlier or _before(tenant, dashboard_id, oldest["version"])
    if earlier and (newest is not oldest or earlier != oldest["version"] - 1):
        summary = board_diff.summary(
            document_of(tenant, dashboard_id, earlier),
            document_of(tenant, dashboard_id, newest["version"]),
            called,
        )
    return Version(
        newest["version"],
        oldest["version"],
        newest["name"],
        summary,
        newest["author_id"],
        names[newest["author_id"]],
        newest["created_at"],
        oldest["created_at"],
    )


def _before(tenant: TenantConnection, dashboard_id: UUID, version: int) -> int | None:
    """The version before this one that is left; None before the first."""
    row = tenant.execute(
        "SELECT max(version) FROM dashboard_versions"
        " WHERE tenant_id = %s AND dashboard_id = %s AND version < %s",
        [tenant.tenant_id, dashboard_id, version],
    ).fetchone()
    return row[0] if row else None
