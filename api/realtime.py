"""The live figures for those who ask instead of listening: of an event, a venue or a series."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import msgspec
from flask import Blueprint, Flask, Response, request

from api.problems import problem, unavailable
from api.viewers import viewers_of
from data import audit_note
from data.access import Access
from data.engine import DatabaseUnavailable
from data.live import on_tonight
from data.live_masking import without_money
from data.live_state import EventState
from data.live_venue import venue_state
from data.series import attendance
from data.services import Services

_SECTIONS_OF_EVENT = ("sales", "attendance", "revenue", "social", "capacity")
_SECTIONS_OF_VENUE = ("sales", "revenue", "attendance", "capacity")


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/realtime/<section>/<event> and /api/v1/analytics/real-time/<section>?event_id|venue_id;
    `attendance` also takes a series_id."""
    viewers = viewers_of(services)
    routes = Blueprint("realtime", __name__)
    routes.register_error_handler(DatabaseUnavailable, unavailable)

    def by_path(section: str, ref: str) -> Response:
        return _of_event(services, viewers.access(), section, ref)

    def by_parameter(section: str) -> Response:
        access = viewers.access()
        asked = {
            name: ref
            for name in ("event", "venue", "series")
            if (ref := request.args.get(f"{name}_id") or request.args.get(f"{name}Id"))
        }
        if len(asked) == 1 and "event" in asked:
            return _of_event(services, access, section, asked["event"])
        if len(asked) == 1 and "venue" in asked:
            return _of_venue(services, access, section, asked["venue"])
        if len(asked) == 1 and section == "attendance":
            return _of_series(services, access, asked["series"])
        known = "an event_id, a venue_id or, of attendance, a series_id"
        return problem(400, "bad-parameters", f"Ask for one of {known}.", field="event_id")

    for prefix in ("/api/v1", "/api"):
        for section in (*_SECTIONS_OF_EVENT, "state"):
            path = f"{prefix}/realtime/{section}/<ref>"
            routes.add_url_rule(path, path, by_path, defaults={"section": section})
        for section in _SECTIONS_OF_VENUE:
            path = f"{prefix}/analytics/real-time/{section}"
            routes.add_url_rule(path, path, by_parameter, defaults={"section": section})
    server.register_blueprint(routes)


def _read(services: Services, access: Access, event_id: UUID) -> EventState | None:
    """The state of an event, without money for those who may not see it."""
    state = services.live.read(access.tenant_id, event_id)
    return without_money(state) if state is not None and access.masked else state


def _of_event(services: Services, access: Access, section: str, ref: str) -> Response:
    event_id = _event_id(services, access.tenant_id, ref)
    state = _read(services, access, event_id) if event_id is not None else None
    audit_note.about(event=event_id, venue=None if state is None else UUID(state["venueId"]))
    if event_id is None or state is None or not access.sees_event(UUID(state["venueId"]), event_id):
        return problem(404, "event-not-found", "There is no such event.", field="event_id", value=ref)
    return _answer(state if section == "state" else _section(state, section))


def _of_venue(services: Services, access: Access, section: str, ref: str) -> Response:
    tenant_id = access.tenant_id
    venue = services.directory.venue(tenant_id, ref)
    if venue is None or not access.sees_venue(venue.venue_id):
        return problem(404, "venue-not-found", "There is no such venue.", field="venue_id", value=ref)
    audit_note.about(venue=venue.venue_id)
    with services.database.tenant(access.tenant_id) as tenant:
        events = on_tonight(tenant, venue.venue_id)
    seen = [event_id for event_id in events if access.sees_event(venue.venue_id, event_id)]
    states = [_read(services, access, event_id) for event_id in seen]
    return _answer(venue_state(venue, section, [state for state in states if state is not None]))


def _of_series(services: Services, access: Access, ref: str) -> Response:
    try:
        series_id = UUID(ref)
    except ValueError:
        found = None
    else:
        with services.database.tenant(access.tenant_id) as tenant:
            found = attendance(tenant, access, series_id)
        audit_note.about(f"series:{series_id}")
    if found is None:
        return problem(404, "series-not-found", "There is no such series.", field="series_id", value=ref)
    return _answer({"seriesId": str(series_id), "attendance": asdict(found)})


def _event_id(services: Services, tenant_id: UUID, ref: str) -> UUID | None:
    try:
        return UUID(ref)
    except ValueError:
        event = services.directory.find_event(tenant_id, ref)
        return None if event is None else event.event_id


def _section(state: EventState, section: str) -> dict[str, Any]:
    return {name: state[name] for name in ("eventId", "venueId", "seq", "asOf")} | {
        "name": state["event"]["name"],
        section: state[section],
    }


def _answer(body: dict[str, Any]) -> Response:
    return Response(
        msgspec.json.encode(body), headers={"Cache-Control": "no-store"}, content_type="application/json"
    )
