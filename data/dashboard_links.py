"""Links that show one board to somebody outside, a promoter say, until they expire or are revoked.

A link's token is 88 characters of base64url: the tenant's id, the link's id and 272 random bits, of which
the database holds only the SHA-256. So its tenant is known before anything is looked up, and row-level
security applies from the first query on. Its filters are locked: the venue or event in them is all that
the link's `Access` reaches. It opens as long as whoever gave it might still give it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from data import board_check
from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.board_filters import Filters, FilterValue, KeptFilters
from data.board_rights import BoardNotFound, NotAllowed, may_link, may_see_links
from data.dashboards import NOBODY, Board, checked_name, get, names_of
from data.engine import Database, TenantConnection
from data.eyes_now import eyes_now
from data.link_views import LinkViews

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=366)
MOST_LINKS = 200
"""Of one board, revoked and expired ones included."""
_SECRET_BYTES = 34
_TOKEN_LENGTH = (16 + 16 + _SECRET_BYTES) * 4 // 3

_KEPT: TypeAdapter[Filters] = TypeAdapter(KeptFilters)
State = Literal["active", "closed", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link as its givers see it; `filters` are the parameters of the board's address that are locked."""

    link_id: UUID
    dashboard_id: UUID
    label: str
    filters: Filters
    masked: bool
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    views: int
    last_viewed_at: datetime | None
    giver: UUID
    closed: bool = False
    """Whoever gave it might not give it now, or the board is in the trash: it opens when that changes."""

    def state(self, now: datetime) -> State:
        """Whether it opens the board at `now`, and why not."""
        if self.revoked_at is not None:
            return "revoked"
        if now >= self.expires_at:
            return "expired"
        return "closed" if self.closed else "active"


@dataclass(frozen=True, slots=True)
class SharedBoard:
    """What a link opens: the board to look at, and through whose eyes. Figures of a `demo` are simulated."""

    access: Access
    board: Board
    link: Link
    demo: bool = False


def give_link(
    tenant: TenantConnection,
    access: Access,
    dashboard_id: UUID,
    label: str,
    *,
    filters: Mapping[str, FilterValue],
    masked: bool,
    expires_at: datetime,
) -> tuple[Link, str]:
    """A new link and its token, which can be read at this moment only.

    `filters` name a venue or an event by id, and whatever else of the board's address is locked. Raises
    InvalidDocument, NotAllowed, BoardNotFound.
    """
    board = get(tenant, access, dashboard_id, lock=True)
    if not may_link(access, board.right):
        raise NotAllowed("Only owners, and managers who may edit this board, give links to it.")
    label, filters = checked_name(label, "label"), board_check.parse({"filters": dict(filters)}).filters
    venue, event = _place(tenant, filters, access)
    filters |= {"venue": str(venue)} | ({} if event is None else {"event": str(event)})
    now = datetime.now(UTC)
    if not now + SHORTEST <= expires_at <= now + LONGEST:
        detail = f"A link holds for at least five minutes and at most {LONGEST.days} days from now."
        raise InvalidDocument([Fault("expiresAt", expires_at.isoformat(), detail)])
    if len(_links(tenant, dashboard_id)) >= MOST_LINKS:
        raise InvalidDocument([Fault("links", str(MOST_LINKS), "This board has had too many links.")])
    link_id, secret = uuid4(), secrets.token_bytes(_SECRET_BYTES)
    tenant.execute(
        "INSERT INTO dashboard_links (tenant_id, link_id, dashboard_id, label, secret_hash, filters, masked,"
        " created_by, created_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            link_id,
            dashboard_id,
            label,
            _hash(secret),
            board_check.json_text(filters),
            masked,
            access.user_id or NOBODY,
            now,
            expires_at,
        ],
    )
    token = base64.urlsafe_b64encode(tenant.tenant_id.bytes + link_id.bytes + secret).decode()
    return _links(tenant, dashboard_id, link_id)[0], token


def links(tenant: TenantConnection, access: Access, dashboard_id: UUID) -> list[Link]:
    """Every link ever given to the board to what these eyes see, the newest first: its label and its filters
    tell of the place that it shows. Raises NotAllowed, BoardNotFound."""
    _require_links(tenant, access, dashboard_id)
    now, seen = datetime.now(UTC), [link for link in _links(tenant, dashboard_id) if _sees(access, link)]
    boards = {link.giver: _given(tenant, link) for link in seen if link.state(now) == "active"}
    return [replace(link, closed=not _reaches(tenant, link, boards.get(link.giver))) for link in seen]


def revoke_link(tenant: TenantConnection, access: Access, dashboard_id: UUID, link_id: UUID) -> Link:
    """The link, which opens nothing from now on. Raises NotAllowed, and BoardNotFound for no such link, or
    none that is seen."""
    _require_links(tenant, access, dashboard_id)
    if not any(_sees(access, link) for link in _links(tenant, dashboard_id, link_id)):
        raise BoardNotFound
    tenant.execute(
        "UPDATE dashboard_links SET revoked_at = %s"
        " WHERE tenant_id = %s AND dashboard_id = %s AND link_id = %s AND revoked_at IS NULL",
        [datetime.now(UTC), tenant.tenant_id, dashboard_id, link_id],
    )
    return _links(tenant, dashboard_id, link_id)[0]


class SharedLinks:
    """Opens boards by the tokens of links, and counts their views. All methods raise DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._views = LinkViews(database)

    def resolve(self, token: str, *, view: bool = False) -> SharedBoard | None:
        """What this token opens; None alike for one that is malformed, unknown, expired or revoked, for a
        board in the trash, and when whoever gave it might not give it now. With `view` it counts
        as somebody opening the page."""
        parts = _parts(token)
        if parts is None:
            return None
        tenant_id, link_id, secret_hash = parts
        with self._database.tenant(tenant_id) as tenant:
            found = _open(tenant, link_id, secret_hash)
        if found is not None and view:
            self._views.seen(tenant_id, link_id)
        return found

    def close(self) -> None:
        """Write down the views that are counted but not yet kept."""
        self._views.close()


def _open(tenant: TenantConnection, link_id: UUID, secret_hash: bytes) -> SharedBoard | None:
    row = tenant.execute(
        "SELECT l.dashboard_id, l.secret_hash, t.demo"
        " FROM dashboard_links l JOIN tenants t USING (tenant_id) WHERE l.tenant_id = %s AND l.link_id = %s",
        [tenant.tenant_id, link_id],
    ).fetchone()
    if row is None or not hmac.compare_digest(bytes(row[1]), secret_hash):
        return None
    link = _links(tenant, row[0], link_id)[0]
    if link.state(datetime.now(UTC)) != "active":
        return None
    given = _given(tenant, link)
    place = _reaches(tenant, link, given)
    if given is None or place is None:
        return None
    (_, board), (venue, event) = given, place
    access = Access(
        tenant.tenant_id,
        "promoter",
        venues=frozenset([venue]),
        events=None if event is None else frozenset([event]),
        masked=link.masked,
        linked=True,
    )
    return SharedBoard(access, replace(board, right="view"), link, row[2])


def _given(tenant: TenantConnection, link: Link) -> tuple[Access, Board] | None:
    """The giver's eyes as they are now, and the board, if they might give links to it."""
    giver = Access(tenant.tenant_id, "owner") if link.giver == NOBODY else eyes_now(tenant, link.giver)
    if giver is None:
        return None
    try:
        board = get(tenant, giver, link.dashboard_id)
    except BoardNotFound:
        return None
    return (giver, board) if board.trashed_at is None and may_link(giver, board.right) else None


def _reaches(
    tenant: TenantConnection, link: Link, given: tuple[Access, Board] | None
) -> tuple[UUID, UUID | None] | None:
    """The venue and event that the link shows, if its giver sees them: it must not show more than they do."""
    if given is None:
        return None
    try:
        return _place(tenant, link.filters, given[0])
    except InvalidDocument:
        return None


def _require_links(tenant: TenantConnection, access: Access, dashboard_id: UUID) -> None:
    if not may_see_links(access, get(tenant, access, dashboard_id).right):
        raise NotAllowed("Only those who may give links to this board, and its owner, see them.")


def _sees(access: Access, link: Link) -> bool:
    """Whether these eyes see the place that the link shows: they could have given it themselves."""
    venue, event = (_uuid(link.filters, name) for name in ("venue", "event"))
    if venue is None:
        return access.venues is None and access.events is None
    if event is not None:
        return access.sees_event(venue, event)
    return access.events is None and access.sees_venue(venue)


def _links(tenant: TenantConnection, dashboard_id: UUID, link_id: UUID | None = None) -> list[Link]:
    rows = tenant.rows(
        "SELECT link_id, dashboard_id, label, filters, masked, created_by, created_at, expires_at,"
        " revoked_at, views, last_viewed_at FROM dashboard_links"
        " WHERE tenant_id = %(tenant)s AND dashboard_id = %(board)s"
        " AND (%(link)s::uuid IS NULL OR link_id = %(link)s) ORDER BY created_at DESC, link_id DESC",
        {"tenant": tenant.tenant_id, "board": dashboard_id, "link": link_id},
    )
    names = names_of(tenant, {row["created_by"] for row in rows})
    return [
        Link(
            **row
            | {
                "giver": row["created_by"],
                "created_by": names[row["created_by"]],
                "filters": _KEPT.validate_python(row["filters"]),
            }
        )
        for row in rows
    ]


def _place(tenant: TenantConnection, filters: Mapping[str, Any], access: Access) -> tuple[UUID, UUID | None]:
    """The venue and, if one is locked, the event that a link reaches. Raises InvalidDocument, also for what
    these eyes do not see."""
    venue, event = (_uuid(filters, name) for name in ("venue", "event"))
    if event is not None:
        row = tenant.execute(
            "SELECT venue_id FROM events WHERE tenant_id = %s AND event_id = %s", [tenant.tenant_id, event]
        ).fetchone()
        there = row is not None and access.sees_event(row[0], event)
        if row is None or not there or venue not in (None, row[0]):
            where = "The event is at another venue." if there else "There is no such event."
            raise InvalidDocument([Fault("filters.event", str(event), where)])
        return row[0], event
    if venue is None:
        detail = "Lock a venue or an event: a link must not show everything."
        raise InvalidDocument([Fault("filters", ", ".join(filters)[:80], detail)])
    row = tenant.execute(
        "SELECT venue_id FROM venues WHERE tenant_id = %s AND venue_id = %s", [tenant.tenant_id, venue]
    ).fetchone()
    if row is None or access.events is not None or not access.sees_venue(row[0]):
        raise InvalidDocument([Fault("filters.venue", str(venue), "There is no such venue.")])
    return row[0], None


def _uuid(filters: Mapping[str, Any], name: str) -> UUID | None:
    given = filters.get(name)
    if given in (None, "all"):  # As an address says it that takes back what a board begins with.
        return None
    try:
        return UUID(given if isinstance(given, str) else "")
    except ValueError:
        raise InvalidDocument([Fault(f"filters.{name}", str(given)[:80], f"The id of one {name}.")]) from None


def _parts(token: str) -> tuple[UUID, UUID, bytes] | None:
    """The tenant, the link and the hash of the secret."""
    if len(token) != _TOKEN_LENGTH:
        return None
    try:
        decoded = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(decoded) != 32 + _SECRET_BYTES:
        return None
    return UUID(bytes=decoded[:16]), UUID(bytes=decoded[16:32]), _hash(decoded[32:])


def _hash(secret: bytes) -> bytes:
    """A random secret of this length needs no slow hash: nobody can guess it."""
    return hashlib.sha256(secret).digest()
