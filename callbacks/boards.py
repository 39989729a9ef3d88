"""Dashboards in the browser: the list of them, one board, and the drawing of single widgets of it.

The pages know no database: they ask the readers that `register` leaves with their server. Everything that
changes a board goes through the REST routes (`api/dashboards.py`); what is asked here only reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from dash import Dash, Input, set_props
from flask import g
from pydantic import Field, ValidationError

from callbacks.board_drawing import Asked, draw_all
from callbacks.looking import Looking, access_of, looking
from components.board_grid import Slot
from components.board_page import OpenBoard
from components.filter_bar import filter_bar
from data.accounts import Person
from data.board_document import MOST_WIDGETS, BoardDocument, Placed
from data.board_rights import HAVE_BOARDS, BoardNotFound, may_link
from data.dashboards import Board, get
from data.engine import DatabaseUnavailable
from data.metric_query import Frozen
from data.services import Services
from widgets.board_layout import phone_order, settled
from widgets.format import clock, day
from widgets.registry import WIDGETS
from widgets.scope_url import Query

READER = "housecount.board"


class AskedSlot(Frozen):
    """A slot that the browser wants drawn."""

    placed: Placed
    mark: str = Field("", max_length=40)
    ask: int = 0


class Ask(Frozen):
    """What the browser wants drawn: the widgets by their slots, in the light of the page's address."""

    board: UUID
    query: str = Field("", max_length=4000)
    filters: dict[str, str] = Field(default_factory=dict, max_length=30)
    slots: dict[int, AskedSlot] = Field(default_factory=dict, max_length=MOST_WIDGETS)
    at: int = 0


def register(app: Dash, services: Services) -> None:
    """Leave the reader of the page with the app's server, and draw slots when the browser asks."""

    def read(board_id: str, query: Query) -> OpenBoard:
        return open_board(services, g.person, board_id, query)

    def answer(asked: dict[str, Any] | None) -> None:
        contents, newest = redraw(services, g.person, asked or {})
        for slot, content in contents.items():
            set_props({"t": "slot", "i": slot}, {"children": content})
        if newest:
            set_props("board-newest", {"children": newest})

    app.server.extensions[READER] = read
    app.callback(Input("board-ask", "data"), prevent_initial_call=True)(answer)


def open_board(services: Services, person: Person, board_id: str, query: Query) -> OpenBoard:
    """The board as this person sees it now, or why there is none to see."""
    if person.role not in HAVE_BOARDS:
        return OpenBoard(problem="not-permitted")
    try:
        return _read(services, person, UUID(board_id), query)
    except (BoardNotFound, ValueError):
        return OpenBoard(problem="not-found")
    except DatabaseUnavailable:
        return OpenBoard(problem="unreadable")


def redraw(services: Services, person: Person, sent: Mapping[str, Any]) -> tuple[dict[int, Any], str]:
    """Slot → its new content, for those that were asked for and look different now; and which version of
    the board is the newest and who saved it, as JSON.

    What is sent is checked like any stranger's: a board that this person may not see, or a question that is
    none, draws nothing.
    """
    try:
        ask = Ask.model_validate(sent)
    except ValidationError:
        return {}, ""
    access = access_of(person)
    asked = [Asked(slot.placed, slot.mark, slot.ask) for slot in ask.slots.values()]
    with services.database.tenant(person.tenant_id, snapshot=True) as tenant:
        try:
            board = get(tenant, access, ask.board)
        except BoardNotFound:
            return {}, ""
        looked = _looking(services, person, parse_qs(ask.query.lstrip("?")), ask.filters)
        contents, _ = draw_all(
            tenant,
            access,
            asked,
            looked.scope,
            editable=board.right != "view",
            picked=looked.picked,
        )
    different = {slot: found for slot, found in zip(ask.slots, contents, strict=True) if found is not None}
    return different, json.dumps({"version": board.version, "savedBy": board.author})


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
        )
    if board.trashed_at is not None:
        raise BoardNotFound
    order = phone_order(widgets)
    slots = [
        Slot(placed.x, placed.y, placed.w, placed.h, order.index(placed.id), content)
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
        bar=filter_bar(
            looked.look,
            looked.choices,
            f"/dashboards/{board.dashboard_id}",
            base=board.document.filters,
            misread=looked.misread,
        ),
        state=state,
        links=may_link(access, board.right),
        venue=str(looked.choices.venues[0].id) if len(looked.choices.venues) == 1 else "",
    )


def _looking(services: Services, person: Person, query: Query, base: Mapping[str, str]) -> Looking:
    return looking(services.directory, access_of(person), query, base=base)


def _saved(board: Board, looked: Looking) -> str:
    at, zone = board.updated_at.isoformat(), looked.scope.zone
    return f"Version {board.version}, saved by {board.author} on {day(at, zone)}, {clock(at, zone)}"
