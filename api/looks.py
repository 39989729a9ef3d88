"""What a question looks at: the parameters of a board's address, whose places are there for whoever asks."""

from __future__ import annotations

from datetime import datetime

from data import audit_note
from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.directory import Directory, Event
from data.metric_query import Last
from data.time_zones import zone_and_currency
from ingest.refusal import printable
from widgets.scope import Scope
from widgets.scope_url import Look, Query
from widgets.strict_look import strict_look


def look_of(
    directory: Directory,
    access: Access,
    parameters: Query,
    *,
    base: Query | None = None,
    under: str = "",
) -> Look:
    """The look of these parameters over `base`. Raises InvalidDocument, each path below `under`, for any
    that a page would pass over, and DatabaseUnavailable."""
    look, faults = strict_look(parameters, base=base, under=under)
    faults += _missing(directory, access, look, f"{under}." if under else "")
    audit_note.about(venue=look.venue, event=look.event)
    if faults:
        raise InvalidDocument(
            [Fault(printable(fault.path), printable(fault.value), fault.detail) for fault in faults]
        )
    return look


def scope_of(directory: Directory, access: Access, parameters: Query, now: datetime) -> Scope:
    """The scope of these parameters. Raises InvalidDocument, DatabaseUnavailable."""
    look = look_of(directory, access, parameters)
    event = directory.event(access.tenant_id, str(look.event)) if look.event is not None else None
    place = event.venue_id if event is not None else look.venue
    venues = [venue for venue in directory.venues(access.tenant_id) if access.sees_venue(venue.venue_id)]
    zone, currency = zone_and_currency(venues, place)
    return Scope(
        now=now,
        zone=zone,
        currency=currency,
        venue=look.venue,
        event=look.event,
        range=look.range or Last(last=30),
        compare=look.compare,
        compare_event=look.compare_event,
        where=look.where(),
        masked=access.masked,
    )


def _missing(directory: Directory, access: Access, look: Look, at: str) -> list[Fault]:
    """Venues and events that are not there for these eyes."""
    faults = []
    venue = directory.venue(access.tenant_id, str(look.venue)) if look.venue is not None else None
    if look.venue is not None and (venue is None or not access.sees_venue(look.venue)):
        faults.append(Fault(f"{at}venue", str(look.venue), "There is no such venue."))
    events: dict[str, Event | None] = {}
    for name, wanted in (("event", look.event), ("compare", look.compare_event)):
        if wanted is None:
            continue
        event = directory.event(access.tenant_id, str(wanted))
        if event is not None and not access.sees_event(event.venue_id, event.event_id):
            event = None
        if event is None:
            faults.append(Fault(f"{at}{name}", str(wanted), "There is no such event."))
        events[name] = event
    chosen = events.get("event")
    if chosen is not None and look.venue not in (None, chosen.venue_id):
        faults.append(Fault(f"{at}venue", str(look.venue), "The event is at another venue."))
    return faults
