"""The facts of a placeholder moved to the real event it was matched to, and back, with all that follows from
them.

Facts are never changed by the application, which has no right to; this runs as the owner of the tables,
within the tenant's policies, as taking back an import does, and by the same means: what is moved is taken
back from the one event and added to the other. It goes part by part, each in one transaction with everything
that is summed from it: figures are right at every moment, and what was killed is gone on with. Writers of the
two events wait for the moment of a part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from data import carts, event_matches, house_count, recordset, rollup_tables, rollups, venue_updates
from data.conflicts import retried
from data.engine import TenantConnection
from data.erasure import as_owner
from data.event_matches import Match
from data.facts import TABLES
from data.keys import MasterKeys
from data.messages import Fact, Message, VenueUpdate
from data.rollups import EventKey

PART = 2_000
"""Messages in one transaction."""
_ROLLUPS = (
    "event_money",
    "zone_totals",
    "carts",
    "gate_analytics",
    "venue_analytics",
    "house_counts",
    "house_count_minutes",
    "presence",
    "milestones",
    "event_totals",
)

_Place = tuple[datetime, UUID]
"""(occurred_at, message_key)"""


def work(
    owner_url: str, master: MasterKeys, tenant_id: UUID, event_id: UUID, part: int = PART
) -> dict[EventKey, int] | None:
    """Move the next part of what a match, or its undoing, has to move; the new versions of its events, None
    when there is nothing left to do, or another process is at it. Raises DatabaseUnavailable."""

    def transaction() -> dict[EventKey, int] | None:
        with as_owner(owner_url, master, tenant_id) as tenant:
            return _part(tenant, event_id, part)

    return retried(transaction)


def _part(tenant: TenantConnection, event_id: UUID, size: int) -> dict[EventKey, int] | None:
    key = [tenant.tenant_id, event_id]
    free = tenant.execute(
        "SELECT 1 FROM event_aliases WHERE tenant_id = %s AND event_id = %s FOR UPDATE SKIP LOCKED", key
    ).fetchone()
    match = event_matches.by_id(tenant, event_id)
    if free is None or match is None or match.status == "matched":
        return None
    stray, real = (match.venue_id, match.event_id), (match.venue_id, match.real_event_id)
    rollup_tables.lock(tenant, [stray, real])
    if match.status == "moving":
        places = _unmoved(tenant, stray, size)
        if not places:
            return _settle(tenant, match)
        versions = _move(tenant, match, places, stray, real)
        tenant.execute(_REMEMBER, {"tenant": tenant.tenant_id, "event": event_id, "rows": _rows(places)})
    else:
        places = _moved(tenant, event_id, size)
        if not places:
            return _end(tenant, match)
        versions = _move(tenant, match, places, real, stray)
        keys = [each for _, each in places]
        tenant.execute(
            "DELETE FROM moved_messages WHERE tenant_id = %s AND event_id = %s AND message_key = ANY(%s)",
            [*key, keys],
        )
    step = len(places) if match.status == "moving" else -len(places)
    tenant.execute(
        "UPDATE event_aliases SET moved = greatest(0, moved + %s) WHERE tenant_id = %s AND event_id = %s",
        [step, *key],
    )
    return versions


def _unmoved(tenant: TenantConnection, event: EventKey, size: int) -> list[_Place]:
    """The first messages of an event that have facts."""
    found: set[_Place] = set()
    for table in TABLES.values():
        rows = tenant.execute(
            f"SELECT DISTINCT occurred_at, message_key FROM {table} WHERE {_OWN}"
            " ORDER BY occurred_at, message_key LIMIT %(size)s",
            _key(tenant, event) | {"size": size},
        )
        found.update(rows.fetchall())
    return sorted(found)[:size]


def _moved(tenant: TenantConnection, event_id: UUID, size: int) -> list[_Place]:
    rows = tenant.execute(
        "SELECT occurred_at, message_key FROM moved_messages WHERE tenant_id = %s AND event_id = %s"
        " ORDER BY message_key LIMIT %s",
        [tenant.tenant_id, event_id, size],
    )
    return rows.fetchall()


def _move(
    tenant: TenantConnection, match: Match, places: Sequence[_Place], source: EventKey, target: EventKey
) -> dict[EventKey, int]:
    """Move these messages with their facts and sums; the caller holds both events' locks."""
    old = _messages(tenant, places, source)
    new = [msgspec.structs.replace(message, event_id=target[1]) for message in old]
    parameters = _key(tenant, source) | {"rows": _rows(places), "target": target[1]}
    for table in TABLES.values():
        tenant.execute(f"UPDATE {table} f SET event_id = %(target)s FROM {_PLACES} WHERE {_SAME}", parameters)
    tenant.execute(
        "UPDATE messages SET event_id = %(target)s WHERE tenant_id = %(tenant)s AND event_id = %(event)s"
        " AND received_at >= %(since)s::timestamptz - interval '1 minute' AND message_key = ANY(%(keys)s)",
        parameters | {"keys": [each for _, each in places], "since": match.placeholder["created_at"]},
    )
    events = recordset.Events()
    taken = rollups.of(old)
    for own in taken.values():
        own.negate()
    house_count.take_back(tenant, events, old, taken)
    versions = rollup_tables.add(tenant, events, old, taken, (), taken_back=True)
    given = rollups.of(new)
    house_count.move(tenant, events, new, given)
    versions |= rollup_tables.add(tenant, events, new, given, ())
    carts.keep(tenant, new)
    carts.recount(tenant, source, old)
    _apply_updates(tenant, match, old, new)
    return versions


def _apply_updates(
    tenant: TenantConnection, match: Match, old: Sequence[Message], new: Sequence[Message]
) -> None:
    """Let the latest update hold at the event that they came to; the real one that they left has again what
    it had, where nobody else has said anything."""
    if not any(isinstance(fact, VenueUpdate) for message in new for fact in message.facts):
        return
    venue_updates.apply(tenant, new)
    if match.status != "undoing":
        return
    fields = {fact.field for message in old for fact in message.facts if isinstance(fact, VenueUpdate)}
    left = tenant.execute(
        f"SELECT DISTINCT field FROM venue_updates WHERE {_OWN} AND field = ANY(%(fields)s)",
        _key(tenant, (match.venue_id, match.real_event_id)) | {"fields": sorted(fields)},
    )
    others = {field for (field,) in left.fetchall()}
    key = _key(tenant, (match.venue_id, match.real_event_id))
    for field in sorted(fields - others):
        if field == "holds":
            tenant.execute(f"DELETE FROM holds WHERE {_OWN} AND hold = 'updates'", key)
        elif field in venue_updates.OF_EVENT:
            column = venue_updates.OF_EVENT[field].column
            tenant.execute(
                f"UPDATE events SET {column} = (jsonb_populate_record(NULL::events, %(before)s)).{column}"
                f" WHERE {_OWN}",
                key | {"before": msgspec.json.encode(match.before).decode()},
            )
    venue_updates.apply(tenant, old)


def _settle(tenant: TenantConnection, match: Match) -> dict[EventKey, int]:
    """Nothing is left: take the placeholder's empty sums away, and the messages that stated no fact along."""
    event = (match.venue_id, match.event_id)
    key = _key(tenant, event) | {"target": match.real_event_id, "since": match.placeholder["created_at"]}
    tenant.execute(_LEFTOVER, key)
    row = tenant.execute(f"SELECT version FROM event_totals WHERE {_OWN}", key).fetchone()
    for table in _ROLLUPS:
        tenant.execute(f"DELETE FROM {table} WHERE {_OWN}", key)
    tenant.execute(
        "UPDATE event_aliases SET status = 'matched', version = greatest(version, %(version)s)"
        " WHERE tenant_id = %(tenant)s AND event_id = %(event)s",
        key | {"version": row[0] if row else 0},
    )
    return rollup_tables.touch(tenant, [(match.venue_id, match.real_event_id)])


def _end(tenant: TenantConnection, match: Match) -> dict[EventKey, int]:
    """Everything is back: there is no match any more."""
    tenant.execute(
        "DELETE FROM event_aliases WHERE tenant_id = %s AND event_id = %s", [tenant.tenant_id, match.event_id]
    )
    return rollup_tables.touch(
        tenant, [(match.venue_id, match.event_id), (match.venue_id, match.real_event_id)]
    )


def _messages(tenant: TenantConnection, places: Sequence[_Place], event: EventKey) -> list[Message]:
    """The messages with their facts, as the writer had them; without what no sum needs."""
    facts: dict[UUID, list[Fact]] = defaultdict(list)
    parameters = _key(tenant, event) | {"rows": _rows(places)}
    for kind, table in TABLES.items():
        names = [name for name in kind.__struct_fields__ if name not in _UNNEEDED]
        columns = ", ".join(f"f.{name}::text" if name == "value" else f"f.{name}" for name in names)
        rows = tenant.execute(
            f"SELECT f.message_key, {columns} FROM {table} f, {_PLACES} WHERE {_SAME}"
            " ORDER BY f.message_key, f.line",
            parameters,
        )
        for key, *values in rows.fetchall():
            facts[key].append(kind(**dict(zip(names, values, strict=True))))
    return [Message(key, "", "", event[0], event[1], "", at, "{}", tuple(facts[key])) for at, key in places]


_UNNEEDED = frozenset({"restores", "metadata", "items"})
_OWN = "tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s"
_PLACES = "json_to_recordset(%(rows)s::json) AS r (occurred_at timestamptz, message_key uuid)"
_SAME = (
    "f.tenant_id = %(tenant)s AND f.venue_id = %(venue)s AND f.event_id = %(event)s"
    " AND f.occurred_at = r.occurred_at AND f.message_key = r.message_key"
)
_REMEMBER = (
    "INSERT INTO moved_messages (tenant_id, event_id, message_key, occurred_at)"
    f" SELECT %(tenant)s, %(event)s, r.message_key, r.occurred_at FROM {_PLACES} ON CONFLICT DO NOTHING"
)
_LEFTOVER = """
WITH moved AS (
    UPDATE messages SET event_id = %(target)s
    WHERE tenant_id = %(tenant)s AND event_id = %(event)s
      AND received_at >= %(since)s::timestamptz - interval '1 minute'
    RETURNING message_key, occurred_at
)
INSERT INTO moved_messages (tenant_id, event_id, message_key, occurred_at)
SELECT %(tenant)s, %(event)s, message_key, occurred_at FROM moved ON CONFLICT DO NOTHING
"""


def _key(tenant: TenantConnection, event: EventKey) -> dict[str, Any]:
    return {"tenant": tenant.tenant_id, "venue": event[0], "event": event[1]}


def _rows(places: Sequence[_Place]) -> str:
    return recordset.encode([{"occurred_at": at, "message_key": key} for at, key in places])
