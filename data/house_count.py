"""Who is inside, now and at every second of the night, kept true when scans arrive late."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Cursor

from data import recordset
from data.engine import TenantConnection
from data.messages import Message, SaleLine, Scan
from data.presence import Move, MoveKind, Trace, trace
from data.rollups import EventKey, Increments, instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Moves = dict[EventKey, dict[str, list[Move]]]
"""(venue_id, event_id) → ticket_id → its moves"""
_Known = dict[int, dict[str, list[Move]]]
"""The same by the events' numbers"""


def move(
    tenant: TenantConnection,
    events: recordset.Events,
    messages: Sequence[Message],
    increments: Increments,
) -> None:
    """Add the moves of a batch to their tickets' presence and what changed to `increments`.

    The caller holds the events' locks. Afterwards presence, house count and peak are written.
    """
    new = _new_moves(tenant, messages)
    if not new:
        return
    before = _present(tenant, events, new)
    rows = []
    for event in sorted(new):
        own, known = increments[event], before.get(events.number(*event), {})
        for ticket_id, made in sorted(new[event].items()):
            old = known.get(ticket_id, [])
            moves = old + made
            now = trace(moves)
            own.moved(trace(old), now)
            rows.append(presence_row(events.number(*event), ticket_id, now, moves))
    write_presence(tenant, events, rows)
    _write_counts(tenant, events, {event: increments[event].seconds for event in sorted(new)})


def take_back(
    tenant: TenantConnection,
    events: recordset.Events,
    messages: Sequence[Message],
    increments: Increments,
) -> None:
    """The opposite of `move`: without the moves of these messages, as if they had never come."""
    gone = _new_moves(tenant, messages)
    if not gone:
        return
    before = _present(tenant, events, gone)
    rows, empty = [], []
    for event in sorted(gone):
        own, number = increments[event], events.number(*event)
        known = before.get(number, {})
        for ticket_id, made in sorted(gone[event].items()):
            old = known.get(ticket_id, [])
            left = without(old, made)
            now = trace(left)
            own.moved(trace(old), now)
            if left:
                rows.append(presence_row(number, ticket_id, now, left))
            else:
                empty.append({"e": number, "ticket_id": ticket_id})
    if rows:
        write_presence(tenant, events, rows)
    if empty:
        tenant.execute(_NOBODY, events.parameters(tenant.tenant_id, empty))
    _write_counts(tenant, events, {event: increments[event].seconds for event in sorted(gone)})


def without(moves: Sequence[Move], gone: Iterable[Move]) -> list[Move]:
    """The moves that are left. A gate may lead to another zone by now: then the move is known by all else."""
    left = list(moves)
    for move in gone:
        same = [at for at, each in enumerate(left) if (*each[:3], each[4]) == (*move[:3], move[4])]
        if same:  # The one that came last.
            del left[max(same, key=lambda at: (left[at][3] == move[3], at))]
    return left


def _new_moves(tenant: TenantConnection, messages: Sequence[Message]) -> Moves:
    moves: Moves = {}
    zones: dict[tuple[UUID, str], str | None] | None = None
    for message in messages:
        for fact in message.facts:
            if isinstance(fact, Scan) and fact.effect and fact.admission:
                if zones is None:
                    zones = _zones_of_gates(tenant, {m.venue_id for m in messages})
                zone = zones.get((message.venue_id, fact.gate)) if fact.gate else None
                kind = MoveKind.ENTRY if fact.direction == "entry" else MoveKind.EXIT
                made = (_microseconds(fact.occurred_at), int(kind), fact.area, zone, fact.effect)
            elif isinstance(fact, SaleLine) and fact.ticket_id is not None and fact.admission:
                right = _change_of_right(fact)
                if right is None:
                    continue
                made = (_microseconds(fact.occurred_at), int(right), "", None, 1)
            else:
                continue
            of_event = moves.setdefault((message.venue_id, message.event_id), {})
            of_event.setdefault(str(fact.ticket_id), []).append(made)
    return moves


def _change_of_right(line: SaleLine) -> MoveKind | None:
    if line.kind == "cancellation":
        return MoveKind.VOID
    return MoveKind.RESTORE if line.restores else None


def _zones_of_gates(tenant: TenantConnection, venues: set[UUID]) -> dict[tuple[UUID, str], str | None]:
    rows = tenant.execute(
        "SELECT venue_id, gate, zone FROM gates WHERE tenant_id = %s AND venue_id = ANY(%s)",
        [tenant.tenant_id, list(venues)],
    )
    return {(venue, gate): zone for venue, gate, zone in rows.fetchall()}


def _present(tenant: TenantConnection, events: recordset.Events, tickets: Moves) -> _Known:
    rows = [
        {"e": number, "ticket_id": ticket_id}
        for event, moves in tickets.items()
        for number in (events.number(*event),)
        for ticket_id in moves
    ]
    cursor = tenant.execute(
        # OFFSET 0 as in _MINUTES: each ticket by the index, never all tickets of the tenant.
        "SELECT r.e, r.ticket_id, p.moves"
        " FROM json_to_recordset(%(rows)s::json) AS r (e int, ticket_id text)"
        " CROSS JOIN LATERAL (SELECT moves::text FROM presence WHERE tenant_id = %(tenant)s"
        f" AND venue_id = {recordset.VENUE} AND event_id = {recordset.EVENT}"
        " AND ticket_id = r.ticket_id OFFSET 0) p",
        events.parameters(tenant.tenant_id, rows),
    )
    decode = msgspec.json.Decoder(list[Move]).decode
    present: _Known = {}
    for number, ticket_id, moves in cursor.fetchall():
        present.setdefault(number, {})[ticket_id] = decode(moves)
    return present


def presence_row(event: int, ticket_id: str, now: Trace, moves: list[Move]) -> dict[str, object]:
    """A ticket's row of `presence` after all its moves; the event by its number."""
    return {
        "e": event,
        "ticket_id": ticket_id,
        "inside": now.inside,
        "zone": now.zone,
        "entries": now.entries,
        "exits": now.exits,
        "first_entry_at": _moment(now.first_entry),
        "last_move_at": _moment(now.last_move),
        "moves": moves,
    }


PRESENCE_STATE = ("inside", "zone", "entries", "exits", "first_entry_at", "last_move_at", "moves")


def write_presence(tenant: TenantConnection, events: recordset.Events, rows: list[dict[str, object]]) -> None:
    """Put these rows of `presence` in the place of what is there of their tickets."""
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in PRESENCE_STATE)
    tenant.execute(
        recordset.insert(
            "presence",
            ("e", "ticket_id", *PRESENCE_STATE),
            f"(tenant_id, venue_id, event_id, ticket_id) DO UPDATE SET {changes}",
            nested=True,
        ),
        events.parameters(tenant.tenant_id, rows),
    )


def _write_counts(
    tenant: TenantConnection, events: recordset.Events, seconds: dict[EventKey, dict[int, int]]
) -> None:
    if any(change for own in seconds.values() for change in own.values()):
        add_changes(tenant, events, seconds)
        recount(tenant, events, seconds)


def add_changes(
    tenant: TenantConnection, events: recordset.Events, seconds: Mapping[EventKey, Mapping[int, int]]
) -> None:
    """Add changes of people inside to their seconds: `recount` has to follow."""
    changes = [
        {"e": number, "second": instant(second), "change": change}
        for event, own in seconds.items()
        for number in (events.number(*event),)
        for second, change in sorted(own.items())
        if change
    ]
    if changes:
        tenant.execute(
            recordset.insert(
                "house_counts",
                ("e", "second", "change"),
                "(tenant_id, venue_id, event_id, second)"
                " DO UPDATE SET change = house_counts.change + EXCLUDED.change",
            ),
            events.parameters(tenant.tenant_id, changes),
        )


def recount(
    tenant: TenantConnection, events: recordset.Events, seconds: Mapping[EventKey, Iterable[int]]
) -> list[Cursor[Any]]:
    """Work out the minutes that hold these seconds, and the events' peaks.

    The row counts of the two cursors say how many of each changed.
    """
    minutes = [
        {"e": number, "minute": instant(minute)}
        for event, own in seconds.items()
        for number in (events.number(*event),)
        for minute in sorted({second // 60 * 60 for second in own})
    ]
    touched = {"venues": list({venue for venue, _ in seconds}), "events": [event for _, event in seconds]}
    return [
        tenant.execute(_MINUTES, events.parameters(tenant.tenant_id, minutes)),
        tenant.execute(_PEAK, {"tenant": tenant.tenant_id, **touched}),
    ]


_NOBODY = f"""
DELETE FROM presence p USING json_to_recordset(%(rows)s::json) AS r (e int, ticket_id text)
WHERE p.tenant_id = %(tenant)s AND p.venue_id = {recordset.VENUE} AND p.event_id = {recordset.EVENT}
  AND p.ticket_id = r.ticket_id
"""

# OFFSET 0 keeps the planner from reading all seconds of the tenant at once, which it takes for cheaper
# than a look into the index for each minute as long as it does not know how many there are.
_MINUTES = f"""
INSERT INTO house_count_minutes (tenant_id, venue_id, event_id, minute, change, highest, highest_at)
SELECT %(tenant)s, venue_id, event_id, minute, sum(change), max(running),
       (array_agg(second ORDER BY running DESC, second))[1]
FROM (
    SELECT {recordset.VENUE} AS venue_id, {recordset.EVENT} AS event_id, r.minute, h.second, h.change,
           sum(h.change) OVER (PARTITION BY r.e, r.minute ORDER BY h.second) AS running
    FROM json_to_recordset(%(rows)s::json) AS r (e int, minute timestamptz)
    CROSS JOIN LATERAL (
        SELECT second, change FROM house_counts
        WHERE tenant_id = %(tenant)s AND venue_id = {recordset.VENUE} AND event_id = {recordset.EVENT}
          AND second >= r.minute AND second < r.minute + interval '1 minute'
        OFFSET 0
    ) h
) seconds
GROUP BY venue_id, event_id, minute
ON CONFLICT (tenant_id, venue_id, event_id, minute)
DO UPDATE SET change = EXCLUDED.change, highest = EXCLUDED.highest, highest_at = EXCLUDED.highest_at
WHERE (house_count_minutes.change, house_count_minutes.highest, house_count_minutes.highest_at)
      IS DISTINCT FROM (EXCLUDED.change, EXCLUDED.highest, EXCLUDED.highest_at)
"""

_PEAK = """
UPDATE event_totals t SET peak = p.peak, peak_at = p.peak_at
FROM (
    SELECT DISTINCT ON (event_id) event_id, greatest(inside, 0) AS peak,
           CASE WHEN inside > 0 THEN highest_at END AS peak_at
    FROM (
        SELECT event_id, highest_at, highest + sum(change) OVER (
                   PARTITION BY event_id ORDER BY minute ROWS UNBOUNDED PRECEDING) - change AS inside
        FROM house_count_minutes
        WHERE tenant_id = %(tenant)s AND venue_id = ANY(%(venues)s) AND event_id = ANY(%(events)s)
    ) minutes
    ORDER BY event_id, inside DESC, highest_at
) p
WHERE t.tenant_id = %(tenant)s AND t.venue_id = ANY(%(venues)s) AND t.event_id = p.event_id
  AND (t.peak, t.peak_at) IS DISTINCT FROM (p.peak, p.peak_at)
"""


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + microseconds * MICROSECOND
