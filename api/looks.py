"""What a question about a widget looks at: the parameters of a board's address, read without mercy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.directory import Directory, Event, Venue
from data.metric_dimensions import DIMENSIONS
from data.metric_query import Last
from ingest.refusal import printable
from widgets.scope import Scope
from widgets.scope_url import FILTER, Look, read

_NAMES = frozenset({"venue", "event", "range", "compare", "f"})


def scope_of(
    directory: Directory, access: Access, look: Mapping[str, str | Sequence[str]], now: datetime
) -> Scope:
    """The scope of these parameters. Raises InvalidDocument for any that a page would pass over: a program
    must not take the figures of everything for those of what it misspelled. Raises DatabaseUnavailable."""
    found, misread = read(look, dimensions=DIMENSIONS)
    faults = [Fault(part.name, part.value, f"{part.why[0].upper()}{part.why[1:]}.") for part in misread]
    faults += [
        Fault(printable(name), printable(value), "There is no such parameter.")
        for name, value in look.items()
        if name not in _NAMES and not name.startswith(FILTER)
    ]
    venues = {venue.venue_id: venue for venue in directory.venues(access.tenant_id)}
    events = {event.event_id: event for event in directory.events(access.tenant_id)}
    faults += _missing(found, venues, events)
    if faults:
        raise InvalidDocument(faults)
    place = events[found.event].venue_id if found.event is not None else found.venue
    chosen = [venues[place]] if place is not None else list(venues.values())
    zones = {venue.zone.key for venue in chosen}
    return Scope(
        now=now,
        zone=zones.pop() if len(zones) == 1 else "UTC",
        currency=chosen[0].currency if chosen else "GBP",
        venue=found.venue,
        event=found.event,
        range=found.range or Last(last=30),
        compare=found.compare,
        compare_event=found.compare_event,
        where=found.where(),
        masked=access.masked,
    )


def _missing(look: Look, venues: Mapping[UUID, Venue], events: Mapping[UUID, Event]) -> list[Fault]:
    faults = []
    if look.venue is not None and look.venue not in venues:
        faults.append(Fault("venue", str(look.venue), "There is no such venue."))
    for name, wanted in (("event", look.event), ("compare", look.compare_event)):
        if wanted is not None and wanted not in events:
            faults.append(Fault(name, str(wanted), "There is no such event."))
    event = events.get(look.event) if look.event is not None else None
    if event is not None and look.venue not in (None, event.venue_id):
        faults.append(Fault("venue", str(look.venue), "The event is at another venue."))
    return faults
