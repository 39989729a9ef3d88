"""Dashboards as they are kept: made, found, saved without overwriting anybody.

Whoever changes a board says which version they saw. All that changes what is seen appends a version
(`data.dashboard_versions`); no version is ever changed. Every function takes the transaction of the tenant
and an `Access`, and raises BoardNotFound for boards that this person may not know of.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from data import board_check, board_diff
from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.board_diff import Called, by_kind
from data.board_document import BoardDocument
from data.board_rights import BoardNotFound, NotAllowed, Right, grantees, require, require_boards, right_on
from data.engine import TenantConnection
from data.kept_documents import VersionNotFound, document_of
from data.tokens import is_subject

MOST_BOARDS = 1000
"""Of one tenant, its trash included."""
LONGEST_NAME = 120
NOBODY = UUID(int=0)
"""The author of what nobody in particular did."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A board in a list. `right` is that of whoever asked; `outline` has for each widget its name, x, y,
    w and h, for a picture of the layout; `shared` says whether anybody else was given a right to it."""

    dashboard_id: UUID
    name: str
    version: int
    owner_id: UUID
    owner: str
    right: Right
    shared: bool
    created_at: datetime
    updated_at: datetime
    author: str
    """Who saved the newest version."""
    trashed_at: datetime | None
    outline: tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Board(Listed):
    """A board with its newest document."""

    document: BoardDocument


class Conflict(Exception):
    """Somebody else saved since: nothing was kept. Says who, when, which version, and what is different
    from the version that the sender saw."""

    def __init__(self, board: Board, changes: str) -> None:
        at = board.updated_at.astimezone(UTC)
        super().__init__(
            f"{board.author} saved version {board.version} on {at:%d %B at %H:%M} UTC: {changes}."
        )
        self.board = board
        self.changes = changes


class TooManyBoards(Exception):
    """The tenant has as many boards as it may; purging some of the trash makes room."""


def create(
    tenant: TenantConnection,
    access: Access,
    name: str,
    document: BoardDocument | None = None,
    *,
    origin: str = "Empty",
) -> Board:
    """A new board of this person; `origin` says in its history where it came from.

    Raises NotAllowed, InvalidDocument, TooManyBoards.
    """
    require_boards(access)
    name, document = checked_name(name), document or BoardDocument()
    board_check.check(document)
    found = tenant.execute("SELECT count(*) FROM dashboards WHERE tenant_id = %s", [tenant.tenant_id])
    if found.fetchall()[0][0] >= MOST_BOARDS:
        raise TooManyBoards
    dashboard_id, author, now = uuid4(), access.user_id or NOBODY, datetime.now(UTC)
    tenant.execute(
        "INSERT INTO dashboards (tenant_id, dashboard_id, name, owner_id, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [tenant.tenant_id, dashboard_id, name, author, now, now],
    )
    append(tenant, dashboard_id, 1, document, author, name="Created", summary=origin)
    return get(tenant, access, dashboard_id)


def duplicate(tenant: TenantConnection, access: Access, dashboard_id: UUID, name: str | None = None) -> Board:
    """A copy of the newest document as a board of this person, shared with nobody."""
    board = get(tenant, access, dashboard_id)
    chosen = name if name is not None else f"{board.name[: LONGEST_NAME - 7]} (copy)"
    return create(tenant, access, chosen, board.document, origin=f"Copy of {board.name}")


def list_boards(
    tenant: TenantConnection,
    access: Access,
    *,
    trashed: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = MOST_BOARDS,
) -> list[Listed]:
    """The boards this person has a right to, the newest made first; of the trash only what they own.

    `after` is `created_at` and `dashboard_id` of the last board seen: boards made or changed since do
    not shift what follows it.
    """
    rows = _rows(tenant, access, None, trashed=trashed, after=after, limit=limit)
    return [Listed(**row) for row in rows]


def get(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    needed: Right = "view",
    *,
    lock: bool = False,
) -> Board:
    """The board with its newest document. A board in the trash is there only for those who own it.

    With `lock` nobody changes it until this transaction ends. Raises BoardNotFound, NotAllowed.
    """
    if lock:  # First and alone: what is read after it is then what the last writer left.
        tenant.execute(
            "SELECT 1 FROM dashboards WHERE tenant_id = %s AND dashboard_id = %s FOR UPDATE",
            [tenant.tenant_id, dashboard_id],
        )
    rows = _rows(tenant, access, dashboard_id)
    if not rows:
        raise BoardNotFound
    row = rows[0]
    require(row["right"], needed)
    return Board(**row, document=document_of(tenant, dashboard_id, row["version"]))


def save(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    document: BoardDocument,
    expected_version: int,
    *,
    name: str | None = None,
    version_name: str | None = None,
    called: Called = by_kind,
) -> Board:
    """The board with `document` as its next version, and another `name` if one is given. What changed is told
    with widgets as they are `called`.

    The same document and name again make no version, unless it gets a `version_name`. Raises Conflict when
    the newest version is not `expected_version`, NotAllowed, InvalidDocument, BoardNotFound.
    """
    board_check.check(document)
    board = get(tenant, access, dashboard_id, "edit", lock=True)
    require_current(tenant, board, expected_version, called)
    name = board.name if name is None else checked_name(name)
    renamed = name != board.name
    if document == board.document and not renamed and version_name is None:
        return board
    parts = [f"Renamed from {board.name} to {name}"] if renamed else []
    if document != board.document:
        parts.append(board_diff.summary(board.document, document, called))
    mark = version_name and checked_name(version_name, "versionName")
    if mark is None and renamed:
        mark = f"Renamed to {name}"[:LONGEST_NAME]
    return append_to(tenant, access, board, document, ", ".join(parts), name=name, version_name=mark)


def rename(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    name: str,
    expected_version: int,
    called: Called = by_kind,
) -> Board:
    """The board under another name, which is a version too. Raises what `save` does."""
    board = get(tenant, access, dashboard_id, "edit", lock=True)
    return save(tenant, access, dashboard_id, board.document, expected_version, name=name, called=called)


def require_current(
    tenant: TenantConnection, board: Board, expected_version: int, called: Called = by_kind
) -> None:
    """Raises Conflict when `expected_version` is not the newest."""
    if board.version == expected_version:
        return
    try:
        seen = document_of(tenant, board.dashboard_id, expected_version)
    except VersionNotFound:
        raise Conflict(board, f"version {expected_version} is not known") from None
    if seen != board.document:
        raise Conflict(board, board_diff.summary(seen, board.document, called))
    row = tenant.execute(
        "SELECT coalesce(name, summary) FROM dashboard_versions"
        " WHERE tenant_id = %s AND dashboard_id = %s AND version = %s",
        [tenant.tenant_id, board.dashboard_id, board.version],
    ).fetchone()
    raise Conflict(board, row[0] if row else "")


def append_to(
    tenant: TenantConnection,
    access: Access,
    board: Board,
    document: BoardDocument,
    summary: str,
    *,
    name: str | None = None,
    version_name: str | None = None,
) -> Board:
    """The locked board with one more version, which is now the newest. Raises NotAllowed for one in the
    trash: whoever goes on editing it has to learn where it is."""
    if board.trashed_at is not None:
        raise NotAllowed("This board is in the trash: take it out to change it.")
    version, author, now = board.version + 1, access.user_id or NOBODY, datetime.now(UTC)
    append(tenant, board.dashboard_id, version, document, author, name=version_name, summary=summary)
    tenant.execute(
        "UPDATE dashboards SET version = %s, name = %s, updated_at = %s"
        " WHERE tenant_id = %s AND dashboard_id = %s",
        [version, name or board.name, now, tenant.tenant_id, board.dashboard_id],
    )
    return get(tenant, access, board.dashboard_id)


def append(
    tenant: TenantConnection,
    dashboard_id: UUID,
    version: int,
    document: BoardDocument,
    author: UUID,
    *,
    name: str | None,
    summary: str,
) -> None:
    """Write one version; the board's row must be locked or new."""
    tenant.execute(
        "INSERT INTO dashboard_versions"
        " (tenant_id, dashboard_id, version, name, document, summary, author_id, created_at)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
        [
            tenant.tenant_id,
            dashboard_id,
            version,
            name,
            board_check.as_json(document),
            summary,
            author,
            datetime.now(UTC),
        ],
    )


def checked_name(name: str, field: str = "name") -> str:
    """The name without white space around it. Raises InvalidDocument."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        detail = f"A name has 1 to {LONGEST_NAME} characters, all printable."
        shown = name[:80].encode("unicode_escape").decode()
        raise InvalidDocument([Fault(field, shown, detail)])
    return name


def names_of(tenant: TenantConnection, ids: Collection[UUID]) -> dict[UUID, str]:
    """What to call users and programs by their ids."""
    rows = tenant.execute(
        "SELECT user_id, name FROM users WHERE tenant_id = %(tenant)s AND user_id = ANY(%(ids)s)"
        " UNION ALL SELECT token_id, 'API token ' || name FROM api_tokens"
        " WHERE tenant_id = %(tenant)s AND token_id = ANY(%(ids)s) UNION ALL SELECT key_id, 'Signing key '"
        " || name FROM signing_keys WHERE tenant_id = %(tenant)s AND key_id = ANY(%(ids)s)",
        {"tenant": tenant.tenant_id, "ids": list(ids)},
    )
    found: dict[UUID, str] = dict(rows.fetchall())
    return {one: found.get(one, "A service" if is_subject(one) else "Somebody who left") for one in ids}


def _rows(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID | None,
    *,
    trashed: bool | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 1,
) -> list[dict[str, Any]]:
    """The fields of Listed, of boards this person has a right to; of trashed ones only those they own."""
    rows = tenant.rows(
        "SELECT d.dashboard_id, d.name, d.version, d.owner_id, d.created_at, d.updated_at, d.trashed_at,"
        " v.author_id, s.may_edit, coalesce(s.shared, false) AS shared,"
        " (SELECT jsonb_agg(jsonb_build_array(w -> 'widget', w -> 'x', w -> 'y', w -> 'w', w -> 'h'))"
        "  FROM jsonb_array_elements(v.document -> 'widgets') w) AS outline"
        " FROM dashboards d JOIN dashboard_versions v ON v.tenant_id = d.tenant_id"
        "  AND v.dashboard_id = d.dashboard_id AND v.version = d.version"
        " LEFT JOIN (SELECT dashboard_id, true AS shared,"
        "  bool_or(may_edit) FILTER (WHERE grantee = ANY(%(grantees)s)) AS may_edit"
        "  FROM dashboard_shares WHERE tenant_id = %(tenant)s GROUP BY dashboard_id) s"
        "  ON s.dashboard_id = d.dashboard_id"
        " WHERE d.tenant_id = %(tenant)s"
        " AND (%(id)s::uuid IS NULL OR d.dashboard_id = %(id)s)"
        " AND (%(trashed)s::boolean IS NULL OR (d.trashed_at IS NOT NULL) = %(trashed)s)"
        " AND (%(all)s OR d.owner_id = %(user)s OR (s.may_edit IS NOT NULL AND d.trashed_at IS NULL))"
        " AND (%(at)s::timestamptz IS NULL OR (d.created_at, d.dashboard_id) < (%(at)s, %(last)s::uuid))"
        " ORDER BY d.created_at DESC, d.dashboard_id DESC LIMIT %(limit)s",
        {
            "tenant": tenant.tenant_id,
            "id": dashboard_id,
            "grantees": grantees(access),
            "all": access.role == "owner",
            "user": access.user_id,
            "trashed": trashed,
            "at": after and after[0],
            "last": after and after[1],
            "limit": limit,
        },
    )
    names = names_of(tenant, {row[key] for row in rows for key in ("owner_id", "author_id")})
    found = []
    for row in rows:
        right = right_on(access, row["owner_id"], row.pop("may_edit"))
        if right is not None:
            author, outline = names[row.pop("author_id")], tuple(map(tuple, row.pop("outline") or ()))
            owner = names[row["owner_id"]]
            found.append(row | {"right": right, "owner": owner, "author": author, "outline": outline})
    return found
