"""Events that messages name and nobody registered: what came for them, and which event may have been
meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from data.directory import Event
from data.engine import TenantConnection

Place = tuple[datetime, UUID]
_WORDS = re.compile(r"[^\W_]+")
_NEAR = timedelta(days=14)
_SOURCE_WITHIN = timedelta(seconds=30)
"""How long after a placeholder was made its first message is looked for."""


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A placeholder and what was counted for it; `money` is net, in minor units by currency."""

    event_id: UUID
    venue_id: UUID
    name: str
    external_id: str | None
    first_at: datetime
    last_at: datetime | None
    doors_at: datetime | None
    sold: int
    comps: int
    entries: int
    inside: int
    page_views: int
    others: int
    peak_at: datetime | None
    money: dict[str, int]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A registered event that may have been meant; `likeness` from 0 to 1."""

    event: Event
    likeness: float


_COLUMNS = """
e.event_id, e.venue_id, e.name, e.external_id, e.created_at AS first_at, t.updated_at AS last_at, e.doors_at,
coalesce(t.sold, 0) AS sold, coalesce(t.comps, 0) AS comps, coalesce(t.entries, 0) AS entries,
coalesce(t.inside, 0) AS inside, coalesce(t.page_views, 0) AS page_views,
coalesce(t.exits + t.invalid + t.cart_updates + t.mentions + t.transfers + t.attempts, 0) AS others,
t.peak_at, coalesce(m.money, '{}'::jsonb) AS money
"""
# Totals and money of the events of one page alone, by their keys.
_LISTED = f"""
SELECT {_COLUMNS} FROM (
    SELECT * FROM events WHERE tenant_id = %(tenant)s AND NOT registered
      AND (%(event)s::uuid IS NULL OR event_id = %(event)s)
      AND (%(at)s::timestamptz IS NULL OR (created_at, event_id) < (%(at)s, %(id)s::uuid))
    ORDER BY created_at DESC, event_id DESC LIMIT %(limit)s
) e
LEFT JOIN LATERAL (
    SELECT * FROM event_totals t WHERE t.tenant_id = %(tenant)s AND t.venue_id = e.venue_id
      AND t.event_id = e.event_id
) t ON true
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(currency, gross_minor + fees_minor - refunded_minor) AS money FROM event_money m
    WHERE m.tenant_id = %(tenant)s AND m.venue_id = e.venue_id AND m.event_id = e.event_id
) m ON true
ORDER BY e.created_at DESC, e.event_id DESC
"""


def listed(tenant: TenantConnection, *, after: Place | None = None, limit: int) -> list[Unregistered]:
    """The latest `limit` events that nobody registered, earlier than the one at `after`."""
    at, last = after or (None, None)
    return _read(tenant, {"event": None, "at": at, "id": last, "limit": limit})


def by_id(tenant: TenantConnection, event_id: UUID) -> Unregistered | None:
    """One of them, None when there is no such event, or somebody registered it."""
    found = _read(tenant, {"event": event_id, "at": None, "id": None, "limit": 1})
    return found[0] if found else None


def count(tenant: TenantConnection, most: int = 1_000) -> int:
    """How many there are; one more than `most` for all that are more."""
    row = tenant.execute(
        "SELECT count(*) FROM (SELECT 1 FROM events WHERE tenant_id = %s AND NOT registered LIMIT %s) found",
        [tenant.tenant_id, most + 1],
    ).fetchone()
    return int(row[0]) if row else 0


def first_source(tenant: TenantConnection, found: Unregistered) -> str:
    """Who first named it, as the messages say; empty when that is not found at once."""
    row = tenant.execute(
        "SELECT source FROM messages WHERE tenant_id = %(tenant)s AND event_id = %(event)s"
        " AND received_at BETWEEN %(first)s - interval '5 seconds' AND %(first)s + %(within)s"
        " ORDER BY received_at LIMIT 1",
        {
            "tenant": tenant.tenant_id,
            "event": found.event_id,
            "first": found.first_at,
            "within": _SOURCE_WITHIN,
        },
    ).fetchone()
    return str(row[0]) if row else ""


def suggestions(found: Unregistered, events: Iterable[Event], most: int = 5) -> list[Suggestion]:
    """Which registered events of the venue it may be, the likeliest first: by the name, and by how near it
    lies.

    What has neither a like name nor a near date is not suggested.
    """
    near = [at for at in (found.doors_at, found.peak_at) if at is not None]
    rated = [
        Suggestion(event, round(_likeness(found, event, near), 3))
        for event in events
        if event.registered and event.venue_id == found.venue_id
    ]
    good = [each for each in rated if each.likeness >= 0.3]
    return sorted(good, key=lambda each: (-each.likeness, each.event.name, each.event.event_id))[:most]


def matching(text: str, events: Iterable[Event], venue_id: UUID, most: int = 20) -> list[Event]:
    """Registered events of the venue in whose name or external id all words of the text stand."""
    words = [word.casefold() for word in text.split()]
    found = [
        event
        for event in events
        if event.registered
        and event.venue_id == venue_id
        and all(word in f"{event.name} {event.external_id or ''}".casefold() for word in words)
    ]
    return sorted(found, key=lambda event: (event.name, event.event_id))[:most]


def _likeness(found: Unregistered, event: Event, near: Sequence[datetime]) -> float:
    names = [_plain(text) for text in (found.name, found.external_id or "") if text]
    others = [_plain(text) for text in (event.name, event.external_id or "") if text]
    name = max((_alike(one, other) for one in names for other in others), default=0.0)
    opens = event.doors_at or event.starts_at
    if opens is None or not near:
        return 0.8 * name
    days = min(abs(opens - at) for at in near) / _NEAR
    return min(1.0, 0.7 * name + 0.4 * max(0.0, 1.0 - days))


def _alike(one: str, other: str) -> float:
    """How alike two names are: of their words, however ordered, or of their letters, if most of these are the
    same: any two names share some."""
    words, others = ({word for word in text.split() if len(word) > 2} for text in (one, other))
    if not words or not others:
        return 0.0
    letters = SequenceMatcher(None, one[:120], other[:120]).ratio()
    return max(0.85 * len(words & others) / min(len(words), len(others)), letters if letters > 0.6 else 0.0)


def _plain(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


def _read(tenant: TenantConnection, values: dict[str, Any]) -> list[Unregistered]:
    return [Unregistered(**row) for row in tenant.rows(_LISTED, {"tenant": tenant.tenant_id} | values)]
