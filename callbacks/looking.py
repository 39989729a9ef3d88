"""What a page with a filter bar looks at: the address in the light of the venues and events there are."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from components.filter_bar import Choice, Choices
from data import audit_note
from data.access import Access
from data.directory import Directory, Event, Venue
from data.metric_dimensions import DIMENSIONS
from data.metric_query import Range
from data.time_zones import zone_and_currency
from widgets.format import clock, day
from widgets.scope import Scope
from widgets.scope_url import Look, Misread, Query, carried, read, read_range

USUAL = "30d"
NEAREST = 60
"""Events offered in the menu that have a time; the chosen one is always among them."""
UNDATED = 12
"""Those without a time beside them, the latest first: any sender can make some by naming them."""
_NEVER = timedelta(days=100_000)


@dataclass(frozen=True, slots=True)
class Looking:
    """An address that was understood: the look for the bar, the scope for the widgets."""

    look: Look
    scope: Scope
    misread: tuple[Misread, ...]
    choices: Choices

    @property
    def picked(self) -> tuple[str, ...]:
        """The dimensions that are filtered by a click."""
        return tuple(dimension for dimension, _ in self.look.picked)


def looking(
    directory: Directory,
    access: Access,
    query: Query,
    *,
    base: Query | None = None,
    dimensions: Collection[str] = DIMENSIONS.keys(),
    by_dimension: bool = False,
    usual: str = USUAL,
    now: datetime | None = None,
) -> Looking:
    """The look, scope and choices of an address; `base` is the board's own look, `usual` its range,
    `by_dimension` as `scope_url.read` has it.

    Venues and events that are not there, or not for these eyes, are left out and named. Raises
    DatabaseUnavailable.
    """
    now = now or datetime.now(UTC)
    look, misread = read(query, base=base, dimensions=dimensions, by_dimension=by_dimension)
    venues = [venue for venue in directory.venues(access.tenant_id) if access.sees_venue(venue.venue_id)]
    events = {
        event.event_id: event
        for event in directory.events(access.tenant_id)
        if access.sees_event(event.venue_id, event.event_id)
    }
    look, unknown = _known(look, {venue.venue_id for venue in venues}, events)
    of = {venue.venue_id: venue for venue in venues}
    chosen = events.get(look.event) if look.event else None
    place_id = chosen.venue_id if chosen else look.venue
    audit_note.about(venue=place_id, event=look.event)
    zone, currency = zone_and_currency(venues, place_id)
    found = read_range(usual)
    assert found is not None
    span: Range = look.range or found
    scope = Scope(
        now=now,
        zone=zone,
        currency=currency,
        venue=look.venue,
        event=look.event,
        range=span,
        compare=look.compare,
        compare_event=look.compare_event,
        where=look.where(),
        masked=access.masked,
    )
    choices = Choices(
        [Choice(venue.venue_id, venue.name, zone=venue.zone.key) for venue in venues],
        _nearest(events.values(), look, of, now),
        usual,
        zone,
        chosen.venue_id if chosen else None,
        {dimension: directory.called(access, dimension, values) for dimension, values in look.picked},
        carried(query, (*misread, *unknown)),
    )
    return Looking(look, scope, (*misread, *unknown), choices)


def _known(look: Look, venues: Collection[UUID], events: Mapping[UUID, Event]) -> tuple[Look, list[Misread]]:
    """The look without what is not there."""
    unknown = []
    if look.venue is not None and look.venue not in venues:
        unknown.append(Misread("venue", str(look.venue), "there is no such venue"))
        look = replace(look, venue=None)
    if look.event is not None and look.event not in events:
        unknown.append(Misread("event", str(look.event), "there is no such event"))
        look = replace(look, event=None)
    if look.event is not None and look.venue not in (None, events[look.event].venue_id):
        unknown.append(Misread("venue", str(look.venue), "the event is at another venue"))
        look = replace(look, venue=None)
    if look.compare_event is not None and look.compare_event not in events:
        unknown.append(Misread("compare", f"event:{look.compare_event}", "there is no such event"))
        look = replace(look, compare_event=None)
    return look, unknown


def _nearest(
    events: Collection[Event], look: Look, venues: Mapping[UUID, Venue], now: datetime
) -> list[Choice]:
    """The events nearest to now, those to come first, and whatever has been chosen."""
    here = [event for event in events if look.venue in (None, event.venue_id)]
    near = heapq.nsmallest(
        NEAREST, filter(_opens, here), key=lambda event: (_distance(event, now), event.name)
    )
    undated = (event for event in here if _opens(event) is None)
    near += heapq.nlargest(UNDATED, undated, key=lambda event: (event.created_at, event.name))
    chosen = {look.event, look.compare_event}
    near += [event for event in events if event.event_id in chosen and event not in near]
    near.sort(key=lambda event: (_is_over(event, now), _distance(event, now), event.name))
    several = len(venues) > 1 and look.venue is None
    words = [_sub(event, venues[event.venue_id], several, now) for event in near]
    often = Counter((event.name, sub) for event, sub in zip(near, words, strict=True))
    return [
        Choice(
            event.event_id,
            event.name,
            sub + _at(event, venues[event.venue_id]) * (often[event.name, sub] > 1),
        )
        for event, sub in zip(near, words, strict=True)
    ]


def _opens(event: Event) -> datetime | None:
    return event.doors_at or event.starts_at


def _distance(event: Event, now: datetime) -> timedelta:
    opens = _opens(event)
    return abs(opens - now) if opens else _NEVER


def _is_over(event: Event, now: datetime) -> bool:
    opens = _opens(event)
    return opens is not None and opens < now - timedelta(hours=12)


def _sub(event: Event, venue: Venue, several: bool, now: datetime) -> str:
    opens = _opens(event)
    date = day(opens.isoformat(), venue.zone.key) if opens else "" if event.registered else "Unregistered"
    if opens and opens.year != now.year:
        date += f" {opens.year}"
    return ", ".join(part for part in (date, venue.name if several else "") if part)


def _at(event: Event, venue: Venue) -> str:
    """The time of an event that is called like another one of the same day."""
    opens = _opens(event)
    return f", {clock(opens.isoformat(), venue.zone.key)}" if opens else ""
