"""Icons: drawn by the stylesheet in the colour of the text around them."""

from dash import html

from widgets.attributes import marks


def icon(name: str) -> html.I:
    """An icon of `assets/icons.css`, for the eye only: the words beside it say what it means."""
    return html.I(className=f"ico ico-{name}", **marks(aria_hidden="true"))
