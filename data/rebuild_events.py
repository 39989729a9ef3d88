"""Work the roll-ups of events out again from facts and presence, and correct what differs.

The moves of a ticket (`presence.moves`) are the ledger of people: what each scan did to the ticket, with
the zone its gate led to at the time. Everything else comes from the fact tables. A row that is not there
counts as a row of zeros; what is right already is not touched.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger

from data import archived, house_count, recordset, rollup_queue, rollup_tables
from data.conflicts import retried
from data.day_increments import VenueDays
from data.engine import Database, TenantConnection
from data.messages import (
    CartUpdate,
    Fact,
    InvalidAttempt,
    PageView,
    SaleLine,
    Scan,
    SocialMention,
    TicketTransfer,
)
from data.presence import NOWHERE, Move, trace
from data.rebuild_progress import Told, nobody
from data.rollups import TOTALS, EventIncrements, EventKey, seconds_of
from data.schema import metadata

_READ: dict[str, tuple[type[Fact], str]] = {
    "ticket_sales": (SaleLine, "kind occurred_at quantity amount_minor currency tax_minor comp admission"),
    "ticket_scans": (Scan, "occurred_at ticket_id direction effect gate admission"),
    "page_views": (PageView, "occurred_at path"),
    "cart_updates": (CartUpdate, "occurred_at quantity value_minor currency"),
    "social_mentions": (SocialMention, "occurred_at platform reach likes shares"),
    "ticket_transfers": (TicketTransfer, "occurred_at ticket_id successful"),
    "invalid_attempts": (InvalidAttempt, "occurred_at attempt_type"),
}
"""What the roll-ups of events need of each fact."""
_OWN = "tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s"
_EVENT_KEY = ("tenant_id", "venue_id", "event_id")

Rows = Mapping[tuple[Any, ...], Mapping[str, int]]
"""What follows the event in the key of a row → its sums."""


def rebuild(database: Database, tenant_id: UUID, told: Told = nobody) -> Iterator[Counter[str]]:
    """Rebuild one event after the other; gives for each how many rows of which table were wrong.

    Each in a transaction of its own that holds the event's lock, so writers of an event wait for the
    moment in which it is worked out. Events with archived facts are left as they are. Raises
    DatabaseUnavailable.
    """
    with database.tenant(tenant_id) as tenant:
        found = tenant.execute(_EVENTS, {"tenant": tenant_id}).fetchall()
    told("events", 0, len(found))
    for done, event in enumerate(found, start=1):
        wrong = retried(partial(_rebuild, database, tenant_id, event))
        told("events", done, len(found))
        yield wrong


def _rebuild(database: Database, tenant_id: UUID, event: EventKey) -> Counter[str]:
    with database.tenant(tenant_id) as tenant:
        if archived.holds(tenant, event[1]):
            return Counter()  # Of facts that are not there nothing can be worked out.
        rollup_tables.lock(tenant, [event])
        wrong: Counter[str] = Counter()
        true = EventIncrements()
        for fact in _facts(tenant, event):
            true.add(fact)
        wrong["presence"] = _follow_people(tenant, event, true)
        days = _correct_buckets(tenant, event, true, wrong)
        wrong["house_count_minutes"], peaks = _correct_counts(tenant, event, true.seconds, wrong)
        totals = {(): {name: true.totals[name] for name in TOTALS}}
        wrong["event_totals"] = max(peaks, len(_correct(tenant, event, "event_totals", totals)))
        wrong["carts"] = tenant.execute(_CORRECT_CARTS, _key(tenant, event)).rowcount
        if wrong.total():
            # Whoever remembers the event or these days has to ask again.
            rollup_queue.put(tenant, event[0], days)
            rollup_tables.touch(tenant, [event])
        return +wrong


def _correct_buckets(
    tenant: TenantConnection, event: EventKey, true: EventIncrements, wrong: Counter[str]
) -> VenueDays:
    """Correct what is kept per bucket, gate, zone and currency; returns the days that were wrong."""
    calendar = rollup_tables.calendars(tenant, [event[0]])[event[0]]
    buckets = {
        (grain, _moment(start), currency): sums
        for (grain, start, currency), sums in true.grains(*calendar).items()
    }
    corrected = _correct(tenant, event, "venue_analytics", buckets)
    wrong["venue_analytics"] = len(corrected)
    days = VenueDays(calendar)
    for grain, start, _ in corrected:
        if grain == "daily":
            days.number(int(start.timestamp()))
    for table, rows in (
        ("gate_analytics", {(gate, _moment(minute)): sums for (gate, minute), sums in true.gates.items()}),
        ("event_money", {(currency,): sums for currency, sums in true.money.items()}),
        ("zone_totals", {(zone,): {"inside": inside} for zone, inside in true.zones.items()}),
    ):
        wrong[table] = len(_correct(tenant, event, table, rows))
    return days


def _facts(tenant: TenantConnection, event: EventKey) -> Iterator[Fact]:
    for table, (kind, names) in _READ.items():
        columns = names.split()
        rows = tenant.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE {_OWN}", _key(tenant, event))
        for row in rows:
            yield kind(**dict(zip(columns, row, strict=True)))


def _follow_people(tenant: TenantConnection, event: EventKey, true: EventIncrements) -> int:
    """Count people by the moves of their tickets; returns how many rows of presence were wrong."""
    state = house_count.PRESENCE_STATE
    decode = msgspec.json.Decoder(list[Move]).decode
    events = recordset.Events()
    wrong = []
    present = tenant.execute(
        f"SELECT ticket_id, {', '.join(state[:-1])}, moves::text FROM presence WHERE {_OWN}",
        _key(tenant, event),
    )
    for ticket_id, *found, text in present:
        moves = decode(text)
        now = trace(moves)
        true.moved(NOWHERE, now)
        row = house_count.presence_row(events.number(*event), ticket_id, now, moves)
        if [row[name] for name in state[:-1]] != found:
            wrong.append(row)
    if wrong:
        house_count.write_presence(tenant, events, wrong)
    return len(wrong)


def _correct_counts(
    tenant: TenantConnection, event: EventKey, seconds: Mapping[int, int], wrong: Counter[str]
) -> tuple[int, int]:
    """Correct the seconds; returns how many minutes and peaks were wrong."""
    key = _key(tenant, event)
    found = {
        seconds_of(second): change
        for second, change in tenant.execute(f"SELECT second, change FROM house_counts WHERE {_OWN}", key)
    }
    lacking = {
        second: seconds.get(second, 0) - found.get(second, 0) for second in found.keys() | seconds.keys()
    }
    lacking = {second: change for second, change in lacking.items() if change}
    wrong["house_counts"] = len(lacking)
    events = recordset.Events()
    house_count.add_changes(tenant, events, {event: lacking})
    gone = tenant.execute(_EMPTY_MINUTES, key).rowcount
    if not found and not lacking:
        return gone, tenant.execute(_NO_PEAK, key).rowcount
    minutes, peaks = house_count.recount(tenant, events, {event: found | lacking})
    return gone + minutes.rowcount, peaks.rowcount


def _correct(tenant: TenantConnection, event: EventKey, table: str, true: Rows) -> list[tuple[Any, ...]]:
    """Add to the rows of a table what they lack; returns the keys of those that were wrong."""
    columns = metadata.tables[table].c
    key = [c.name for c in metadata.tables[table].primary_key if c.name not in _EVENT_KEY]
    sums = (
        TOTALS
        if table == "event_totals"
        else [c.name for c in columns if isinstance(c.type, BigInteger) and c.name not in key]
    )
    rows = tenant.rows(f"SELECT {', '.join((*key, *sums))} FROM {table} WHERE {_OWN}", _key(tenant, event))
    found = {tuple(row[name] for name in key): row for row in rows}
    events = recordset.Events()
    number = events.number(*event)
    changes, wrong = [], []
    for own in found.keys() | true.keys():
        have, want = found.get(own, {}), true.get(own, {})
        lacking = {name: want.get(name, 0) - have.get(name, 0) for name in sums}
        if any(lacking.values()):
            wrong.append(own)
            changes.append({"e": number, **dict(zip(key, own, strict=True)), **lacking})
    if changes:
        tenant.execute(recordset.increment(table), events.parameters(tenant.tenant_id, changes))
    return wrong


def _key(tenant: TenantConnection, event: EventKey) -> dict[str, UUID]:
    return {"tenant": tenant.tenant_id, "venue": event[0], "event": event[1]}


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


_TOUCHED = " OR ".join(
    f"EXISTS (SELECT FROM {table} t WHERE t.tenant_id = e.tenant_id AND t.venue_id = e.venue_id"
    " AND t.event_id = e.event_id)"
    for table in ("event_totals", *_READ)
)
_EVENTS = (
    f"SELECT venue_id, event_id FROM events e WHERE tenant_id = %(tenant)s AND ({_TOUCHED})"
    " ORDER BY venue_id, event_id"
)
_EMPTY_MINUTES = f"""
DELETE FROM house_count_minutes m WHERE {_OWN} AND NOT EXISTS (
    SELECT FROM house_counts h
    WHERE h.tenant_id = m.tenant_id AND h.venue_id = m.venue_id AND h.event_id = m.event_id
      AND h.second >= m.minute AND h.second < m.minute + interval '1 minute')
"""
_NO_PEAK = (
    f"UPDATE event_totals SET peak = 0, peak_at = NULL WHERE {_OWN} AND (peak <> 0 OR peak_at IS NOT NULL)"
)
_CORRECT_CARTS = f"""
INSERT INTO carts (tenant_id, venue_id, event_id, customer, quantity, updated_at)
SELECT tenant_id, venue_id, event_id, customer, quantity, occurred_at FROM (
    SELECT DISTINCT ON (customer) * FROM cart_updates WHERE {_OWN} AND customer IS NOT NULL
    ORDER BY customer, occurred_at DESC, quantity DESC
) latest
ON CONFLICT (tenant_id, venue_id, event_id, customer)
DO UPDATE SET quantity = EXCLUDED.quantity, updated_at = EXCLUDED.updated_at
WHERE (carts.quantity, carts.updated_at) IS DISTINCT FROM (EXCLUDED.quantity, EXCLUDED.updated_at)
"""
