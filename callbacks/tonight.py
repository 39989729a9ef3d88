"""What the Tonight page shows and to whom: the state of one event, and the events to choose from.

The page itself knows no database. It asks the reader that `register` leaves with its server, so
that two apps in one process each read their own.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from dash import Dash
from flask import g

from components.board import Night
from data.accounts import SEES_THE_NIGHT, Person
from data.demo_handover import read_history
from data.engine import DatabaseUnavailable
from data.live import read_state, tonight
from data.live_state import EventState
from data.services import Services

READER = "housecount.tonight"
_PHASES = ("live", "next", "over")


def register(app: Dash, services: Services) -> None:
    """Leave the reader of the Tonight page with the app's server."""

    def read(event: str | list[str] | None) -> Night:
        return night(services, g.person, event[0] if isinstance(event, list) else event)

    app.server.extensions[READER] = read


def night(services: Services, person: Person, event: str | None) -> Night:
    """The night of `event`, or of the one that is on (else the next, else the last) without a choice."""
    if person.role not in SEES_THE_NIGHT:
        return Night(problem="not-permitted")
    try:
        return _read(services, person.tenant_id, event)
    except DatabaseUnavailable:
        return Night(problem="unreadable")


def _read(services: Services, tenant_id: UUID, chosen: str | None) -> Night:
    venues = services.directory.venues(tenant_id)
    now = datetime.now(UTC)
    with services.database.tenant(tenant_id, snapshot=True) as tenant:
        events: list[dict[str, Any]] = [
            {**event, "venueName": venue.name, "zone": venue.zone.key}
            for venue in venues
            for event in tonight(tenant, venue.venue_id, now)
        ]
        events.sort(key=lambda event: (_PHASES.index(event["phase"]), not event["registered"]))
        if chosen is None and not events:
            return Night(problem="no-event", venue=venues[0].name if len(venues) == 1 else None)
        event_id = _uuid(chosen if chosen is not None else events[0]["eventId"])
        state = read_state(tenant, event_id, now) if event_id is not None else None
    if state is None:
        return Night(problem="unknown-event")
    if all(event["eventId"] != state["eventId"] for event in events):
        events.insert(0, _listed(state))  # Whoever looks at an event finds it in the list.
    return Night(state=state, events=events, history=read_history(services.settings.data_dir))


def _listed(state: EventState) -> dict[str, Any]:
    """An event of any time as the switcher lists it: past the twelve that are near."""
    names = ("name", "status", "registered", "doorsAt", "startsAt", "endsAt", "venueName", "zone")
    own = {name: state["event"][name] for name in names}
    return {"eventId": state["eventId"], "phase": "over", **own}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
