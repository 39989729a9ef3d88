"""What the page of all dashboards shows and to whom."""

from __future__ import annotations

from dash import Dash
from flask import g

from components.board_list import BoardCard, BoardList, Box, TemplateCard
from data.accounts import Person
from data.board_templates import TEMPLATES
from data.dashboards import Listed, list_boards
from data.engine import DatabaseUnavailable
from data.permissions import access_of, may
from data.services import Services
from data.time_zones import zone_and_currency
from widgets.format import clock, day
from widgets.registry import WIDGETS
from widgets.time_zones import NO_ZONE

READER = "housecount.dashboards"


def register(app: Dash, services: Services) -> None:
    """Leave the reader of the page with the app's server."""

    def read(*, trash: bool) -> BoardList:
        return boards(services, g.person, trash=trash)

    app.server.extensions[READER] = read


def boards(services: Services, person: Person, *, trash: bool = False) -> BoardList:
    """The boards of this person, the last changed first, or those in their trash."""
    if not may(access_of(person), "see-boards"):
        return BoardList(problem="not-permitted")
    access = access_of(person)
    try:
        everywhere = services.directory.venues(person.tenant_id)
        venues = [venue for venue in everywhere if access.sees_venue(venue.venue_id)]
        with services.database.tenant(person.tenant_id, snapshot=True) as tenant:
            shown, other = (list_boards(tenant, access, trashed=which) for which in (trash, not trash))
    except DatabaseUnavailable:
        return BoardList(problem="unreadable")
    zone = zone_and_currency(venues)[0] or NO_ZONE
    shown = sorted(shown, key=lambda board: board.updated_at, reverse=True)
    return BoardList(
        cards=[_card(board, person, zone) for board in shown],
        templates=[] if trash else templates(),
        trash=trash,
        trashed=0 if trash else len(other),
    )


def templates() -> list[TemplateCard]:
    """What a new board can begin with."""
    return [
        TemplateCard(
            found.name,
            found.label,
            found.description,
            [_box(each.widget, each.x, each.y, each.w, each.h) for each in found.document.widgets],
        )
        for found in TEMPLATES.values()
    ]


def _card(board: Listed, person: Person, zone: str) -> BoardCard:
    at = board.updated_at.isoformat()
    return BoardCard(
        board_id=str(board.dashboard_id),
        name=board.name,
        owner=board.owner,
        mine=board.owner_id == person.user_id,
        right=board.right,
        shared=board.shared,
        updated=day(at, zone),
        updated_exact=f"Saved by {board.author} on {day(at, zone)} at {clock(at, zone)} ({zone})",
        version=board.version,
        boxes=[_box(*box) for box in board.outline],
    )


def _box(widget: str, x: int, y: int, w: int, h: int) -> Box:
    found = WIDGETS.get(widget)
    return (x, y, w, h, found.icon if found is not None else "grid")
