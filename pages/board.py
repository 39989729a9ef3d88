"""The page of one dashboard."""

from dash import html, register_page
from flask import current_app, g

from components.board_page import OpenBoard, board_page
from components.shell import shell
from pages.files import addresses
from pages.viewer import viewer

READER = "housecount.board"


def register() -> None:
    """Add the page."""
    register_page(  # type: ignore[no-untyped-call]
        "board", path_template="/dashboards/<board_id>", title=title, layout=layout
    )


def title(board_id: str = "") -> str:
    """What the browser's tab says: the board's name, once its layout was drawn in this request."""
    return f"{g.get('board_name') or 'Dashboard'} · Housecount"


def layout(board_id: str = "", **query: str | list[str]) -> html.Div:
    """The board with all its widgets drawn, as the filters in its address say."""
    board: OpenBoard = current_app.extensions[READER](board_id, query)
    g.board_name = board.name
    return shell(board_page(board, addresses()), viewer(), current="/dashboards", carried=board.carried)
