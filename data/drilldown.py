"""The rows behind a figure: the lines of sales and the scans that a question of the catalogue counts.

Newest first, page by page. A statement walks the facts' own keys, event by event, over the last days first;
only when those hold too few rows it is asked again, further back. People and tickets are named by an
HMAC that changes every day: two days' pages cannot be joined.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field

from data import recordset
from data.access import Access
from data.answers import Column
from data.directory import Directory, Event
from data.drilldown_sql import Span, refuse_strangers, statement
from data.engine import TenantConnection
from data.metric_dimensions import DIMENSIONS
from data.metric_query import Between, DaysToDoors, Filter, Frozen, Last, MetricQuery, Named, Range
from data.metrics import CATALOGUE
from data.query_clock import Clock, window
from data.query_error import QueryError
from data.query_filters import dimensions_of

Kind = Literal["sales", "scans"]
MOST_ROWS = 500
_BEGINNING, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_HASH_LENGTH = 10
_DAYS_BACK = (2, 14, 90)
_SCANNED = frozenset({"scans", "arrivals", "gates", "presence"})


class Drill(Frozen):
    """Which rows: lines of sales or scans, over a range, of some venues or events, `after` the last row of
    the page before. Empty venues and events are all that may be seen."""

    kind: Kind = "sales"
    range: Range = Last(last=30)
    venues: tuple[UUID, ...] = Field((), max_length=500)
    events: tuple[UUID, ...] = Field((), max_length=500)
    where: Filter | None = None
    after: str = Field("", max_length=200)
    limit: int = Field(50, ge=1, le=MOST_ROWS)


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows. Money is in minor units of the row's `currency`, and None where it is masked; times
    are instants in UTC, `zone` is that of the venue (empty for several). `after` asks for the next page."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    zone: str
    after: str
    masked: frozenset[str] = frozenset()


def _text(name: str, label: str) -> Column:
    return Column(name, label, "text")


COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "sales": (
        Column("time", "Time", "time"),
        _text("event", "Event"),
        _text("kind", "What"),
        _text("order", "Order"),
        _text("ticket_type", "Ticket type"),
        Column("quantity", "Tickets", "metric", "tickets"),
        Column("amount", "Amount", "metric", "money"),
        _text("currency", "Currency"),
        _text("channel", "Channel"),
        _text("campaign", "Campaign"),
        _text("place", "Place"),
        _text("customer", "Customer"),
    ),
    "scans": (
        Column("time", "Time", "time"),
        _text("event", "Event"),
        _text("what", "What"),
        _text("gate", "Gate"),
        _text("ticket", "Ticket"),
        _text("reason", "Reason"),
        _text("scanner", "Scanner"),
    ),
}
"""The columns of a page, in this order."""


def behind(query: MetricQuery) -> Drill | None:
    """The rows that a question counts; None when it counts something else than sales and scans."""
    families = {family for name in query.metrics if name in CATALOGUE for family in CATALOGUE[name].families}
    kind: Kind | None = "sales" if "sales" in families else "scans" if families & _SCANNED else None
    if kind is None or any(kind not in DIMENSIONS[name].families for name in dimensions_of(query.where)):
        return None
    return Drill(kind=kind, range=query.range, venues=query.venues, events=query.events, where=query.where)


def rows(tenant: TenantConnection, directory: Directory, access: Access, asked: Drill, now: datetime) -> Rows:
    """One page. Raises QueryError for what such rows cannot be filtered by, DatabaseUnavailable."""
    after = _cursor(asked.after) if asked.after else None
    if asked.where is not None:
        refuse_strangers(asked.kind, asked.where)
    spans = spans_of(directory, access, asked, now)
    columns = COLUMNS[asked.kind]
    masked = frozenset({"amount"}) if access.masked and asked.kind == "sales" else frozenset()
    zones = {span.zone for span in spans}
    zone = zones.pop() if len(zones) == 1 else ""
    if not spans:
        return Rows(columns, [], zone, "", masked)
    found: list[tuple[Any, ...]] = []
    for slice_ in _slices(spans, after[0] if after else now):
        sql, parameters = statement(asked.kind, slice_, asked.where, after, asked.limit)
        bound = parameters | {"tenant": tenant.tenant_id, "spans": recordset.encode(slice_)}
        found = tenant.execute(sql, bound).fetchall()
        if len(found) > asked.limit:
            break
    name = Names(directory, access.tenant_id, now)
    shown = [name.row(columns, row[4:], masked) for row in found[: asked.limit]]
    following = _written(found[asked.limit - 1][:4]) if len(found) > asked.limit else ""
    return Rows(columns, shown, zone, following, masked)


def _slices(spans: list[Span], newest: datetime) -> Iterator[list[Span]]:
    """The spans, cut off ever further back from `newest`: the newest rows are mostly in the last days, and
    asking two years of every event for them takes minutes where two days take a blink."""
    top = min(newest, max(span.hi for span in spans))
    for days in _DAYS_BACK:
        since = top - timedelta(days=days)
        cut = [replace(span, lo=max(span.lo, since)) for span in spans if span.hi > since]
        if cut and any(span.lo < since for span in spans):
            yield cut
    yield spans


def spans_of(directory: Directory, access: Access, asked: Drill, now: datetime) -> list[Span]:
    """For each event that may be seen, the span of its rows."""
    clocks = {
        venue.venue_id: Clock(
            venue.venue_id, venue.name, venue.zone, venue.business_day_starts, venue.currency
        )
        for venue in directory.venues(access.tenant_id)
        if _among(venue.venue_id, asked.venues) and (access.venues is None or venue.venue_id in access.venues)
    }
    windows = {venue: _window(asked.range, clock, now) for venue, clock in clocks.items()}
    spans = []
    for event in directory.events(access.tenant_id):
        clock = clocks.get(event.venue_id)
        granted = access.events is None or event.event_id in access.events
        if clock is None or not granted or not _among(event.event_id, asked.events):
            continue
        doors = _doors_day(event, clock)
        lo_hi = windows[event.venue_id]
        if isinstance(asked.range, DaysToDoors):
            lo_hi = _before_doors(asked.range, clock, doors)
        if lo_hi is not None:
            spans.append(Span(clock.venue_id, event.event_id, *lo_hi, clock.zone.key, clock.starts, doors))
    return spans


def _window(asked: Range, clock: Clock, now: datetime) -> tuple[datetime, datetime] | None:
    if isinstance(asked, DaysToDoors):
        return None
    if isinstance(asked, Named) and asked.named == "all":
        return _BEGINNING, _END
    if isinstance(asked, Between | Last | Named):
        found = window(asked, clock, now)
        return datetime.fromtimestamp(found.lo, UTC), datetime.fromtimestamp(found.hi, UTC)
    raise AssertionError(asked)


def _before_doors(asked: DaysToDoors, clock: Clock, doors: date | None) -> tuple[datetime, datetime] | None:
    """An event without doors has no days to them."""
    if doors is None:
        return None
    first, last = doors.toordinal() - asked.first, doors.toordinal() - asked.last
    lo, hi = clock.begins(date.fromordinal(first)), clock.begins(date.fromordinal(last + 1))
    return datetime.fromtimestamp(lo, UTC), datetime.fromtimestamp(hi, UTC)


def _doors_day(event: Event, clock: Clock) -> date | None:
    doors = event.doors_at or event.starts_at
    return clock.day(int(doors.timestamp())) if doors else None


def _among(id_: UUID, chosen: Sequence[UUID]) -> bool:
    return not chosen or id_ in chosen


class Names:
    """Names people and tickets so that they are the same on one day's pages, and strangers on another's."""

    def __init__(self, directory: Directory, tenant_id: UUID, now: datetime) -> None:
        self._directory, self._tenant_id = directory, tenant_id
        self._day = now.astimezone(UTC).date().isoformat()
        self._events = {event.event_id: event.name for event in directory.events(tenant_id)}

    def row(
        self, columns: Sequence[Column], values: Sequence[Any], masked: frozenset[str]
    ) -> tuple[Any, ...]:
        """A row as it leaves the house."""
        return tuple(
            self._value(column.name, value, masked) for column, value in zip(columns, values, strict=True)
        )

    def _value(self, name: str, value: Any, masked: frozenset[str]) -> Any:
        if name in masked:
            return None
        if name == "event":
            return self._events.get(value, "")
        if name in ("customer", "ticket"):
            return self._hash(name, str(value)) if value is not None else ""
        return value if value is not None else ""

    def _hash(self, name: str, value: str) -> str:
        content = f"{self._day}\x00{name}\x00{value}".encode()
        return self._directory.digest(self._tenant_id, content).hex[:_HASH_LENGTH]


def _written(key: Sequence[Any]) -> str:
    at, event, message, line = key
    text = msgspec.json.encode([at.isoformat(), event.hex, message.hex, line])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _cursor(text: str) -> tuple[datetime, UUID, UUID, int]:
    """The key of the last row seen. Raises QueryError for what was not given out here."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        at, event, message, line = msgspec.json.decode(decoded, type=tuple[str, str, str, int])
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not 0 <= line < 2**15:
            raise ValueError(text)
        return moment, UUID(hex=event), UUID(hex=message), line
    except (binascii.Error, ValueError, msgspec.DecodeError):
        detail = "`after` is what the page before gave back."
        raise QueryError("bad-cursor", detail, field="after", value=text[:80]) from None
