"""What any other address shows."""

from dash import html, register_page

from components.shell import shell
from components.states import not_found
from pages.viewer import viewer


def register() -> None:
    """Add the page under the name by which Dash looks for it."""
    register_page("not_found_404", title="Not found · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(**_: str) -> html.Div:
    """The frame with a way back in it."""
    return shell(not_found(), viewer(), current="")
