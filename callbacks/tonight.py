"""What the Tonight page shows and to whom: the state of one event, below the bar that all pages have.

The page itself knows no database. It asks the reader that `register` leaves with its server, so
that two apps in one process each read their own.
"""

from datetime import datetime
from uuid import UUID

from dash import Dash
from flask import g

from callbacks.looking import Looking, looking
from components.board import Night
from components.filter_bar import night_bar
from data.access import Access
from data.accounts import Person
from data.demo_handover import read_history
from data.engine import DatabaseUnavailable, TenantConnection
from data.live import tonight
from data.needs import LiveNight, live_night, notes_around
from data.permissions import access_of, may
from data.services import Services
from widgets.scope_url import Query

READER = "housecount.tonight"
PATH = "/"
_PHASES = ("live", "next", "over")


def register(app: Dash, services: Services) -> None:
    """Leave the reader of the Tonight page with the app's server."""

    def read(query: Query) -> Night:
        return night(services, g.person, query)

    app.server.extensions[READER] = read


def night(services: Services, person: Person, query: Query) -> Night:
    """The night of the event in the address, or of the one that is on (else the next, else the last) at the
    venue in the address, at any without one."""
    if not may(access_of(person), "see-night"):
        return Night(problem="not-permitted")
    try:
        return _read(services, person, query)
    except DatabaseUnavailable:
        return Night(problem="unreadable")


def _read(services: Services, person: Person, query: Query) -> Night:
    for event in _texts(query, "event"):
        services.directory.find_event(person.tenant_id, event)  # It may be younger than what is held.
    access = access_of(person)
    looked = looking(services.directory, access, query)
    now = looked.scope.now
    with services.database.tenant(person.tenant_id, snapshot=True) as tenant:
        unknown = looked.look.event is None and any(part.name == "event" for part in looked.misread)
        chosen = None if unknown else looked.look.event or _on(tenant, access, looked, now)
        state = live_night(tenant, access, LiveNight(chosen), now) if chosen is not None else None
        notes = [] if state is None else notes_around(tenant, access, state, now)
    carried = looked.choices.carried
    if state is None:
        told = [part for part in looked.misread if part.name != "event"]
        shown = "Not here" if unknown or chosen else "No event yet"
        bar = night_bar(looked.look, looked.choices, PATH, shown, misread=told)
        if unknown or chosen:
            return Night(bar=bar, problem="unknown-event", carried=carried)
        return Night(bar=bar, problem="no-event", venue=_venue(looked), carried=carried)
    bar = night_bar(looked.look, looked.choices, PATH, state["event"]["name"], misread=looked.misread)
    history = read_history(services.settings.data_dir)
    return Night(state=state, bar=bar, notes=notes, history=history, carried=carried)


def _on(tenant: TenantConnection, access: Access, looked: Looking, now: datetime) -> UUID | None:
    """The event that is on at the venues looked at, else the next one, else the last."""
    venues = [venue.id for venue in looked.choices.venues if looked.look.venue in (None, venue.id)]
    events = [
        event
        for venue in venues
        for event in tonight(tenant, venue, now)
        if access.sees_event(venue, UUID(event["eventId"]))
    ]
    events.sort(key=lambda event: (_PHASES.index(event["phase"]), not event["registered"]))
    return UUID(events[0]["eventId"]) if events else None


def _venue(looked: Looking) -> str | None:
    """The one venue that is looked at."""
    venues = [venue.name for venue in looked.choices.venues if looked.look.venue in (None, venue.id)]
    return venues[0] if len(venues) == 1 else None


def _texts(query: Query, name: str) -> list[str]:
    found = query.get(name, ())
    return [found] if isinstance(found, str) else list(found)
