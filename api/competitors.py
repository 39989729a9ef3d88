"""Competitors' events by REST, as imported files state them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Flask, Response

from api import board_problems
from api.answers import answer, page_size
from api.notes import asked_moment
from api.viewers import viewers_of
from data import competitors
from data.instants import iso
from data.services import Services

PATH = "/api/v1/competitor-events"
USUAL, MOST = 200, 1_000
AHEAD = timedelta(days=366)


def register(server: Flask, services: Services) -> None:
    """Add GET /api/v1/competitor-events."""
    viewers = viewers_of(services)
    routes = Blueprint("competitors", __name__)
    board_problems.register(routes)

    @routes.get(PATH)
    def listed() -> Response:
        access, limit = viewers.access(), page_size(USUAL, MOST)
        since = asked_moment("from") or datetime.now(UTC) - timedelta(days=1)
        until = asked_moment("to") or since + AHEAD
        with services.database.tenant(access.tenant_id) as tenant:
            found = competitors.list_events(tenant, access, since, until, limit)
        return answer({"competitorEvents": [_shown(each) for each in found]})

    server.register_blueprint(routes)


def _shown(found: competitors.Stated) -> dict[str, object]:
    event = found.event
    return {
        "id": str(event.competitor_event_id),
        "venueId": str(event.venue_id),
        "source": found.source,
        "name": event.name,
        "place": event.place,
        "city": event.city,
        "startsAt": iso(event.starts_at),
        "endsAt": iso(event.ends_at),
        "capacity": event.capacity,
        "priceFromMinor": event.price_from_minor,
        "priceToMinor": event.price_to_minor,
        "currency": event.currency,
        "genre": event.genre,
    }
