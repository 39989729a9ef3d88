"""The rows behind a figure: the lines of sales and the scans that a question of the catalogue counts.

Newest first, page by page. A statement walks the facts' own keys, event by event, over the last days first;
only when those hold too few rows it is asked again, further back. People and tickets are named by an
HMAC that changes every day (`data/drilldown_names.py`): two days' pages cannot be joined.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from data import recordset
from data.access import Access
from data.answers import Column
from data.archived import refuse
from data.directory import Directory, Event
from data.drilldown_names import COLUMNS, Shown
from data.drilldown_question import Drill, Kind
from data.drilldown_sql import Span, archived_among, by_calendar, refuse_strangers, statement
from data.engine import TenantConnection
from data.metric_query import Between, DaysToDoors, Last, Named, Range
from data.query_clock import Clock, window
from data.query_error import QueryError
from data.query_world import read

_BEGINNING, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_DAYS_BACK = (2, 14, 90)


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows. Money is in minor units of the row's `currency`, and None where it is masked; times
    are instants in UTC, `zone` is that of the venues (empty where they have several: then each row has its
    own in a column `time_zone`). Rows of several venues say theirs. `after` asks for the next page."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    zone: str
    after: str
    masked: frozenset[str] = frozenset()


def rows(tenant: TenantConnection, directory: Directory, access: Access, asked: Drill, now: datetime) -> Rows:
    """One page. Raises QueryError for what such rows cannot be filtered by, DatabaseUnavailable."""
    after = _cursor(asked.after) if asked.after else None
    refuse_strangers(asked)
    spans = bounded(tenant, access, asked, spans_of(directory, access, asked, now))
    masked = hidden(access, asked.kind)
    if not spans:
        return Rows(COLUMNS[asked.kind], [], "", "", masked)
    found: list[tuple[Any, ...]] = []
    for slice_ in _slices(spans, after[0] if after else now):
        refuse(tenant, archived_among(asked.kind, slice_, after))
        sql, parameters = statement(asked, slice_, after)
        bound = parameters | {"tenant": tenant.tenant_id, "spans": recordset.encode(slice_)}
        found = tenant.execute(sql, bound).fetchall()
        if len(found) > asked.limit:
            break
    shown = Shown(tenant, directory, asked.kind, spans, masked, now)
    page = list(shown.rows([row[4:] for row in found[: asked.limit]]))
    following = _written(found[asked.limit - 1][:4]) if len(found) > asked.limit else ""
    return Rows(shown.columns, page, shown.zone, following, masked)


def hidden(access: Access, kind: Kind) -> frozenset[str]:
    """The columns that these eyes may not see."""
    return frozenset({"amount"}) if access.masked and kind == "sales" else frozenset()


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


def bounded(tenant: TenantConnection, access: Access, asked: Drill, spans: list[Span]) -> list[Span]:
    """Spans of all time from the first to the last day on which anything happened at a venue, where they need
    a calendar: it would be long, and is looked at for every row. Raises DatabaseUnavailable."""
    if not (by_calendar(asked) and any(span.lo == _BEGINNING and span.hi == _END for span in spans)):
        return spans
    days: dict[UUID, tuple[datetime, datetime]] = {}
    for venue, clock in read(tenant, access, ()).venues.items():
        if clock.first is not None and clock.last is not None:
            edges = clock.begins(clock.first), clock.begins(clock.last + timedelta(days=1))
            days[venue] = datetime.fromtimestamp(edges[0], UTC), datetime.fromtimestamp(edges[1], UTC)
    if not days:
        return spans
    # Where nothing ever happened there are no rows, whatever the span.
    lo, hi = min(lo for lo, _ in days.values()), max(hi for _, hi in days.values())
    return [replace(span, lo=max(span.lo, lo), hi=min(span.hi, hi)) for span in spans]


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
