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
from typing import Literal
from uuid import UUID

import msgspec

from data import (
    carts,
    event_aliases,
    house_count,
    recordset,
    rollup_tables,
    rollups,
    venue_updates,
    webhook_outbox,
)
from data.conflicts import retried
from data.engine import Database, TenantConnection
from data.event_aliases import Aliases
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
from data.webhook_events import EventUnregistered

Verdict = Literal["accepted", "duplicate", "other_venue"]

TABLES: dict[type[Fact], str] = {
    SaleLine: "ticket_sales",
    Scan: "ticket_scans",
    PageView: "page_views",
    CartUpdate: "cart_updates",
    SocialMention: "social_mentions",
    TicketTransfer: "ticket_transfers",
    InvalidAttempt: "invalid_attempts",
    VenueUpdate: "venue_updates",
}


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
    named = messages
    elsewhere, aliases = _place_events(tenant, messages)
    messages = event_aliases.sent_on(messages, aliases)
    candidates: dict[int, int] = {}
    for index, message in enumerate(messages):
        if elsewhere and (message.venue_id, named[index].event_id) in elsewhere:
            verdicts[index] = "other_venue"
        else:
            candidates.setdefault(message.key.int, index)
    events = recordset.Events()
    fresh = _remember(tenant, events, messages, candidates)
    for index in fresh:
        verdicts[index] = "accepted"
    accepted = [messages[index] for index in sorted(fresh)]
    if aliases:
        moved = [(named[index].event_id, messages[index]) for index in fresh]
        event_aliases.remember(tenant, [each for each in moved if each[0] in aliases])
    return Written(verdicts, _write(tenant, events, accepted, aliases) if accepted else {})


def _place_events(tenant: TenantConnection, messages: Iterable[Message]) -> tuple[set[EventKey], Aliases]:
    """Give unknown events a placeholder, unless they were matched to real ones; returns the pairs whose event
    is at another venue, and what was matched."""
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
    aliases = event_aliases.of(tenant, {event for _, event in missing}) if missing else {}
    missing = [pair for pair in missing if pair[1] not in aliases]
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
        there = [pair for pair in missing if known.get(pair[1]) == pair[0]]
        webhook_outbox.put(
            tenant,
            [
                EventUnregistered(
                    venue_id=venue, event_id=event, external_id=_external(refs[venue, event], event)
                )
                for venue, event in there
            ],
            datetime.now(UTC),
        )
    known |= {event: venue for event, (venue, _) in aliases.items()}
    return {pair for pair in refs if known.get(pair[1]) != pair[0]}, aliases


def _venues_of(tenant: TenantConnection, pairs: Iterable[EventKey]) -> dict[UUID, UUID]:
    rows = tenant.execute(
        "SELECT event_id, venue_id FROM events WHERE tenant_id = %s AND event_id = ANY(%s)",
        [tenant.tenant_id, list({event for _, event in pairs})],
    )
    return dict(rows.fetchall())


def _external(ref: str, event_id: UUID) -> str | None:
    return None if ref == str(event_id) else ref


def _remember(
    tenant: TenantConnection,
    events: recordset.Events,
    messages: Sequence[Message],
    candidates: dict[int, int],
) -> list[int]:
    """Claim the keys (as numbers, with each message's index) and keep the raw messages.

    Returns the indices of the messages whose keys were new.
    """
    rows = [
        {
            "index": index,
            "e": events.number(message.venue_id, message.event_id),
            "message_key": message.key,
            "type": message.type,
            "source": message.source,
            "occurred_at": message.occurred_at,
            "payload": msgspec.Raw(message.payload.encode()),
        }
        for _, index in sorted(candidates.items())
        for message in (messages[index],)
    ]
    if not rows:
        return []
    parameters = events.parameters(tenant.tenant_id, rows, now=datetime.now(UTC))
    return [index for (index,) in tenant.execute(_REMEMBER, parameters).fetchall()]


_RECEIVED = ("e", "message_key", "type", "source", "occurred_at", "payload")
# The keys stand between two statements' worth of rows: only what is new to them is kept.
_REMEMBER = f"""
WITH received AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json)
        AS r (index int, {recordset.definition("messages", _RECEIVED, nested=True)})
), fresh AS (
    INSERT INTO message_keys (tenant_id, message_key) SELECT %(tenant)s, message_key FROM received
    ON CONFLICT DO NOTHING RETURNING message_key
), kept AS (
    INSERT INTO messages (tenant_id, received_at, venue_id, event_id, {", ".join(_RECEIVED[1:])})
    SELECT %(tenant)s, %(now)s, {recordset.VENUE}, {recordset.EVENT}, {", ".join(_RECEIVED[1:])}
    FROM received r JOIN fresh USING (message_key)
    RETURNING 1
)
SELECT index FROM received JOIN fresh USING (message_key)
"""


def _write(
    tenant: TenantConnection, events: recordset.Events, messages: Sequence[Message], aliases: Aliases
) -> dict[EventKey, int]:
    with tenant.connection.pipeline():
        _insert_facts(tenant, events, messages)
        increments = rollups.of(messages)
        with_new_events = rollup_tables.lock(tenant, increments)
        if with_new_events or aliases:
            new = {event for venue, event in increments if venue in with_new_events}
            event_aliases.require_unchanged(tenant, aliases, new)
        house_count.move(tenant, events, messages, increments)
        carts.keep(tenant, messages)
        versions = rollup_tables.add(tenant, events, messages, increments, with_new_events)
        venue_updates.apply(tenant, messages)
        return versions


def _insert_facts(tenant: TenantConnection, events: recordset.Events, messages: Sequence[Message]) -> None:
    rows: dict[type[Fact], list[bytes]] = defaultdict(list)
    encode = msgspec.json.encode
    for message in messages:
        number = events.number(message.venue_id, message.event_id)
        key = f'{{"e":{number},"message_key":"{message.key.int:032x}","line":'
        for line, fact in enumerate(message.facts):
            # Every fact is an object with a time: its own members follow those of the key.
            rows[type(fact)].append(f"{key}{line},".encode() + encode(fact)[1:])
    for kind, lines in rows.items():
        parameters = events.parameters(tenant.tenant_id, [])
        parameters["rows"] = (b"[" + b",".join(lines) + b"]").decode()
        tenant.execute(_APPEND[kind], parameters)


def _append(kind: type[Fact]) -> str:
    # `restores` only steers presence: it has no column.
    names = [name for name in kind.__struct_fields__ if name != "restores"]
    given = msgspec.structs.fields(kind)
    defaults = [(field.name, field.default) for field in given if field.name in names]
    return recordset.append(
        TABLES[kind],
        ("e", "message_key", "line", *names),
        tuple((name, value) for name, value in defaults if value not in (None, msgspec.NODEFAULT)),
    )


_APPEND = {kind: _append(kind) for kind in TABLES}
