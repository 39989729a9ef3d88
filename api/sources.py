"""The doors by REST: how each is, and what came through it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, Response

from api.answers import answer
from api.viewers import viewers_of
from data.access import Access
from data.doors import Door, doors
from data.instants import iso
from data.permissions import require_everything
from data.services import Services

PATH = "/api/v1/sources"


def register(server: Flask, services: Services) -> None:
    """Add GET /api/v1/sources."""
    viewers = viewers_of(services)
    routes = Blueprint("sources", __name__)

    @routes.get(PATH)
    def read() -> Response:
        now = datetime.now(UTC)
        found = seen_by(services, viewers.access(), now)
        return answer({"sources": [_shown(each) for each in found], "asOf": iso(now)})

    server.register_blueprint(routes)


def seen_by(services: Services, access: Access, now: datetime) -> list[Door]:
    """The doors of the tenant. Raises NotPermitted for whoever was granted a part of it."""
    require_everything(access, "see-sources")
    with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
        return doors(tenant, now)


def _shown(door: Door) -> dict[str, Any]:
    seen = door.seen
    return {
        "door": door.door,
        "kind": door.kind,
        "name": door.name or None,
        "state": door.state,
        "lagSeconds": seen.lag_seconds,
        "perMinute": round(seen.per_minute, 2),
        "perMinuteOfLastHour": round(seen.per_minute_of_hour, 2),
        "lastMessageAt": iso(seen.last_message_at),
        "refusedInLastDay": seen.refused_in_a_day,
        "accepted": seen.accepted,
        "duplicates": seen.duplicates,
        "rejected": seen.rejected,
        "error": door.error or None,
        "errorAt": iso(door.error_at),
        "waiting": door.waiting,
    }
