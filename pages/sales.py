"""The page of sales: what is sold, when, where and for how much."""

from dash import html, register_page
from flask import current_app

from components.figures_page import FiguresPage, figures_page
from components.shell import shell
from pages.files import addresses
from pages.viewer import viewer

PATH = "/sales"
READER = "housecount.figures"


def register() -> None:
    """Add the page."""
    register_page("sales", path=PATH, title="Sales · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(**query: str | list[str]) -> html.Div:
    """The widgets of the page as the filters in its address say."""
    page: FiguresPage = current_app.extensions[READER]("sales", query)
    return shell(
        figures_page(page, [addresses()["boards.css"]]), viewer(), current=PATH, carried=page.carried
    )
