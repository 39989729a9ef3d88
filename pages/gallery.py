"""The gallery page: every widget there is, drawn with sample figures."""

from datetime import UTC, datetime

from dash import html, register_page

from components.shell import shell
from components.widget_gallery import gallery
from pages.files import addresses
from pages.viewer import viewer
from widgets.scope_url import carried

PATH = "/gallery"


def register() -> None:
    """Add the page to the app that was made last."""
    register_page("gallery", path=PATH, title="Widgets · Housecount", layout=layout)  # type: ignore[no-untyped-call]


def layout(**query: str | list[str]) -> html.Div:
    """The widgets with samples of this moment."""
    return shell(gallery(datetime.now(UTC), addresses()), viewer(), current=PATH, carried=carried(query))
