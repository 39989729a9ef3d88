"""What an answer depends on, as a short text that changes whenever the answer could: the cache's key.

Every write counts one change for each business day it touches at its venue, in the transaction of the
facts; the job that applies the roll-ups moves the count and changes no sum. So the token of a span of
days changes with every write that touches one of them, and with no other. To read two years of twenty
venues cheaply, changes are also summed per block of 32 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from data import recordset
from data.day_increments import STRUCTURE_DAY
from data.engine import TenantConnection
from data.rollups import instant

BLOCKS = "changes"
"""The dimension of `day_analytics` whose rows count changes per block of days."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK = timedelta(days=32)


def block_of(day: str) -> str:
    """SQL: the start of the block that holds an instant (SQL text)."""
    return f"date_bin('{_BLOCK.days} days', {day}, timestamptz '{_EPOCH.isoformat()}')"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of venues, or whole events whenever anything happened to them.

    `start` and `end` (excluded) are instants, None without bound; with `events` they are not asked.
    """

    venues: tuple[UUID, ...]
    start: datetime | None = None
    end: datetime | None = None
    events: tuple[UUID, ...] = ()


def tokens(tenant: TenantConnection, spans: Sequence[Span]) -> list[str]:
    """A token for each span, in one round trip.

    It changes with every write that touches a day of the span (or one of its events), and whenever the
    programme of one of its venues changes: new events, other times, capacities, names. Read it in the
    snapshot of the answer or before it, never after.
    """
    different = list(dict.fromkeys(spans))
    rows = [_row(number, span) for number, span in enumerate(different)]
    cursor = tenant.cursor()
    cursor.execute(_TOKENS, {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)}, prepare=True)
    found = {number: f"{changes}.{structure}" for number, changes, structure in cursor.fetchall()}
    of = {span: found[number] for number, span in enumerate(different)}
    return [of[span] for span in spans]


def token(tenant: TenantConnection, span: Span) -> str:
    """The token of one span."""
    return tokens(tenant, [span])[0]


def _row(number: int, span: Span) -> dict[str, object]:
    start, end = span.start, span.end
    # Whole blocks within the span are read as blocks, what is left at both ends as days.
    first = None if start is None else start + (_EPOCH - start) % _BLOCK
    last = None if end is None else end - (end - _EPOCH) % _BLOCK
    if first is not None and last is not None and last < first:
        first = last = end
    return {
        "n": number,
        "venues": span.venues,
        "events": span.events,
        "since": start or "-infinity",
        "first": first or "-infinity",
        "last": last or "infinity",
        "until": end or "infinity",
    }


_CHANGES = """
SELECT coalesce(sum(changes), 0) AS changes FROM day_analytics
WHERE tenant_id = %(tenant)s AND venue_id = ANY(s.venues) AND dimension = '{dimension}' AND value = ''
  AND currency = '' AND day >= {since} AND day < {until}
"""
_DAYS = f"""
SELECT sum(changes) AS changes FROM (
    {_CHANGES.format(dimension="", since="s.since", until="s.first")}
    UNION ALL {_CHANGES.format(dimension=BLOCKS, since="s.first", until="s.last")}
    UNION ALL {_CHANGES.format(dimension="", since="s.last", until="s.until")}
    UNION ALL SELECT count(*) FROM rollup_queue q CROSS JOIN LATERAL unnest(q.days) AS d (day)
    WHERE q.tenant_id = %(tenant)s AND q.venue_id = ANY(s.venues) AND d.day >= s.since AND d.day < s.until
) parts
"""
_EVENTS = """
SELECT coalesce(sum(version), 0) AS changes FROM event_totals
WHERE tenant_id = %(tenant)s AND event_id = ANY(s.events)
"""
_PROGRAMME = f"timestamptz '{instant(STRUCTURE_DAY)}'"
_STRUCTURE = f"""
SELECT sum(changes) AS changes FROM (
    {_CHANGES.format(dimension="", since=_PROGRAMME, until=f"{_PROGRAMME} + interval '1 second'")}
    UNION ALL SELECT count(*) FROM rollup_queue q
    WHERE q.tenant_id = %(tenant)s AND q.venue_id = ANY(s.venues) AND q.days @> ARRAY[{_PROGRAMME}]
) parts
"""
_TOKENS = f"""
SELECT s.n, CASE WHEN cardinality(s.events) > 0 THEN ({_EVENTS}) ELSE ({_DAYS}) END, ({_STRUCTURE})
FROM json_to_recordset(%(rows)s::json) AS s (n int, venues uuid[], events uuid[], since timestamptz,
    first timestamptz, last timestamptz, until timestamptz)
"""
