"""What people say about the event."""

from dash import html

from widgets.attributes import marks
from widgets.read import Readings, place
from widgets.readings import State


def talk(state: State, texts: Readings) -> html.Div:
    """Mentions, reach and engagement in one line, and whether it goes viral."""
    return html.Div(
        [
            html.Span([place(texts, "mentions", "num"), " mentions"]),
            html.Span([place(texts, "reach", "num"), " reach"]),
            html.Span([place(texts, "engagement", "num"), " engaged"]),
            html.Span(
                "Viral", className="mark warn", hidden=not state["social"]["viral"], **marks(data_viral="")
            ),
        ],
        className="talk small",
    )
