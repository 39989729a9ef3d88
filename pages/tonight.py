"""The Tonight page: the live board of the event that is on."""

from dash import html, register_page
from flask import current_app

from components.board import Night, board, problem
from components.event_menu import coming_up
from components.shell import shell, takes_away
from pages.viewer import viewer

PATH = "/"
READER = "housecount.tonight"


def register() -> None:
    """Add the page to the app that was made last; Dash refuses pages before there is one."""
    register_page("tonight", path=PATH, title="Tonight · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(event: str | None = None, **_: str) -> html.Div:
    """The board of `event` (an id in the address), with its figures as they are at this moment."""
    night: Night = current_app.extensions[READER](event)
    if night.state is None:
        return shell(problem(night), viewer(), current=PATH)
    who = viewer()
    return shell(
        board(night.state, night.events, downloads=takes_away(who), history=night.history),
        who,
        current=PATH,
        aside=coming_up(night.state, night.events),
    )
