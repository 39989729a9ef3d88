"""Dashboards in the browser: the list of them, one board, and the drawing of single widgets of it.

The pages know no database: they ask the readers that `register` leaves with their server. Everything that
changes a board goes through the REST routes (`api/dashboards.py`); what is asked here only reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from dash import Dash, Input, set_props
from dash.development.base_component import Component
from flask import g, request
from pydantic import Field, ValidationError

from callbacks.board_drawing import HELD, Asked, draw_all, unchanged
from callbacks.looking import Looking, looking
from callbacks.one_paint import OnePaint
from components.board_grid import Slot
from components.board_page import OpenBoard, look_of
from components.filter_bar import filter_bar
from components.written_frame import written
from data import audit_note
from data.accounts import Person
from data.board_document import MOST_WIDGETS, BoardDocument, Placed
from data.board_filters import KeptFilters
from data.board_layout import phone_order, settled
from data.board_rights import BoardNotFound, may_link
from data.dashboards import Board, get
from data.demo_handover import read_history
from data.engine import DatabaseUnavailable
from data.metric_query import Frozen
from data.permissions import access_of, may
from data.services import Services
from widgets.format import clock, day
from widgets.registry import WIDGETS
from widgets.scope_url import Query
from widgets.time_zones import NO_ZONE

READER = "housecount.board"
GONE = '{"gone": true}'
"""In place of the newest version: the board is in the trash, or not for this person any more."""


class AskedSlot(Frozen):
    """A slot that the browser wants drawn."""

    placed: Placed
    mark: str = Field("", max_length=40)
    ask: int = 0


class Ask(Frozen):
    """What the browser wants drawn: the widgets by their slots, in the light of the page's address."""

    board: UUID
    query: str = Field("", max_length=4000)
    filters: KeptFilters = Field(default_factory=dict, max_length=30)
    slots: dict[int, AskedSlot] = Field(default_factory=dict, max_length=MOST_WIDGETS)
    look: bool = False
    """Whether the bar and the live state are wanted as well: the address has changed."""
    at: int = 0
    """By which the page knows the answer to this question."""


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Slot → its new content, for those that were asked for and look different now; which version of the
    board is the newest and who saved it, as JSON, or `GONE`; what follows the address, if it was asked for;
    and what is as it was."""

    contents: Mapping[int, Component]
    newest: str = ""
    look: Component | None = None
    same: str = ""
    """What was found unchanged (`unchanged`)."""


def register(app: Dash, services: Services) -> None:
    """Leave the reader of the page with the app's server, and draw slots when the browser asks."""

    painted: OnePaint[OpenBoard] = OnePaint()

    def read(board_id: str, query: Query) -> OpenBoard:
        key = repr((g.person.user_id, board_id, sorted(query.items())))
        if not request.path.startswith("/_dash"):
            return painted.put(key, open_board(services, g.person, board_id, query))
        drawn = painted.take(key)
        if drawn is not None and _still(services, g.person, drawn):
            return drawn
        return open_board(services, g.person, board_id, query)

    def answer(asked: dict[str, Any] | None) -> None:
        found = redraw(services, g.person, asked or {})
        for slot, content in found.contents.items():
            set_props({"t": "slot", "i": slot}, {"children": content})
        if found.newest:
            set_props("board-newest", {"children": found.newest})
        if found.same:
            set_props(HELD, {"children": found.same})
        if found.look is not None:
            set_props("board-look", {"children": found.look})

    app.server.extensions[READER] = read
    app.callback(Input("board-ask", "data"), prevent_initial_call=True)(answer)


def open_board(services: Services, person: Person, board_id: str, query: Query) -> OpenBoard:
    """The board as this person sees it now, or why there is none to see."""
    if not may(access_of(person), "see-boards"):
        return OpenBoard(problem="not-permitted")
    try:
        return _read(services, person, UUID(board_id), query)
    except (BoardNotFound, ValueError):
        audit_note.is_a("see-boards", "refused")
        return OpenBoard(problem="not-found")
    except DatabaseUnavailable:
        return OpenBoard(problem="unreadable")


def _still(services: Services, person: Person, drawn: OpenBoard) -> bool:
    """Whether this person would see the same document under the same rights now."""
    try:
        with services.database.tenant(person.tenant_id) as tenant:
            board = get(tenant, access_of(person), UUID(drawn.board_id))
    except (BoardNotFound, DatabaseUnavailable, ValueError):
        return False
    return (board.version, board.right, board.trashed_at) == (drawn.version, drawn.right, None)


def redraw(services: Services, person: Person, sent: Mapping[str, Any]) -> Redrawn:
    """What the browser asked to have drawn.

    What is sent is checked like any stranger's: a board that this person may not see (any more), or a
    question that is none, draws nothing.
    """
    try:
        ask = Ask.model_validate(sent)
    except ValidationError:
        return Redrawn({})
    access = access_of(person)
    asked = [Asked(slot.placed, slot.mark, slot.ask) for slot in ask.slots.values()]
    audit_note.about(f"dashboard:{ask.board}")
    audit_note.told(widgets=[slot.placed.widget for slot in ask.slots.values()])
    with services.database.tenant(person.tenant_id, snapshot=True) as tenant:
        try:
            board = get(tenant, access, ask.board)
        except BoardNotFound:
            audit_note.is_a("see-boards", "refused")
            return Redrawn({}, GONE)
        if board.trashed_at is not None:
            return Redrawn({}, GONE)
        query = parse_qs(ask.query.lstrip("?"), keep_blank_values=True)
        looked = _looking(services, person, query, ask.filters)
        editable = board.right != "view"
        contents, state = draw_all(
            tenant, access, asked, looked.scope, editable=editable, picked=looked.picked, as_text=True
        )
    return Redrawn(
        {
            slot: written(content)
            for slot, content in zip(ask.slots, contents, strict=True)
            if content is not None
        },
        json.dumps({"version": board.version, "savedBy": board.author}),
        look_of(_bar(looked, ask.board, ask.filters), state, ask.query) if ask.look else None,
        unchanged(asked, contents, looked.scope.now, ask.at),
    )


def _read(services: Services, person: Person, board_id: UUID, query: Query) -> OpenBoard:
    access = access_of(person)
    with services.database.tenant(person.tenant_id, snapshot=True) as tenant:
        board = get(tenant, access, board_id)
        looked = _looking(services, person, query, board.document.filters)
        widgets = settled(board.document.widgets)
        asked = [Asked(placed) for placed in widgets]
        contents, state = draw_all(
            tenant,
            access,
            asked,
            looked.scope,
            editable=board.right != "view",
            picked=looked.picked,
            as_text=True,
        )
    audit_note.told(widgets=[placed.widget for placed in widgets])
    if board.trashed_at is not None:
        raise BoardNotFound
    order = phone_order(widgets)
    slots = [
        Slot(placed.x, placed.y, placed.w, placed.h, order.index(placed.id), written(content))
        for placed, content in zip(widgets, contents, strict=True)
        if content is not None
    ]
    document = BoardDocument(widgets=widgets, filters=board.document.filters)
    return OpenBoard(
        board_id=str(board.dashboard_id),
        name=board.name,
        version=board.version,
        right=board.right,
        owner=board.owner,
        saved=_saved(board, looked),
        document=document.model_dump(mode="json", by_alias=True),
        slots=slots,
        most=MOST_WIDGETS,
        sizes={name: [*widget.size, *widget.smallest] for name, widget in WIDGETS.items()},
        bar=_bar(looked, board_id, board.document.filters),
        state=state,
        links=may_link(access, board.right),
        venue=str(looked.choices.venues[0].id) if len(looked.choices.venues) == 1 else "",
        demo=person.demo,
        history=read_history(services.settings.data_dir),
        carried=looked.choices.carried,
    )


def _looking(services: Services, person: Person, query: Query, base: Query) -> Looking:
    return looking(services.directory, access_of(person), query, base=base)


def _bar(looked: Looking, board_id: UUID, base: Query) -> Component:
    path = f"/dashboards/{board_id}"
    return filter_bar(looked.look, looked.choices, path, base=base, misread=looked.misread)


def _saved(board: Board, looked: Looking) -> str:
    at, zone = board.updated_at.isoformat(), looked.scope.zone
    named = "" if zone else f" {NO_ZONE}"
    return f"Version {board.version}, saved by {board.author} on {day(at, zone)}, {clock(at, zone)}{named}"
