"""Which months of facts stand in files: whoever reads facts asks here, and says so in place of too little.

What is archived leaves by `data.archive_run` and comes back by `data.archive_restore`. Roll-ups never leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from data import recordset
from data.engine import TenantConnection
from data.partitions import PARTITIONED, next_month
from data.query_error import QueryError

STAYING = {
    "audit_log": "has a time of its own (AUDIT_MONTHS)",
    "venue_updates": "of all values ever sent the latest holds, so a late one needs the earlier ones",
}
"""Tables of months that are never archived, and why."""
TABLES = tuple(table for table in PARTITIONED if table not in STAYING)
AWAY = ("leaving", "detached", "archived")
"""States of a file in which its month is not, or in a moment will not be, in the tables."""
COMMAND = "python -m jobs archive restore"

_MISSING = """
SELECT w.i, min(a.month), max(a.month)
FROM json_to_recordset(%(rows)s::json) AS w (i int, t text, lo timestamptz, hi timestamptz, events uuid[])
JOIN (
    SELECT fact_table, month, state, events, month::timestamp AT TIME ZONE 'UTC' AS starts,
           (month + interval '1 month') AT TIME ZONE 'UTC' AS ends
    FROM archives WHERE tenant_id = %(tenant)s AND state = ANY(%(away)s)
) a ON a.fact_table = w.t AND a.starts < w.hi AND a.ends > w.lo
   AND (w.events IS NULL OR a.state <> 'archived' OR a.events && w.events)
GROUP BY w.i
"""
"""Until a month has left for good, events may still be added to it: then all of them count as in it."""
_NEWEST = """
SELECT max(month) FROM archives
WHERE tenant_id = %(tenant)s AND state = ANY(%(away)s) AND fact_table <> 'messages'
"""
_HOLDS = """
SELECT EXISTS (
    SELECT FROM archives
    WHERE tenant_id = %(tenant)s AND state = ANY(%(away)s) AND fact_table <> 'messages'
      AND (state <> 'archived' OR events @> ARRAY[%(event)s::uuid])
)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Facts of a table that are to be read: over a span, of some events (None: of any)."""

    table: str
    lo: datetime
    hi: datetime
    events: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """The first and the last archived month among what is wanted, and its table."""

    table: str
    first: date
    last: date

    def error(self) -> QueryError:
        """Why there is no answer, and how there will be one."""
        months = f"{self.first:%Y-%m}" + ("" if self.first == self.last else f" to {self.last:%Y-%m}")
        since = f"{next_month(self.last):%Y-%m-%d}"
        detail = (
            f"This needs single rows of {self.table} of {months}, which are archived. Ask from {since} on, or"
            f" for what is summed up by day, or have the operator bring them back: {COMMAND} {self.table}"
            f" {months.replace(' to', '')}."
        )
        said = f"The rows of {months} are archived. Choose a range from {since} on, or ask the operator."
        return QueryError("archived", detail, field="range", value=months, said=said)


def missing(tenant: TenantConnection, wanted: Sequence[Wanted]) -> dict[int, Gap]:
    """Of what is wanted (by its index) what cannot be read whole. Ask in the transaction that reads: a month
    leaves only when every transaction is over that began before it was said here."""
    rows = [
        {"i": index, "t": each.table, "lo": _instant(each.lo), "hi": _instant(each.hi)}
        | ({} if each.events is None else {"events": [str(event) for event in each.events]})
        for index, each in enumerate(wanted)
        if each.table in TABLES
    ]
    if not rows:
        return {}
    asked = {"tenant": tenant.tenant_id, "rows": recordset.encode(rows), "away": list(AWAY)}
    found = tenant.execute(_MISSING, asked).fetchall()
    return {index: Gap(wanted[index].table, first, last) for index, first, last in found}


def refuse(tenant: TenantConnection, wanted: Iterable[Wanted]) -> None:
    """Raises QueryError when any of it is archived."""
    for gap in missing(tenant, list(wanted)).values():
        raise gap.error()


def whole_from(tenant: TenantConnection) -> datetime | None:
    """The moment from which on every fact is in the tables; None when all of them are."""
    row = tenant.execute(_NEWEST, {"tenant": tenant.tenant_id, "away": list(AWAY)}).fetchone()
    if row is None or row[0] is None:
        return None
    after = next_month(row[0])
    return datetime(after.year, after.month, 1, tzinfo=UTC)


def holds(tenant: TenantConnection, event_id: UUID) -> bool:
    """Whether some facts of an event are archived."""
    asked = {"tenant": tenant.tenant_id, "event": event_id, "away": list(AWAY)}
    return tenant.execute(_HOLDS, asked).fetchone() == (True,)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
