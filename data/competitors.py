"""What others nearby put on, as files state it: the latest statement of an event holds, earlier ones stay.

So an import that is undone leaves what was known before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from data import recordset
from data.access import Access
from data.engine import Database, TenantConnection
from data.import_writing import Part, count
from data.imports import Import

_STATED = (
    "name",
    "place",
    "city",
    "starts_at",
    "ends_at",
    "capacity",
    "price_from_minor",
    "price_to_minor",
    "currency",
    "genre",
)


@dataclass(frozen=True, slots=True)
class CompetitorEvent:
    """One event of somebody else, in the market of one of our venues. Times carry a zone, prices are in minor
    units of `currency`."""

    competitor_event_id: UUID
    venue_id: UUID
    name: str
    starts_at: datetime
    currency: str
    place: str | None = None
    city: str | None = None
    ends_at: datetime | None = None
    capacity: int | None = None
    price_from_minor: int | None = None
    price_to_minor: int | None = None
    genre: str | None = None

    def fingerprint(self) -> bytes:
        """What tells whether two statements say the same."""
        stated = [(name, value) for name, value in asdict(self).items() if value is not None]
        return hashlib.blake2b(msgspec.json.encode(stated), digest_size=16).digest()


def write(
    database: Database, found: Import, tenant_id: UUID, part: Part, events: Sequence[CompetitorEvent]
) -> None:
    """Commit a part of a file: statements that say nothing new are duplicates.

    Raises NotWanted, DatabaseUnavailable."""
    last = {(event.venue_id, event.competitor_event_id): event for event in events}
    with database.tenant(tenant_id) as tenant:
        rows = [
            {
                **asdict(event),
                "import_id": found.import_id,
                "source": found.source,
                "fingerprint": f"\\x{event.fingerprint().hex()}",
                "stated_at": datetime.now(UTC),
            }
            for event in last.values()
        ]
        columns = (
            "venue_id",
            "competitor_event_id",
            "import_id",
            "source",
            *_STATED,
            "fingerprint",
            "stated_at",
        )
        changed = 0
        if rows:
            statement = recordset.insert("competitor_events", columns, _UNLESS_KNOWN)
            known = _known(tenant, list(last))
            rows = [
                row
                for row in rows
                if known.get((row["venue_id"], row["competitor_event_id"]))
                != bytes.fromhex(str(row["fingerprint"])[2:])
            ]
            if rows:
                changed = tenant.execute(
                    statement, {"tenant": tenant_id, "rows": recordset.encode(rows)}
                ).rowcount
        count(tenant, found, part, changed, len(events) - changed, part.errors)


_UNLESS_KNOWN = "(tenant_id, venue_id, competitor_event_id, import_id) DO UPDATE SET " + ", ".join(
    f"{name} = EXCLUDED.{name}" for name in (*_STATED, "fingerprint", "stated_at")
)


def known(database: Database, tenant_id: UUID, events: Sequence[CompetitorEvent]) -> int:
    """How many of these statements say nothing new."""
    with database.tenant(tenant_id) as tenant:
        held = _known(tenant, [(event.venue_id, event.competitor_event_id) for event in events])
    return sum(
        held.get((event.venue_id, event.competitor_event_id)) == event.fingerprint() for event in events
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """An event of somebody else, and the source that states it."""

    source: str
    event: CompetitorEvent


def list_events(
    tenant: TenantConnection, access: Access, since: datetime, until: datetime, most: int
) -> list[Stated]:
    """Competitors' events that start in this span, in the markets of venues that may be seen; the soonest
    first, at most so many."""
    rows = tenant.rows(
        f"SELECT venue_id, competitor_event_id, source, {', '.join(_STATED)} FROM ({_LATEST}) latest"
        " WHERE starts_at >= %(since)s AND starts_at < %(until)s"
        " AND (%(venues)s::uuid[] IS NULL OR venue_id = ANY(%(venues)s))"
        " ORDER BY starts_at, name, competitor_event_id LIMIT %(most)s",
        {
            "tenant": tenant.tenant_id,
            "since": since,
            "until": until,
            "venues": None if access.venues is None else list(access.venues),
            "most": most,
        },
    )
    return [Stated(row.pop("source"), CompetitorEvent(**row)) for row in rows]


def take_back(tenant: TenantConnection, found: Import) -> int:
    """Forget what an import stated; how many statements."""
    gone = tenant.execute(
        "DELETE FROM competitor_events WHERE tenant_id = %s AND import_id = %s",
        [tenant.tenant_id, found.import_id],
    )
    return gone.rowcount


def _known(tenant: TenantConnection, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], bytes]:
    rows = tenant.execute(
        f"SELECT venue_id, competitor_event_id, fingerprint FROM ({_LATEST}) latest"
        " WHERE competitor_event_id = ANY(%(ids)s)",
        {"tenant": tenant.tenant_id, "ids": [event for _, event in keys]},
    )
    return {(venue, event): bytes(fingerprint) for venue, event, fingerprint in rows.fetchall()}


_LATEST = """
SELECT DISTINCT ON (venue_id, competitor_event_id) * FROM competitor_events WHERE tenant_id = %(tenant)s
ORDER BY venue_id, competitor_event_id, stated_at DESC, import_id
"""
