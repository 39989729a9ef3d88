"""/sources/unregistered: a person says which event was meant by a name, sees what moves, and may take it
back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.answers import cursor, cursor_of
from api.event_matches import matched, undone
from api.forms import Wrong, page, require_our_form
from api.letter_words import door_words
from api.sources_page import refused, zone_of
from data import event_matches, unregistered
from data.access import Access
from data.audit_search import names
from data.board_check import InvalidDocument
from data.currencies import EXPONENTS
from data.directory import Event
from data.event_matches import Match, NotMatchable
from data.permissions import NotPermitted, Permission, access_of, require_everything
from data.services import Services
from data.unregistered import Unregistered
from widgets.format import money

PATH = "/sources/unregistered"
ON_A_PAGE = 50
LONGEST = 100
_DONE = {
    "matched": "Matched. What had come is being moved; what comes from now on goes there at once.",
    "undone": "Taken back. What was moved is on its way back; what comes from now on keeps its own name.",
}


def register(server: Flask, services: Services) -> None:
    """Add /sources/unregistered, a page for each event, and what their forms do."""
    views = _Routes(services)
    routes = Blueprint("matches-page", __name__, template_folder="templates")
    routes.register_error_handler(NotPermitted, refused)
    one = f"{PATH}/<uuid:unregistered_id>"
    for name, method, path, view in (
        ("show", "GET", PATH, views.show),
        ("one", "GET", one, views.one),
        ("match", "POST", f"{one}/match", views.match),
        ("undo", "POST", f"{one}/undo", views.undo),
    ):
        routes.add_url_rule(path, name, view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services, self._database = services, services.database

    def show(self) -> Response:
        """The list, and what was matched."""
        return self._list(told=_DONE.get(request.args.get("done", "")))

    def one(self, unregistered_id: UUID) -> Response:
        """What came for one of them, and which event may have been meant."""
        return self._one(unregistered_id)

    def match(self, unregistered_id: UUID) -> AnyResponse:
        """Say which event was meant."""
        access = self._access("match-events")
        try:
            require_our_form()
            real = UUID(request.form.get("event", ""))
            if matched(self._services, access, unregistered_id, real) is None:
                return _nothing()
        except NotMatchable as error:
            return self._one(unregistered_id, wrong=str(error), status=409)
        except Wrong as wrong:
            return self._one(unregistered_id, wrong=str(wrong), status=wrong.status)
        except ValueError:
            return self._one(unregistered_id, wrong="Choose an event first.", status=422)
        return redirect(f"{PATH}?done=matched", 303)

    def undo(self, unregistered_id: UUID) -> AnyResponse:
        """Take a match back."""
        access = self._access("match-events")
        try:
            require_our_form()
            if undone(self._services, access, unregistered_id) is None:
                return _nothing()
        except NotMatchable as error:
            return self._list(wrong=str(error), status=409)
        except Wrong as wrong:
            return self._list(wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done=undone", 303)

    def _list(self, *, told: str | None = None, wrong: str | None = None, status: int = 200) -> Response:
        access, zone = self._access("see-sources"), zone_of(self._services)
        try:
            after = cursor()
        except InvalidDocument:
            after = None
        with self._database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = unregistered.listed(tenant, after=after, limit=ON_A_PAGE + 1)
            made = event_matches.listed(tenant)
            called = names(tenant, [each.matched_by for each in made])
        here = found[:ON_A_PAGE]
        older = cursor_of(here[-1].first_at, here[-1].event_id) if len(found) > ON_A_PAGE else ""
        events = self._events(access)
        answer = page(
            "unregistered.html",
            status,
            person=g.person,
            events=[self._row(each, zone) for each in here],
            matches=[_match(each, events, zone, called) for each in made],
            older=f"{PATH}?{urlencode({'cursor': older})}" if older else "",
            newest=PATH if after else "",
            zone=zone.key,
            told=told,
            wrong=wrong,
        )
        if any(each.status != "matched" for each in made):
            answer.headers["Refresh"] = f"2; url={PATH}"
        return answer

    def _one(self, event_id: UUID, *, wrong: str | None = None, status: int = 200) -> Response:
        access, zone = self._access("see-sources"), zone_of(self._services)
        with self._database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = unregistered.by_id(tenant, event_id)
            source = unregistered.first_source(tenant, found) if found else ""
        if found is None:
            return _nothing()
        events = self._events(access)
        asked = request.values.get("q", "").strip()[:LONGEST]
        near = [each.event for each in unregistered.suggestions(found, events.values())]
        searched = unregistered.matching(asked, events.values(), found.venue_id) if asked else []
        chosen = events.get(_id(request.values.get("event", "")) or UUID(int=0))
        if chosen is not None and (not chosen.registered or chosen.venue_id != found.venue_id):
            chosen = None
        return page(
            "unregistered_event.html",
            status,
            one=self._row(found, zone),
            source=door_words(source) if source else "",
            suggested=[_event(each, zone) for each in near],
            searched=[_event(each, zone) for each in searched],
            q=asked,
            chosen=_event(chosen, zone) if chosen else None,
            zone=zone.key,
            wrong=wrong,
        )

    def _events(self, access: Access) -> dict[UUID, Event]:
        return {event.event_id: event for event in self._services.directory.events(access.tenant_id)}

    def _row(self, found: Unregistered, zone: ZoneInfo) -> dict[str, Any]:
        venues = {each.venue_id: each for each in self._services.directory.venues(g.person.tenant_id)}
        venue = venues.get(found.venue_id)
        return {
            "id": found.event_id,
            "name": found.name,
            "ref": found.external_id or "",
            "venue": venue.name if venue else "",
            "first": found.first_at.astimezone(zone),
            "last": found.last_at.astimezone(zone) if found.last_at else None,
            "sold": found.sold,
            "comps": found.comps,
            "entries": found.entries,
            "inside": found.inside,
            "page_views": found.page_views,
            "others": found.others,
            "money": [
                money(amount, currency, EXPONENTS.get(currency, 2), exact=True)
                for currency, amount in sorted(found.money.items())
                if amount
            ],
        }

    def _access(self, permission: Permission) -> Access:
        access = access_of(g.person)
        require_everything(access, permission)
        return access


def _match(
    match: Match, events: dict[UUID, Event], zone: ZoneInfo, called: dict[UUID, str]
) -> dict[str, Any]:
    real = events.get(match.real_event_id)
    return {
        "id": match.event_id,
        "name": match.name,
        "real": real.name if real else "",
        "status": match.status,
        "moved": match.moved,
        "by": called.get(match.matched_by, "") if match.matched_by else "",
        "at": match.matched_at.astimezone(zone),
    }


def _event(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    opens = event.starts_at or event.doors_at
    return {
        "id": event.event_id,
        "name": event.name,
        "when": f"{opens.astimezone(zone):%a %-d %b %Y, %H:%M}" if opens else "No date",
        "ref": event.external_id or "",
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _nothing() -> Response:
    return page("letter_nothing.html", 404)
