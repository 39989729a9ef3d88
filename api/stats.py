"""Ticket activity by REST: how many scans, transfers and refused attempts, and each of them.

Under `/stats` and `/api/v1/stats` alike, with names in snake_case: scanners' programs were written for these.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Flask, Response, request

from api.answers import answer
from api.board_problems import unanswerable
from api.problems import problem, unavailable
from api.viewers import viewers_of
from data import audit_note, ticket_stats
from data.engine import DatabaseUnavailable
from data.query_error import QueryError
from data.services import Services
from data.ticket_stats import Listed
from ingest.refusal import printable

PATHS = ("/api/v1/stats", "/stats")
LISTS: dict[str, Listed] = {
    "scans": "scans",
    "transfers": "transfers",
    "invalid-attempts": "invalid_attempts",
    "days": "days",
}
"""Last part of an address → the name of its list."""
USUAL, MOST = 50, 500
LONGEST = 200
"""Characters of a name, as in messages."""


class _Bad(Exception):
    """A parameter that cannot be read."""

    def __init__(self, field: str, value: str | None, detail: str) -> None:
        super().__init__(detail)
        self.field, self.value = field, value


def register(server: Flask, services: Services) -> None:
    """Add GET /stats and the lists below it. Counts are figures, single lines are rows: a rule for each."""
    viewers = viewers_of(services)
    figures, rows = Blueprint("stats", __name__), Blueprint("stats-rows", __name__)
    for routes in (figures, rows):
        routes.register_error_handler(DatabaseUnavailable, unavailable)
        routes.register_error_handler(_Bad, _bad)
        routes.register_error_handler(QueryError, unanswerable)

    def totals() -> Response:
        access, ref = viewers.access(), _event_id()
        with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            event = None if ref is None else ticket_stats.find(tenant, access, ref)
            if ref is not None and event is None:
                return _unknown(ref)
            found = ticket_stats.counts(tenant, access, event)
        if event is not None:
            audit_note.about(event=event.event_id, venue=event.venue_id)
        return answer(found)

    def each(part: str) -> Response:
        access, ref, limit = viewers.access(), _event_id(), _limit()
        if ref is None:
            raise _Bad("event_id", None, "Say of which event.")
        services.directory.venues(access.tenant_id)  # Read before a connection is taken, not beside it.
        with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            event = ticket_stats.find(tenant, access, ref)
            if event is None:
                return _unknown(ref)
            audit_note.about(event=event.event_id, venue=event.venue_id)
            now = datetime.now(UTC)
            lines = ticket_stats.listed(tenant, services.directory, event, LISTS[part], limit, now)
        return answer({"event_id": str(event.event_id), LISTS[part]: lines, "count": len(lines)})

    for path in PATHS:
        figures.add_url_rule(path, path, totals)
        for part in LISTS:
            routes = figures if part == "days" else rows
            routes.add_url_rule(f"{path}/{part}", f"{path}/{part}", partial(each, part))
    server.register_blueprint(figures)
    server.register_blueprint(rows)


def _event_id() -> str | None:
    """The parameter `event_id`; None when it is not there. Raises _Bad."""
    given = request.args.getlist("event_id")
    if not given:
        return None
    if len(given) > 1 or not 1 <= len(given[0]) <= LONGEST or "\0" in given[0]:
        raise _Bad("event_id", printable(given[0]), "One id of an event, or the sender's own name of it.")
    return given[0]


def _limit() -> int:
    """The parameter `limit`. Raises _Bad."""
    given = request.args.getlist("limit") or [str(USUAL)]
    sent = given[0]
    if len(given) > 1 or not (sent.isascii() and sent.isdecimal() and 1 <= int(sent[:9]) <= MOST):
        raise _Bad("limit", printable(sent), f"A number from 1 to {MOST}.")
    return int(sent)


def _bad(error: _Bad) -> Response:
    return problem(400, "bad-parameters", str(error), field=error.field, value=error.value)


def _unknown(ref: str) -> Response:
    detail = "There is no such event."
    return problem(404, "event-not-found", detail, field="event_id", value=printable(ref))
