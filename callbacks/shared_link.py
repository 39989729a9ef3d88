"""What a promoter's link opens: one board with locked filters, for whoever holds the link, and nothing else.

The page is drawn by the server as plain HTML. It has no callbacks, no socket and no navigation, and asks
for itself again to stay fresh, so that this address is all its holder can reach.
"""

from __future__ import annotations

from dash import Dash
from flask import Response, request

from callbacks.fixed_board import fixed_board, looked_at
from callbacks.looking import looking
from callbacks.still_page import answers
from components.still import Still, closed, shared
from data import audit_note
from data.audit_entry import Actor
from data.dashboard_links import SharedBoard, SharedLinks
from data.services import Services
from widgets.format import clock, day
from widgets.scope_words import range_words
from widgets.time_zones import NO_ZONE

EVERY_SECONDS = 20
REFRESH = "X-Refresh"
"""Sent by a page that is open already: seeing newer figures is not another view."""
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def register(app: Dash, services: Services) -> SharedLinks:
    """Add /shared/<token>; close the links that are given back when the app ends."""
    links = SharedLinks(services.database)
    answer = answers(app)

    def show(token: str) -> Response:
        found = links.resolve(token, view=REFRESH not in request.headers and request.method == "GET")
        if found is None:
            content = closed(
                "This link shows nothing any more",
                "It has expired, was taken back, or was copied in part. Ask the person who sent it for a"
                " new one.",
            )
            return answer("Link closed", content, 404, HEADERS, hidden=True)
        audit_note.by(found.access.tenant_id, Actor("link", found.link.link_id))
        audit_note.about(f"dashboard:{found.link.dashboard_id}")
        content = shared(still_of(services, found), every=EVERY_SECONDS)
        return answer(found.board.name, content, 200, HEADERS, hidden=True)

    app.server.add_url_rule("/shared/<token>", "shared-link", show, methods=["GET"])
    return links


def still_of(services: Services, found: SharedBoard) -> Still:
    """The board as the link shows it. Its filters win over its own one by one. Raises DatabaseUnavailable."""
    looked = looking(
        services.directory,
        found.access,
        found.link.filters,
        base=found.board.document.filters,
        by_dimension=True,
    )
    drawn = fixed_board(services, found.access, found.board.document.widgets, looked)
    zone = looked.scope.zone or NO_ZONE
    now, ends = looked.scope.now.isoformat(), found.link.expires_at.isoformat()
    amounts = " Amounts of money are hidden." if found.link.masked else ""
    return Still(
        found.board.name,
        f"{looked_at(looked)} · as of {clock(now, zone)}",
        drawn.grid,
        note=(
            f"The figures follow by themselves every {EVERY_SECONDS} seconds.{amounts}"
            f" This link works until {day(ends, zone)}, {clock(ends, zone)} ({zone})."
        ),
        demo=found.demo,
        range=range_words(looked.scope.range, looked.scope.zone),
        zone=looked.scope.zone,
    )
