"""Who is inside when a business day begins: the people of events that are not over by then.

Counting begins anew at the cut-off, as people who were never scanned out do not stay for ever. Whoever is
inside an event that goes on stays: one that is over later, or of which somebody still comes or goes on the
new day. So no count is ever negative, and that of such an event is the one of its ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.query_calendars import CALENDARS
from data.query_nights import over_at
from data.query_plan import Asked, Piece, Read
from data.query_sources import AT_CUT_OFF

_REASON = "whoever is inside an event that goes on stays when counting begins anew"

# The days that an event may reach are those from its first move to its last one, or to its end: numbers of
# the calendar, whose last moment is only the end of the day before. Whose days begin later than now is not
# known to stay, unless somebody moves then.
OVERNIGHT = f"""LATERAL (
    SELECT e.tenant_id, e.venue_id, e.event_id, d.begins AS second, b.change
    FROM json_to_recordset(%(calendars)s::json) AS n {CALENDARS}
    CROSS JOIN (
        SELECT event_id FROM venue_analytics
        WHERE tenant_id = %(tenant)s AND venue_id = s.v AND grain = 'daily'
              AND bucket >= s.lo AND bucket < s.hi
        UNION
        SELECT event_id FROM events
        WHERE tenant_id = %(tenant)s AND venue_id = s.v AND {over_at()} > s.lo
    ) o
    JOIN (SELECT tenant_id, venue_id, event_id, {over_at()} AS over FROM events) e
      ON e.tenant_id = %(tenant)s AND e.venue_id = s.v AND e.event_id = o.event_id
    CROSS JOIN LATERAL (
        SELECT min(second) AS first, max(second) AS last FROM house_counts
        WHERE tenant_id = %(tenant)s AND venue_id = e.venue_id AND event_id = e.event_id AND change <> 0
    ) m
    CROSS JOIN LATERAL (
        SELECT n.days[i] AS begins, n.days[i + 1] AS ends
        FROM generate_series(
            width_bucket(m.first, n.days) + 1,
            least(width_bucket(greatest(m.last, e.over), n.days), cardinality(n.days) - 1)
        ) AS i
    ) d
    CROSS JOIN LATERAL (
        SELECT sum(change) AS change FROM house_count_minutes
        WHERE tenant_id = %(tenant)s AND venue_id = e.venue_id AND event_id = e.event_id AND minute < d.begins
    ) b
    WHERE n.k = s.k AND d.begins >= s.lo AND d.begins < s.hi AND b.change > 0
      AND ((e.over > d.begins AND d.begins <= %(now)s)
           OR EXISTS (SELECT FROM house_counts h WHERE h.tenant_id = %(tenant)s AND h.venue_id = e.venue_id
                      AND h.event_id = e.event_id AND h.second >= d.begins AND h.second < d.ends
                      AND h.change <> 0))
)"""
"""In the place of a table, beside a span `s` that begins with a business day: a row with how many are inside
for every event and every beginning of a day within the span, as if they came in with it."""


def overnight(measures: Sequence[str], spans: Sequence[Asked]) -> list[Read]:
    """What to read of who is inside already when the days of these spans begin."""
    pieces = [Piece(AT_CUT_OFF, s.clock, s.lo, s.hi, s.event) for s in spans if s.lo < s.hi]
    return [Read(AT_CUT_OFF, tuple(measures), tuple(pieces), _REASON)] if pieces else []
