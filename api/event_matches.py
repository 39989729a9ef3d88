"""Events that nobody registered by REST: what came for them, which event may be meant, matching and
undoing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response
from pydantic import BaseModel, ConfigDict, Field

from api import board_problems
from api.answers import answer, asked, cursor, cursor_of, page_size
from api.problems import problem
from api.viewers import viewers_of
from data import audit_note, event_matches, unregistered
from data.access import Access
from data.event_matches import Match, NotMatchable
from data.instants import iso
from data.permissions import Permission, require_everything
from data.services import Services
from data.unregistered import Suggestion, Unregistered

PATH = "/api/v1/unregistered-events"
MATCHES = "/api/v1/event-matches"


class MatchedTo(BaseModel):
    """The event that was meant."""

    model_config = ConfigDict(extra="forbid")
    event_id: UUID = Field(alias="eventId")


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/unregistered-events and /api/v1/event-matches."""
    views = _Routes(services)
    routes = Blueprint("event-matches", __name__)
    board_problems.register(routes)
    routes.register_error_handler(NotMatchable, lambda error: problem(409, "not-matchable", str(error)))
    one = f"{PATH}/<uuid:unregistered_id>"
    for name, method, path, view in (
        ("unregistered", "GET", PATH, views.search),
        ("one", "GET", one, views.read),
        ("match", "POST", f"{one}/match", views.match),
        ("matches", "GET", MATCHES, views.matches),
        ("undo", "POST", f"{MATCHES}/<uuid:unregistered_id>/undo", views.undo),
    ):
        routes.add_url_rule(path, name, view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services, self._viewers = services, viewers_of(services)

    def search(self) -> Response:
        access, limit, after = self._access("see-sources"), page_size(), cursor()
        with self._services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = unregistered.listed(tenant, after=after, limit=limit + 1)
        here = found[:limit]
        following = cursor_of(here[-1].first_at, here[-1].event_id) if len(found) > limit else None
        return answer({"events": [shown(each) for each in here], "nextCursor": following})

    def read(self, unregistered_id: UUID) -> Response:
        access = self._access("see-sources")
        with self._services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = unregistered.by_id(tenant, unregistered_id)
        if found is None:
            return _not_there()
        near = unregistered.suggestions(found, self._services.directory.events(access.tenant_id))
        return answer(shown(found) | {"suggestions": [_suggested(each) for each in near]})

    def match(self, unregistered_id: UUID) -> Response:
        access, wanted = self._access("match-events"), asked(MatchedTo)
        done = matched(self._services, access, unregistered_id, wanted.event_id)
        return _not_there() if done is None else answer(shown_match(done), 202)

    def matches(self) -> Response:
        access = self._access("see-sources")
        with self._services.database.tenant(access.tenant_id) as tenant:
            found = event_matches.listed(tenant)
        return answer({"matches": [shown_match(each) for each in found]})

    def undo(self, unregistered_id: UUID) -> Response:
        access = self._access("match-events")
        done = undone(self._services, access, unregistered_id)
        return _no_match() if done is None else answer(shown_match(done), 202)

    def _access(self, permission: Permission) -> Access:
        access = self._viewers.access()
        require_everything(access, permission)
        return access


def matched(services: Services, access: Access, event_id: UUID, real_id: UUID) -> Match | None:
    """The match that was made; None for an event that is not there. Raises NotMatchable."""
    with services.database.tenant(access.tenant_id) as tenant:
        if unregistered.by_id(tenant, event_id) is None:
            return None
        done = event_matches.match(tenant, event_id, real_id, access.user_id)
    services.directory.forget(access.tenant_id)
    audit_note.about(f"unregistered:{event_id}", venue=done.venue_id, event=done.real_event_id)
    return done


def undone(services: Services, access: Access, event_id: UUID) -> Match | None:
    """The match that is taken back; None where there is none. Raises NotMatchable."""
    with services.database.tenant(access.tenant_id) as tenant:
        if event_matches.by_id(tenant, event_id) is None:
            return None
        done = event_matches.undo(tenant, event_id)
        found = event_matches.by_id(tenant, event_id)
    services.directory.forget(access.tenant_id)
    audit_note.about(f"unregistered:{event_id}", venue=done.venue_id, event=done.real_event_id)
    return found


def shown(found: Unregistered) -> dict[str, Any]:
    """An event as JSON."""
    return {
        "id": found.event_id,
        "venueId": found.venue_id,
        "name": found.name,
        "externalId": found.external_id,
        "firstSeenAt": iso(found.first_at),
        "lastSeenAt": iso(found.last_at),
        "sold": found.sold,
        "comps": found.comps,
        "entries": found.entries,
        "inside": found.inside,
        "pageViews": found.page_views,
        "netMinor": found.money,
    }


def shown_match(match: Match) -> dict[str, Any]:
    """A match as JSON."""
    return {
        "id": match.event_id,
        "eventId": match.real_event_id,
        "venueId": match.venue_id,
        "name": match.name,
        "externalId": match.ref,
        "status": match.status,
        "moved": match.moved,
        "matchedBy": match.matched_by,
        "matchedAt": iso(match.matched_at),
    }


def _suggested(each: Suggestion) -> dict[str, Any]:
    event = each.event
    return {
        "eventId": event.event_id,
        "name": event.name,
        "startsAt": iso(event.starts_at),
        "likeness": each.likeness,
    }


def _not_there() -> Response:
    return problem(404, "event-not-found", "There is no such unregistered event for you.")


def _no_match() -> Response:
    return problem(404, "match-not-found", "There is no such match for you.")
