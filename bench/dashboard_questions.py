"""The eight questions of the dashboard benchmark, as one asks them of the API and as SQL over the raw facts.

A round asks them of spans and of an evening of its own, so that none finds the answer of another in a cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.dashboard_data import DataSet, venue_id
from bench.dashboard_house import HOUSES
from data import recordset
from data.engine import TenantConnection
from data.metric_query import MOST_ROWS

EVENING_HOUSE = 3
"""The venue of whose evenings is asked: in a zone of whole hours, with scanners."""
MONTH, YEAR = 30, 365
RICHEST = 20


@dataclass(frozen=True)
class Round:
    """Which one it is, the days until which is asked (excluded), and the evening."""

    number: int
    until: date
    event_id: UUID
    event_day: date


@dataclass(frozen=True)
class Question:
    """One question. `body` asks it of the API; `sql` answers it from the facts alone, with the dimensions
    first, as the API does; `scope` says in words what is asked."""

    name: str
    scope: str
    body: dict[str, Any]
    sql: str
    parameters: dict[str, Any]


def rounds(tenant: TenantConnection, data: DataSet, count: int) -> list[Round]:
    """So many different rounds, the latest first."""
    house = HOUSES[EVENING_HOUSE]
    over = tenant.execute(
        "SELECT event_id, doors_at FROM events WHERE tenant_id = %s AND venue_id = %s AND doors_at < %s"
        " ORDER BY doors_at DESC",
        [tenant.tenant_id, venue_id(EVENING_HOUSE), _instant(data.until, EVENING_HOUSE)],
    ).fetchall()
    found = []
    for number in range(count):
        event, doors = over[number % len(over)]
        day = doors.astimezone(ZoneInfo(house.zone)).date()
        found.append(Round(number, data.until - timedelta(days=number), event, day))
    return found


def questions(asked: Round) -> list[Question]:
    """All eight, of all venues unless they say otherwise; money is net and in minor units per currency."""
    month, year = _days(asked.until, MONTH), _days(asked.until, YEAR)
    money, sold = (
        "sum(s.amount_minor)",
        "COALESCE(sum(s.quantity) FILTER (WHERE s.admission AND NOT s.comp), 0)",
    )
    evening = {"venue": venue_id(EVENING_HOUSE), "event": asked.event_id}
    own = {"events": [str(asked.event_id)]}
    return [
        Question(
            "revenue",
            f"{MONTH} days, all venues",
            {"metrics": ["net_revenue"], "range": month},
            f"SELECT s.currency, {money} {_SALES} GROUP BY 1",
            _spans(asked.until, MONTH),
        ),
        Question(
            "daily revenue",
            f"{YEAR} days by business day, all venues",
            {"metrics": ["net_revenue"], "dimensions": ["day"], "range": year, "limit": MOST_ROWS},
            f"SELECT {_DAY}, s.currency, {money} {_SALES} GROUP BY 1, 2",
            _spans(asked.until, YEAR),
        ),
        Question(
            "revenue by channel",
            f"{YEAR} days, all venues",
            {"metrics": ["net_revenue"], "dimensions": ["channel"], "range": year},
            f"SELECT s.channel, s.currency, {money} {_SALES} GROUP BY 1, 2",
            _spans(asked.until, YEAR),
        ),
        Question(
            "hourly sales of one event",
            "tickets by local hour, as long as it was on sale",
            {
                "metrics": ["tickets_sold"],
                "dimensions": ["hour"],
                "range": {"named": "all"},
                "limit": MOST_ROWS,
                **own,
            },
            f"SELECT date_trunc('hour', s.occurred_at), {sold} FROM ticket_sales s WHERE {_EVENT} GROUP BY 1",
            evening,
        ),
        Question(
            "tickets by type",
            f"{YEAR} days, all venues",
            {"metrics": ["tickets_sold"], "dimensions": ["ticket_type"], "range": year},
            f"SELECT s.ticket_type, {sold} {_SALES} GROUP BY 1",
            _spans(asked.until, YEAR),
        ),
        Question(
            "attendance of one night",
            "first entries per 5 minutes",
            {"metrics": ["arrivals"], "dimensions": ["5min"], "range": _days(asked.event_day, -1), **own},
            "SELECT date_bin('5 minutes', first, '1970-01-01 00:00Z'::timestamptz), count(*) FROM ("
            f"SELECT ticket_id, min(occurred_at) AS first FROM ticket_scans s WHERE {_EVENT}"
            " AND direction = 'entry' AND effect = 1 GROUP BY 1) firsts GROUP BY 1",
            evening,
        ),
        Question(
            "top customers",
            f"the {RICHEST} of most revenue ever in each currency, all venues",
            {
                "metrics": ["net_revenue"],
                "dimensions": ["customer"],
                "range": {"named": "all"},
                "top": {"limit": RICHEST, "other": False},
                # All time is the same in every round: only another limit makes it another question.
                "limit": MOST_ROWS - asked.number,
            },
            "SELECT customer, currency, net FROM ("
            f"SELECT s.customer, s.currency, {money} AS net, row_number() OVER ("
            f"PARTITION BY s.currency ORDER BY {money} DESC, s.customer) AS place"
            " FROM ticket_sales s WHERE s.tenant_id = %(tenant)s AND s.customer IS NOT NULL GROUP BY 1, 2"
            f") ranked WHERE place <= {RICHEST}",
            {},
        ),
        Question(
            "countries",
            f"tickets in {YEAR} days, all venues",
            {"metrics": ["tickets_sold"], "dimensions": ["country"], "range": year},
            f"SELECT s.country, {sold} {_SALES} GROUP BY 1",
            _spans(asked.until, YEAR),
        ),
    ]


_SALES = (
    "FROM ticket_sales s JOIN json_to_recordset(%(spans)s::json)"
    " AS v (venue_id uuid, zone text, starts time, lo timestamptz, hi timestamptz) USING (venue_id)"
    " WHERE s.tenant_id = %(tenant)s AND s.occurred_at >= %(first)s AND s.occurred_at < %(end)s"
    " AND s.occurred_at >= v.lo AND s.occurred_at < v.hi"
)
_DAY = "((s.occurred_at AT TIME ZONE v.zone) - v.starts)::date"
_EVENT = "s.tenant_id = %(tenant)s AND s.venue_id = %(venue)s AND s.event_id = %(event)s"


def raw(tenant: TenantConnection, question: Question) -> list[tuple[Any, ...]]:
    """The answer from the facts, in no particular order."""
    cursor = tenant.execute(question.sql, question.parameters | {"tenant": tenant.tenant_id})
    return cursor.fetchall()


def comparable(rows: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Rows as sorted texts, so that two ways of asking compare: times as ISO; a value that is not known as
    an empty text; no rows of zero, which the API has for buckets in which nothing happened."""
    return sorted(tuple(map(_text, row)) for row in rows if row[-1])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str) and len(value) > 18 and value[10] == "T":
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return str(value)


def year_before(until: date) -> tuple[date, date]:
    """The first day of the year before, and `until` itself."""
    return until - timedelta(days=YEAR), until


def _days(until: date, count: int) -> dict[str, str]:
    """So many business days before `until`, or after it where the count is negative."""
    since, end = sorted((until - timedelta(days=count), until))
    return {"from": since.isoformat(), "to": end.isoformat()}


def _instant(day: date, house: int) -> datetime:
    own = HOUSES[house]
    starts = time.fromisoformat(own.day_starts)
    return datetime.combine(day, starts, tzinfo=ZoneInfo(own.zone)).astimezone(UTC)


def _spans(until: date, count: int) -> dict[str, Any]:
    """The same days as instants at each venue, and the instants between which all of them lie."""
    since = until - timedelta(days=count)
    spans = [
        {
            "venue_id": venue_id(number),
            "zone": house.zone,
            "starts": house.day_starts,
            "lo": _instant(since, number),
            "hi": _instant(until, number),
        }
        for number, house in enumerate(HOUSES)
    ]
    first = min(_instant(since, number) for number in range(len(HOUSES)))
    end = max(_instant(until, number) for number in range(len(HOUSES)))
    return {"spans": recordset.encode(spans), "first": first, "end": end}
