"""The page of attendance and doors: who came, when, by which door, and who did not."""

from dash import html, register_page
from flask import current_app

from components.figures_page import FiguresPage, figures_page
from components.shell import shell
from pages.files import addresses
from pages.viewer import viewer

PATH = "/attendance"
READER = "housecount.figures"


def register() -> None:
    """Add the page."""
    register_page("attendance", path=PATH, title="Attendance & doors · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(**query: str | list[str]) -> html.Div:
    """The widgets of the page as the filters in its address say."""
    page: FiguresPage = current_app.extensions[READER]("attendance", query)
    return shell(
        figures_page(page, [addresses()["boards.css"]]), viewer(), current=PATH, carried=page.carried
    )
