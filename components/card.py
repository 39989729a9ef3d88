"""A framed part of the Tonight board under a heading."""

from dash import html
from dash.development.base_component import Component

from components.widget_menu import downloads
from widgets.attributes import marks


def card(
    title: str,
    body: list[Component] | Component,
    *,
    name: str,
    area: str,
    aside: Component | None = None,
    sub: Component | None = None,
    takes: str = "",
) -> html.Section:
    """A framed part of the board under a heading; `name` is its anchor, `area` its place in the grid. With
    `takes`, the id of the widget that it is, it can be downloaded."""
    heading = html.Div([html.H2(title, id=f"{name}-title"), sub], className="grow")
    return html.Section(
        [
            html.Header([heading, aside, downloads(title, takes) if takes else None], className="card-h"),
            *(body if isinstance(body, list) else [body]),
        ],
        id=name,
        className=f"card-x area-{area}",
        **marks(aria_labelledby=f"{name}-title"),
    )
