"""The Tonight page: the live board of the event that is on."""

from dash import html, register_page
from flask import current_app

from components.board import Night, board, problem
from components.shell import shell
from pages.viewer import viewer

PATH = "/"
READER = "housecount.tonight"


def register() -> None:
    """Add the page to the app that was made last; Dash refuses pages before there is one."""
    register_page("tonight", path=PATH, title="Tonight · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(**query: str | list[str]) -> html.Div:
    """The board of the event or venue in the address, with its figures as they are at this moment."""
    night: Night = current_app.extensions[READER](query)
    who = viewer()
    if night.state is None or night.bar is None:
        return shell(problem(night), who, current=PATH, carried=night.carried)
    content = board(night.state, night.bar, notes=night.notes, downloads=who.exports, history=night.history)
    return shell(content, who, current=PATH, carried=night.carried)
