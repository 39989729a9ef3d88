"""/sources: how each door is, for owners and managers; it keeps itself fresh."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, g, request

from api.door_words import shown
from api.forms import page
from api.problems import problem
from api.sources import seen_by
from data.permissions import NotPermitted, access_of, may
from data.services import Services
from data.time_zones import zone_and_currency

PATH = "/sources"
_UTC = "UTC"


def register(server: Flask, services: Services) -> None:
    """Add /sources, and what it shows anew."""
    routes = Blueprint("sources-page", __name__, template_folder="templates")
    routes.register_error_handler(NotPermitted, refused)

    @routes.get(PATH, endpoint="show")
    def show() -> Response:
        return _page(services, "sources.html")

    @routes.get(f"{PATH}/doors", endpoint="fresh")
    def fresh() -> Response:
        return _page(services, "sources_doors.html")

    server.register_blueprint(routes)


def _page(services: Services, template: str) -> Response:
    return page(template, **_found(services))


def _found(services: Services) -> dict[str, Any]:
    access, now = access_of(g.person), datetime.now(UTC)
    zone = zone_of(services)
    found = [shown(each, now, zone) for each in seen_by(services, access, now)]
    return {
        "person": g.person,
        "doors": found,
        "zone": zone.key,
        "now": now.astimezone(zone),
        "owner": may(access, "administer"),
    }


def refused(refusal: NotPermitted) -> Response:
    """403: as a page to those who look at one."""
    if "text/html" in request.headers.get("Accept", ""):
        return page("not_permitted.html", 403, why=str(refusal))
    return problem(403, "not-permitted", str(refusal))


def zone_of(services: Services) -> ZoneInfo:
    """The zone that the venues have in common, else UTC."""
    key, _ = zone_and_currency(services.directory.venues(g.person.tenant_id))
    return ZoneInfo(key or _UTC)
