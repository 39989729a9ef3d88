"""The Sales page and the page of attendance and doors: their figures, and those again a while later.

The pages know no database: they ask the reader that `register` leaves with their server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from dash import Dash, Input, State, set_props
from flask import g, request

from callbacks.board_drawing import HELD
from callbacks.fixed_board import FixedBoard, fixed_board, looked_at, redrawn
from callbacks.looking import Looking, looking
from callbacks.one_paint import OnePaint
from components.figures_page import FiguresPage
from components.filter_bar import filter_bar
from data import audit_note
from data.accounts import Person
from data.demo_handover import read_history
from data.engine import DatabaseUnavailable
from data.permissions import access_of, may
from data.services import Services
from widgets.figures_pages import PAGES
from widgets.scope_url import Query

READER = "housecount.figures"


def register(app: Dash, services: Services) -> None:
    """Leave the reader of the pages with the app's server, and refresh their widgets when the page asks."""

    painted: OnePaint[FiguresPage] = OnePaint()

    def read(name: str, query: Query) -> FiguresPage:
        key = repr((g.person.user_id, g.person.role, name, sorted(query.items())))
        if not request.path.startswith("/_dash"):
            return painted.put(key, figures(services, g.person, name, query))
        return painted.take(key) or figures(services, g.person, name, query)

    def answer(ask: object, search: str | None, shown: dict[str, Any] | None) -> None:
        number = ask if isinstance(ask, int) else 0
        changes, marks, same = refresh(services, g.person, search or "", shown or {}, number)
        for slot, content in changes.items():
            set_props({"t": "slot", "i": slot}, {"children": content})
        if changes:
            set_props("figures-marks", {"data": (shown or {}) | {"marks": marks}})
        if same:
            set_props(HELD, {"children": same})

    app.server.extensions[READER] = read
    app.callback(
        Input("figures-ask", "data"),
        State("_pages_location", "search"),
        State("figures-marks", "data"),
        prevent_initial_call=True,
    )(answer)


def figures(services: Services, person: Person, name: str, query: Query) -> FiguresPage:
    """The page called `name` as this person sees it now, or why there is nothing to see."""
    if not may(access_of(person), "see-figures"):
        return FiguresPage(problem="not-permitted")
    try:
        looked, drawn = _drawn(services, person, name, query)
    except DatabaseUnavailable:
        return FiguresPage(problem="unreadable")
    page = PAGES[name]
    return FiguresPage(
        name,
        page.title,
        looked_at(looked),
        filter_bar(looked.look, looked.choices, page.path, base=page.base, misread=looked.misread),
        drawn.grid,
        drawn.live(),
        drawn.marks,
        demo=person.demo,
        history=read_history(services.settings.data_dir),
        carried=looked.choices.carried,
    )


def refresh(
    services: Services, person: Person, search: str, shown: Mapping[str, Any], ask: int = 0
) -> tuple[dict[int, Any], list[str], str]:
    """Slot → its new content, for those that look different now; the marks of all; which are as they were,
    in answer to the question `ask`.

    What is sent is checked like any stranger's: a page that is none, or is not for this role, draws nothing.
    """
    name, marks = str(shown.get("page")), shown.get("marks")
    if not may(access_of(person), "see-figures") or name not in PAGES or not isinstance(marks, list):
        return {}, [], ""
    audit_note.told(page=name)
    if len(marks) != len(PAGES[name].widgets):
        return {}, [], ""
    looked = _looking(services, person, name, parse_qs(search.lstrip("?"), keep_blank_values=True))
    return redrawn(
        services,
        access_of(person),
        PAGES[name].widgets,
        looked,
        [str(mark) for mark in marks],
        picked=looked.picked,
        ask=ask,
    )


def _drawn(services: Services, person: Person, name: str, query: Query) -> tuple[Looking, FixedBoard]:
    looked = _looking(services, person, name, query)
    widgets = PAGES[name].widgets
    return looked, fixed_board(services, access_of(person), widgets, looked, picked=looked.picked, app=True)


def _looking(services: Services, person: Person, name: str, query: Query) -> Looking:
    return looking(services.directory, access_of(person), query, base=PAGES[name].base)
