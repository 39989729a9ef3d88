"""The one statement of a page of rows: the newest of each event's span, and of those the newest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from data import recordset
from data.archived import Wanted
from data.drilldown_question import Drill, Kind, counted, counts
from data.metric_dimensions import DIMENSIONS
from data.metrics import CATALOGUE
from data.query_calendars import DAY_OF, HOUR_OF, LONG_CALENDARS, long_calendar
from data.query_error import QueryError, unknown
from data.query_filters import Filters, check, dimensions_of, places_of
from data.query_plan import BY_DAY
from data.query_small import PLACES
from data.query_sources import FACTS


@dataclass(frozen=True, slots=True)
class Span:
    """An event and from when until when its rows are wanted; `starts` is the venue's cut-off, `doors` the
    business day of the doors."""

    v: UUID
    e: UUID
    lo: datetime
    hi: datetime
    zone: str
    starts: time
    doors: date | None


_SHOWN: dict[Kind, str] = {
    "sales": "f.venue_id, f.occurred_at, f.event_id,"
    " CASE WHEN f.kind = 'sale' AND f.comp THEN 'comp' ELSE f.kind END,"
    " f.order_id, f.ticket_type, f.quantity, f.amount_minor, f.currency, f.channel, f.campaign, f.customer",
    "scans": "f.venue_id, f.occurred_at, f.event_id,"
    " f.direction || CASE f.effect WHEN 0 THEN ' refused' WHEN -1 THEN ' annulled' ELSE '' END,"
    " f.gate, g.zone, f.ticket_id, f.reason, f.scanner",
}
"""The venue, then the columns of `data.drilldown_names`."""
_TABLES: dict[Kind, str] = {"sales": "ticket_sales", "scans": "ticket_scans"}
_DAY = DAY_OF.replace("{time}", "f.occurred_at")
_LOCAL = "(f.occurred_at AT TIME ZONE s.zone)"
_HOUR = f"(f.occurred_at - ({_LOCAL} - date_trunc('hour', {_LOCAL})))"
"""The full hour before, counted back on the venue's clock: an hour that it repeats is two."""
_CALENDARS = (
    f" JOIN json_to_recordset(%(calendars)s::json) AS c {LONG_CALENDARS}"
    " ON c.zone = s.zone AND c.starts = s.starts"
)
_BY_CALENDAR = BY_DAY | {"hour"}
_KEY = "f.occurred_at, f.event_id, f.message_key, f.line"
_AFTER = "%(at)s, %(event)s::uuid, %(message)s::uuid, %(line)s::smallint"
_NEWEST = "f.occurred_at DESC, f.event_id DESC, f.message_key DESC, f.line DESC"
_SPANS = (
    "json_to_recordset(%(spans)s::json)"
    " AS s (v uuid, e uuid, lo timestamptz, hi timestamptz, zone text, starts time, doors date)"
    " JOIN events e ON e.tenant_id = %(tenant)s AND e.venue_id = s.v AND e.event_id = s.e"
    " LEFT JOIN (SELECT * FROM series) x ON x.tenant_id = %(tenant)s AND x.venue_id = e.venue_id"
    " AND x.series_id = e.series_id"
)
_GATES = (
    "LEFT JOIN (SELECT * FROM gates) g ON g.tenant_id = %(tenant)s AND g.venue_id = f.venue_id"
    " AND g.gate = f.gate"
)


def statement(
    asked: Drill, spans: Sequence[Span], after: tuple[datetime, UUID, UUID, int] | None
) -> tuple[str, dict[str, Any]]:
    """SQL and parameters but for `tenant` and `spans`. Its rows are the key (time, event, message, line)
    and then what is shown, one more than asked for when there is another page."""
    kind = asked.kind
    parameters, conditions = _conditions(asked, spans)
    parameters["rows"] = asked.limit + 1
    if after is not None:
        parameters |= dict(zip(("at", "event", "message", "line"), after, strict=True))
        conditions += ["f.occurred_at <= %(at)s", f"({_KEY}) < ({_AFTER})"]
    sql = (
        f"SELECT f.* FROM {_spans(parameters)}"
        f" CROSS JOIN LATERAL (SELECT f.occurred_at AS at, f.event_id AS of, f.message_key AS message,"
        f" f.line, {_SHOWN[kind]} FROM {_rows(kind)}"
        f" WHERE {' AND '.join(conditions)} ORDER BY {_NEWEST} LIMIT %(rows)s) f"
        " ORDER BY f.at DESC, f.of DESC, f.message DESC, f.line DESC LIMIT %(rows)s"
    )
    return sql, parameters


def everything(asked: Drill, spans: Sequence[Span]) -> tuple[str, str, dict[str, Any]]:
    """SQL of all rows as they are shown, the newest first, SQL of their number, and parameters but for
    `tenant` and `spans`."""
    kind = asked.kind
    parameters, conditions = _conditions(asked, spans)
    # A plain join, so that PostgreSQL may choose: most of a table is read faster as a whole.
    gates = f" {_GATES}" if kind == "scans" else ""
    narrowed = (
        f"FROM {_spans(parameters)} JOIN {_TABLES[kind]} f ON f.venue_id = s.v AND f.event_id = s.e{gates}"
        f" WHERE {' AND '.join(conditions)}"
    )
    return f"SELECT {_SHOWN[kind]} {narrowed} ORDER BY {_NEWEST}", f"SELECT count(*) {narrowed}", parameters


def by_calendar(asked: Drill) -> bool:
    """Whether a calendar of every zone and cut-off says which rows are wanted."""
    return asked.where is not None and not _BY_CALENDAR.isdisjoint(dimensions_of(asked.where))


def _spans(parameters: dict[str, Any]) -> str:
    return _SPANS + (_CALENDARS if "calendars" in parameters else "")


def _calendars(spans: Sequence[Span]) -> str:
    """As JSON, those of all zones and cut-offs."""
    reach: dict[tuple[str, time], tuple[datetime, datetime]] = {}
    for span in spans:
        lo, hi = reach.get((span.zone, span.starts), (span.lo, span.hi))
        reach[span.zone, span.starts] = min(lo, span.lo), max(hi, span.hi)
    return recordset.encode(
        [
            long_calendar(ZoneInfo(zone), starts, int(lo.timestamp()), int(hi.timestamp()))
            for (zone, starts), (lo, hi) in reach.items()
        ]
    )


def _conditions(asked: Drill, spans: Sequence[Span]) -> tuple[dict[str, Any], list[str]]:
    """What a row must be, and the values bound by it."""
    parameters: dict[str, Any] = {
        "first": min(span.lo for span in spans),
        "end": max(span.hi for span in spans),
    }
    conditions = [
        "f.tenant_id = %(tenant)s",
        "f.venue_id = s.v",
        "f.event_id = s.e",
        "f.occurred_at >= s.lo",
        "f.occurred_at < s.hi",
        # Constants let PostgreSQL leave out months when it plans.
        "f.occurred_at >= %(first)s",
        "f.occurred_at < %(end)s",
    ]
    if asked.where is not None:
        filters = Filters(lambda name: _expression(asked.kind, name), parameters)
        conditions.append(filters.condition(asked.where))
        if by_calendar(asked):
            parameters["calendars"] = _calendars(spans)
    if only := counted(asked.kind, asked.metrics):
        conditions.append(only)
    return parameters, conditions


def _rows(kind: Kind) -> str:
    return f"{_TABLES[kind]} f {_GATES if kind == 'scans' else ''}".strip()


def archived_among(
    kind: Kind, spans: Sequence[Span], after: tuple[datetime, UUID, UUID, int] | None = None
) -> Iterator[Wanted]:
    """The facts that rows of these spans are taken from, for whoever has to know whether all are there."""
    until = after[0] + timedelta(microseconds=1) if after else None
    for span in spans:
        hi = span.hi if until is None else min(span.hi, until)
        if span.lo < hi:
            yield Wanted(_TABLES[kind], span.lo, hi, (span.e,))


def refuse_strangers(asked: Drill) -> None:
    """Raises QueryError for a metric that there is not, for a dimension or a value that such rows do not
    have, and for where people live: a row is about one of them."""
    for name in asked.metrics:
        if name not in CATALOGUE:
            raise unknown("metric", name, "metrics", CATALOGUE)
        if not counts(asked.kind, name):
            detail = f"{CATALOGUE[name].label} does not count single {asked.kind}."
            raise QueryError("bad-value", detail, field="metrics", value=name)
    if asked.where is None:
        return
    hidden = PLACES if asked.kind == "sales" else frozenset()
    known = [name for name, own in DIMENSIONS.items() if asked.kind in own.families and name not in hidden]
    for field, name in places_of(asked.where):
        if name not in DIMENSIONS:
            raise unknown("dimension", name, field, known)
        if asked.kind == "sales" and name in PLACES:
            detail = "Single sales are not told by where buyers live. Take that filter away to see them."
            raise QueryError("too-few-people", detail, field="where", value=name)
        if asked.kind not in DIMENSIONS[name].families:
            detail = f"{asked.kind.capitalize()} have no {name[:60]!r} to filter by."
            raise QueryError("unknown-dimension", detail, field="where", value=name[:60])
    check(asked.where)


def _expression(kind: Kind, name: str) -> str:
    """A dimension of a row in SQL. Raises QueryError for one that cannot be told from a single row."""
    found = FACTS[kind].own.get(name) or _EXPRESSIONS.get(name)
    if found is not None:
        return found
    dimension = DIMENSIONS.get(name)
    if dimension is None or dimension.shape != "date":
        raise QueryError("unknown-dimension", f"Rows have no {name}.", field="where", value=name)
    return f"date_trunc('{name}', ({_DAY})::timestamp)::date"


_EXPRESSIONS = {
    "venue": "f.venue_id",
    "event": "f.event_id",
    "series": "e.series_id",
    "genre": "NULLIF(x.genre, '')",
    "status": "e.status",
    "currency": "f.currency",
    "day": _DAY,
    "minute": "date_trunc('minute', f.occurred_at)",
    "5min": f"date_bin('5 minutes', f.occurred_at, {_HOUR})",
    "15min": f"date_bin('15 minutes', f.occurred_at, {_HOUR})",
    "30min": f"date_bin('30 minutes', f.occurred_at, {_HOUR})",
    "hour": HOUR_OF.replace("{hour}", _HOUR).replace("{time}", "f.occurred_at"),
    "weekday": f"extract(isodow FROM {_DAY})::int",
    "hour_of_day": "extract(hour FROM f.occurred_at AT TIME ZONE s.zone)::int",
    "days_to_doors": f"(s.doors - {_DAY})",
}
