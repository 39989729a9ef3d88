"""One read of the plan as one SQL statement. Identifiers come from the lists of dimensions, measures and
sources; everything that was asked for is bound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from data import metric_measures, query_calendars, recordset
from data.day_rollups import current_customers, current_days, month_name
from data.messages import NO_EVENT
from data.metric_dimensions import DIMENSIONS
from data.metric_measures import CUSTOMER, MEASURES
from data.metric_query import Filter
from data.query_calendars import iso
from data.query_clock import Shift
from data.query_filters import Filters
from data.query_nights import FIRSTS_OF_VENUES
from data.query_nights import SUBQUERIES as OF_EVENTS_AND_PEOPLE
from data.query_overnight import OVERNIGHT
from data.query_plan import Read
from data.query_sources import AT_CUT_OFF, DAY, HOUR, MONTH, WHOLE, Source

DAYS = "c.first + (width_bucket({time}, c.days) - 1)"
"""The business day of a moment: it lies between two of the calendar's beginnings."""

JOINS = {
    "events": "LEFT JOIN (SELECT * FROM events) e ON e.tenant_id = %(tenant)s AND e.venue_id = f.venue_id"
    " AND e.event_id = f.event_id",
    "series": "LEFT JOIN (SELECT * FROM series) x ON x.tenant_id = %(tenant)s AND x.venue_id = e.venue_id"
    " AND x.series_id = e.series_id",
    "gates": "LEFT JOIN (SELECT * FROM gates) g ON g.tenant_id = %(tenant)s AND g.venue_id = f.venue_id"
    " AND g.gate = {gate}",
    "doors": "LEFT JOIN (SELECT * FROM json_to_recordset(%(doors)s::json) AS d (e uuid, day date)) d"
    " ON d.e = f.event_id",
    "calendars": f"JOIN json_to_recordset(%(calendars)s::json) AS c {query_calendars.CALENDARS} ON c.k = s.k",
}
SUBQUERIES = OF_EVENTS_AND_PEOPLE | {AT_CUT_OFF.name: OVERNIGHT}
"""Source → the rows that take the place of its table."""
UNMOVED = Shift()
BY_CURRENCY = (metric_measures.VENUE, metric_measures.DAY)
"""Tables in which money stands in the rows of its currency, everything else in those of none: all but what
their sources count by line, which stands in the rows of its currency as well."""
FRAGMENTS = (metric_measures.DAY, CUSTOMER)
"""Tables that a job writes: what still waits for it is read along with them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What all reads of one question share. `doors` are the days of doors that are known by event;
    `keys` the dimensions to group by, `all_venues` those of the tenant, seen or not. `beside` are further
    ones, which stay where they are when `shift` moves the keys to where they are compared."""

    tenant_id: UUID
    keys: tuple[str, ...]
    where: Filter | None
    by_currency: bool
    events: tuple[UUID, ...] | None
    doors: Mapping[UUID, date]
    now: datetime
    shift: Shift = field(default_factory=Shift)
    venues_apart: bool = False
    all_venues: tuple[UUID, ...] = ()
    beside: tuple[str, ...] = ()
    tests: tuple[Filter, ...] = ()
    """Filters of which each row says whether it holds, after `beside`."""
    whole: bool = False
    """Whether its rows are told beside those of the groups they are made of."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose rows are `keys`, as many `tests`, the currency if `by_currency`, the `measures`, in
    this order, and of a `ranked` one whether the row is the sum of all that are not among the top. `kept`:
    its plan may be. `whole` as in its frame."""

    sql: str
    parameters: dict[str, Any]
    keys: tuple[str, ...]
    by_currency: bool
    read: Read
    compared: bool = False
    ranked: bool = False
    kept: bool = False
    tests: int = 0
    whole: bool = False


def statement(read: Read, frame: Frame) -> Statement:
    """The statement that answers one read."""
    return _Writer(read, frame).write()


class _Writer:
    def __init__(self, read: Read, frame: Frame) -> None:
        self.read, self.frame, self.source = read, frame, read.source
        self.parameters: dict[str, Any] = {"tenant": frame.tenant_id}
        self.joins: set[str] = set()
        self.time = self.source.time
        self.hours = False

    def write(self) -> Statement:
        frame = self.frame
        keys = [self.expression(name, frame.shift) for name in frame.keys]
        keys += [self.expression(name, UNMOVED if name == "day" else frame.shift) for name in frame.beside]
        filters = Filters(self.expression, self.parameters)
        keys += [f"({filters.condition(test)}) IS TRUE" for test in frame.tests]
        if frame.by_currency and "currency" not in frame.keys:
            keys.append(self._currency())
        measures = [
            f"({self.source.aggregate(MEASURES[name])})::{MEASURES[name].type}" for name in self.read.measures
        ]
        if not self.source.seconds and any(MEASURES[name].by_events for name in self.read.measures):
            self.joins.add("events")
        if self.source is AT_CUT_OFF:
            self.joins.add("calendars")
        conditions, rest = self._conditions(), self._rest()
        gate = "f.value" if self.source.split else "f.gate"
        lines = [
            f"SELECT {', '.join(f'{value} AS c{i}' for i, value in enumerate([*keys, *measures]))}",
            f"FROM json_to_recordset(%(spans)s::json) AS s {query_calendars.SPANS}",
            f"JOIN {self._table()} f ON {' AND '.join(conditions) or 'true'}",
            *(JOINS[name].replace("{gate}", gate) for name in JOINS if name in self.joins),
        ]
        if rest:
            lines.append(f"WHERE {' AND '.join(rest)}")
        if keys:
            lines.append(f"GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}")
        self._bind_spans()
        return Statement(
            "\n".join(lines),
            self.parameters,
            (*frame.keys, *frame.beside),
            frame.by_currency,
            self.read,
            # A plan of facts leaves out months by the very dates that it is made for.
            kept=bool(self.source.seconds),
            tests=len(frame.tests),
            whole=frame.whole,
        )

    def _table(self) -> str:
        """What stands under the alias `f`."""
        source = self.source
        self.parameters["venues"] = list({piece.clock.venue_id for piece in self.read.pieces})
        if source.name in SUBQUERIES:
            apart = self.frame.venues_apart and source.table == CUSTOMER
            return FIRSTS_OF_VENUES if apart else SUBQUERIES[source.name]
        if source.table not in FRAGMENTS:
            return source.table
        columns = {c for name in self.read.measures for c in re.findall(r"[a-z_]+", _column(name, source))}
        if source.table == CUSTOMER:
            return current_customers(sorted(columns))
        # Once for each span, which is a stretch of the key's index: no row is read that is not counted. Names
        # in the text itself let PostgreSQL leave out other partitions also in a plan that it keeps.
        monthly = source.seconds == MONTH
        return "LATERAL " + current_days(
            sorted(columns),
            venues="ARRAY[s.v]",
            dimensions=f"ARRAY['{source.split}']",
            since="s.lo",
            until="s.hi",
            months=f"ARRAY['{month_name(source.split)}']" if monthly else "",
        )

    def _conditions(self) -> list[str]:
        """What ties a row to its span."""
        pieces = self.read.pieces
        conditions = []
        if not self.source.by_span:
            conditions.append("f.venue_id = s.v")
        if self.source.table not in FRAGMENTS:
            conditions.append("f.tenant_id = %(tenant)s")
        if pieces[0].event is not None:
            conditions.append("f.event_id = s.e")
        if self.source.condition:
            conditions.append(self.source.condition)
        timeless = self.source.seconds == WHOLE or (
            self.source.name in SUBQUERIES and all(piece.whole for piece in pieces)
        )
        if not timeless and not self.source.by_span:
            conditions += [f"{self.time} >= s.lo", f"{self.time} < s.hi"]
        if self.source.partitioned:
            # Constants let PostgreSQL leave out months when it plans.
            self.parameters |= {
                "first": iso(min(p.lo for p in pieces)),
                "end": iso(max(p.hi for p in pieces)),
            }
            conditions += [f"{self.time} >= %(first)s::timestamptz", f"{self.time} < %(end)s::timestamptz"]
            if self.source.seconds == 0:
                self.parameters["nowhere"] = NO_EVENT
                conditions.append("f.event_id <> %(nowhere)s")
        if self.source.table in BY_CURRENCY and not self.frame.by_currency and not self.source.by_line:
            conditions.append("f.currency = ''")
        elif self._in_money_alone():
            conditions.append("f.currency > ''")  # Not <>, which no index knows.
        if self.frame.events is not None:
            self.parameters["events"] = list(self.frame.events)
            conditions.append("f.event_id = ANY(%(events)s)")
        return conditions

    def _rest(self) -> list[str]:
        rest = []
        if self.frame.where is not None:
            rest.append(Filters(self.expression, self.parameters).condition(self.frame.where))
        if "customer" in self.frame.keys:
            rest.append("f.customer IS NOT NULL")
        return rest

    def expression(self, name: str, shift: Shift = UNMOVED) -> str:
        """A dimension in SQL; times moved to where they are compared."""
        if name == "currency":
            return self._currency()
        if name in self.source.own:
            own = self.source.own[name]
            if own.startswith("NULLIF(g."):
                self.joins.add("gates")
            return own
        if name in ("venue", "event"):
            return f"f.{name}_id"
        if name in ("series", "genre", "status"):
            self.joins.add("events")
            if name == "genre":
                self.joins.add("series")
            return {"series": "e.series_id", "genre": "NULLIF(x.genre, '')", "status": "e.status"}[name]
        if name == "weekday":
            return f"extract(isodow FROM {self._day()})::int"
        if name == "hour_of_day":
            return f"extract(hour FROM {self.time} AT TIME ZONE s.zone)::int"
        if name == "days_to_doors":
            self.joins.add("doors")
            return f"(d.day - ({self._day()}))"
        if DIMENSIONS[name].shape == "date":
            return self._date(name, shift)
        return self._instant(name, shift)

    def _day(self, shift: Shift = UNMOVED) -> str:
        if self.source.seconds in (DAY, MONTH):
            return f"({self.time} AT TIME ZONE s.zone)::date"
        self.joins.add("calendars")
        return f"({DAYS.format(time=_later(self.time, shift.seconds))})"

    def _date(self, name: str, shift: Shift) -> str:
        day = self._day(shift)
        if shift.months or shift.days:
            day = f"({day} + make_interval(months => {shift.months}, days => {shift.days}))"
        return f"({day})::date" if name == "day" else f"date_trunc('{name}', {day}::timestamp)::date"

    def _instant(self, name: str, shift: Shift) -> str:
        bucket = DIMENSIONS[name].seconds
        moment = _later(self.time, shift.seconds)
        if self.source.seconds != bucket or shift.seconds:
            moment = self._bucket(bucket, moment)
        if not shift.months and not shift.days:
            return moment
        later = f"make_interval(months => {shift.months}, days => {shift.days})"
        return self._bucket(bucket, f"((({moment}) AT TIME ZONE s.zone + {later}) AT TIME ZONE s.zone)")

    def _bucket(self, seconds: int, moment: str) -> str:
        """The start of the bucket that holds the moment, by the venue's clock."""
        regular = f"date_bin('{seconds} seconds', {moment}, s.h)"
        if seconds != HOUR:
            return regular
        self.hours = True
        self.joins.add("calendars")
        return f"COALESCE(c.hours[width_bucket({moment}, c.hours)], {regular})"

    def _in_money_alone(self) -> bool:
        """Whether only rows with a currency matter: those without have no money, those with nothing else."""
        money = all(MEASURES[name].money for name in self.read.measures)
        return self.source.table in BY_CURRENCY and self.frame.by_currency and money

    def _currency(self) -> str:
        table = self.source.table
        if self.source.by_line:
            # Tickets of archived months may stand under none, from before they were counted by currency.
            known = " AND f.currency > ''" if table in BY_CURRENCY else ""
            return f"CASE WHEN s.several{known} THEN f.currency ELSE s.home END"
        if self._in_money_alone():
            return "f.currency"
        if table in BY_CURRENCY:
            return "CASE WHEN f.currency = '' THEN s.home ELSE f.currency END"
        own = ("event_money", "events and event_money", "cart_updates")
        return "f.currency" if table in own else "s.home"

    def _bind_spans(self) -> None:
        pieces = self.read.pieces
        self.parameters["spans"] = query_calendars.spans(pieces)
        if "calendars" in self.joins:
            self.parameters["calendars"] = query_calendars.calendars(pieces, self.hours, self.frame.shift)
        if "doors" in self.joins:
            self.parameters["doors"] = recordset.encode(
                [{"e": event, "day": day} for event, day in self.frame.doors.items()]
            )
        if self.source.name in SUBQUERIES:
            self.parameters["now"] = self.frame.now


def _later(moment: str, seconds: int) -> str:
    return f"({moment} + make_interval(secs => {seconds}))" if seconds else moment


def _column(measure: str, source: Source) -> str:
    return MEASURES[measure].columns[source.table]
