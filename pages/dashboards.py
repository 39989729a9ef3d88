"""The page of all dashboards."""

from dash import html, register_page
from flask import current_app

from components.board_list import BoardList, board_list
from components.shell import shell
from pages.files import addresses
from pages.viewer import viewer
from widgets.scope_url import carried

PATH = "/dashboards"
READER = "housecount.dashboards"


def register() -> None:
    """Add the page."""
    register_page("dashboards", path=PATH, title="Dashboards · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(show: str | list[str] | None = None, **query: str | list[str]) -> html.Div:
    """The boards this person has a right to, or with `show=trash` those they threw away."""
    boards: BoardList = current_app.extensions[READER](trash=show == "trash")
    return shell(board_list(boards, addresses()), viewer(), current=PATH, carried=carried(query))
