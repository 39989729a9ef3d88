"""The one writer: messages become facts, presence and roll-ups in one transaction.

The effect is exactly once: a message's key is remembered for ever, and only keys seen for the
first time go on. Order never matters: sums commute, and a ticket's presence is recomputed from
all its moves. Placeholders of unknown events, keys, events' totals and venues are taken in this
order and each in sorted order, so writers do not wait in circles (and try again if they ever do);
everything of one event after its lock is written by one transaction at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Literal
from uuid import UUID

from msgspec.structs import asdict

from data import carts, house_count, recordset, rollup_tables, rollups, venue_updates
from data.conflicts import retried
from data.engine import Database, TenantConnection
from data.messages import (
    NO_EVENT,
    CartUpdate,
    Fact,
    InvalidAttempt,
    Message,
    PageView,
    SaleLine,
    Scan,
    SocialMention,
    TicketTransfer,
    VenueUpdate,
)
from data.rollups import EventKey

Verdict = Literal["accepted", "duplicate", "other_venue"]

_TABLES: dict[type[Fact], str] = {
    SaleLine: "ticket_sales",
    Scan: "ticket_scans",
    PageView: "page_views",
    CartUpdate: "cart_updates",
    SocialMention: "social_mentions",
    TicketTransfer: "ticket_transfers",
    InvalidAttempt: "invalid_attempts",
    VenueUpdate: "venue_updates",
}
_KEYED = ("venue_id", "event_id", "message_key", "line")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch: a verdict for each message in their order, and the new version of
    every event that changed, by (venue_id, event_id)."""

    verdicts: list[Verdict]
    versions: dict[EventKey, int] = field(default_factory=dict)


def write(database: Database, tenant_id: UUID, messages: Sequence[Message]) -> Written:
    """Commit a batch in one transaction; when this returns, what was accepted is durable.

    Raises DatabaseUnavailable when PostgreSQL is away, and then nothing was written;
    psycopg.DataError for a message that no door should have let through.
    """

    def transaction() -> Written:
        with database.tenant(tenant_id) as tenant:
            return write_within(tenant, messages)

    return retried(transaction)


def write_within(tenant: TenantConnection, messages: Sequence[Message]) -> Written:
    """`write` inside a transaction of the caller's: it holds when the caller commits.

    At most once per transaction: a second call could lock events out of order.
    """
    verdicts: list[Verdict] = ["duplicate"] * len(messages)
    elsewhere = _place_events(tenant, messages)
    candidates: dict[UUID, int] = {}
    for index, message in enumerate(messages):
        if elsewhere and (message.venue_id, message.event_id) in elsewhere:
            verdicts[index] = "other_venue"
        else:
            candidates.setdefault(message.key, index)
    fresh = [candidates[key] for key in _remember(tenant, messages, candidates)]
    for index in fresh:
        verdicts[index] = "accepted"
    accepted = [messages[index] for index in sorted(fresh)]
    return Written(verdicts, _write(tenant, accepted) if accepted else {})


def _place_events(tenant: TenantConnection, messages: Iterable[Message]) -> set[EventKey]:
    """Give unknown events a placeholder; returns the pairs whose event is at another venue."""
    refs: dict[EventKey, str] = {}
    venue_id = event_id = None
    for message in messages:
        # Neighbours mostly are of one event, and to compare is quicker than to hash.
        if message.event_id is not event_id or message.venue_id is not venue_id:
            venue_id, event_id = message.venue_id, message.event_id
            if event_id != NO_EVENT:
                refs[venue_id, event_id] = message.event_ref
    known = _venues_of(tenant, refs)
    missing = sorted(pair for pair in refs if pair[1] not in known)
    if missing:
        rows = [
            {"venue_id": venue, "event_id": event, "external_id": _external(refs[venue, event], event)}
            | {"name": refs[venue, event], "registered": False}
            for venue, event in missing
        ]
        columns = ("venue_id", "event_id", "external_id", "name", "registered")
        tenant.execute(
            recordset.insert("events", columns),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
        )
        known = _venues_of(tenant, refs)
    return {pair for pair in refs if known.get(pair[1]) != pair[0]}


def _venues_of(tenant: TenantConnection, pairs: Iterable[EventKey]) -> dict[UUID, UUID]:
    rows = tenant.execute(
        "SELECT event_id, venue_id FROM events WHERE tenant_id = %s AND event_id = ANY(%s)",
        [tenant.tenant_id, list({event for _, event in pairs})],
    )
    return dict(rows.fetchall())


def _external(ref: str, event_id: UUID) -> str | None:
    return None if ref == str(event_id) else ref


def _remember(
    tenant: TenantConnection, messages: Sequence[Message], candidates: dict[UUID, int]
) -> list[UUID]:
    """Claim the keys and keep the raw messages; returns the keys that were new."""
    columns = ("message_key", "venue_id", "event_id", "type", "source", "occurred_at", "payload")
    rows = [
        {
            "message_key": key,
            "venue_id": message.venue_id,
            "event_id": message.event_id,
            "type": message.type,
            "source": message.source,
            "occurred_at": message.occurred_at,
            "payload": message.payload,
        }
        for key in sorted(candidates, key=attrgetter("int"))
        for message in (messages[candidates[key]],)
    ]
    if not rows:
        return []
    cursor = tenant.execute(
        f"""
        WITH received AS MATERIALIZED (
            SELECT * FROM json_to_recordset(%(rows)s::json) AS r ({recordset.definition("messages", columns)})
        ), fresh AS (
            INSERT INTO message_keys (tenant_id, message_key) SELECT %(tenant)s, message_key FROM received
            ON CONFLICT DO NOTHING RETURNING message_key
        ), kept AS (
            INSERT INTO messages (tenant_id, received_at, {", ".join(columns)})
            SELECT %(tenant)s, %(now)s, message_key, venue_id, event_id, type, source, occurred_at,
                   payload::jsonb
            FROM received JOIN fresh USING (message_key)
            ON CONFLICT DO NOTHING
        )
        SELECT message_key FROM fresh
        """,
        {"tenant": tenant.tenant_id, "now": datetime.now(UTC), "rows": recordset.encode(rows)},
    )
    return [key for (key,) in cursor.fetchall()]


def _write(tenant: TenantConnection, messages: Sequence[Message]) -> dict[EventKey, int]:
    _insert_facts(tenant, messages)
    increments = rollups.of(messages)
    with_new_events = rollup_tables.lock(tenant, increments)
    house_count.move(tenant, messages, increments)
    carts.keep(tenant, messages)
    versions = rollup_tables.add(tenant, messages, increments, with_new_events)
    venue_updates.apply(tenant, messages)
    return versions


def _insert_facts(tenant: TenantConnection, messages: Sequence[Message]) -> None:
    rows: dict[type[Fact], list[dict[str, object]]] = defaultdict(list)
    for message in messages:
        for line, fact in enumerate(message.facts):
            row = asdict(fact)
            row["venue_id"] = message.venue_id
            row["event_id"] = message.event_id
            row["message_key"] = message.key
            row["line"] = line
            rows[type(fact)].append(row)
    for kind, lines in rows.items():
        tenant.execute(
            recordset.insert(_TABLES[kind], _COLUMNS[kind]),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(lines)},
        )


_COLUMNS = {
    # `restores` only steers presence: it has no column.
    kind: (*_KEYED, *(name for name in kind.__struct_fields__ if name != "restores"))
    for kind in _TABLES
}
