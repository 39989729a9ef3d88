"""The head of the board: which event, how fresh, how connected."""

from dash import html

from components.export_menu import export_menu
from widgets.attributes import marks
from widgets.icon import icon
from widgets.read import Readings, place
from widgets.readings import State


def header(
    state: State,
    texts: Readings,
    *,
    downloads: bool = True,
    history: int | None = None,
) -> html.Header:
    """The event's name, its times, the state of the line, and what can be taken away by those who may.
    `history` is that of `demo_mark`."""
    event = state["event"]
    marks = [
        demo_mark(event["demo"], history),
        html.Span("Unregistered", className="mark warn", title="Messages name this event, nobody entered it")
        if not event["registered"]
        else None,
        place(texts, "phase", "mark phase"),
    ]
    return html.Header(
        [
            html.Div(
                [
                    html.Div([html.H1(event["name"]), *marks], className="title-row"),
                    place(texts, "event-when", "muted small"),
                ],
                className="grow title",
            ),
            html.Div(
                [html.Span("as of "), place(texts, "as-of", "num")], className="as-of muted small", id="as-of"
            ),
            pill(),
            export_menu(event["name"]) if downloads else None,
            theme_button(),
        ],
        className="top",
    )


def demo_mark(demo: bool, history: int | None = None) -> html.Span | None:
    """Says of figures that they are simulated, and how many percent of them are there yet if not all; None
    for those of a real venue."""
    if not demo:
        return None
    title = "Simulated data of the demo venue"
    if history is None:
        return html.Span("Demo", className="mark demo", title=title)
    title += f"; {history}% of its evenings were published when this page was opened, the others follow"
    return html.Span(f"Demo history {history}%", className="mark demo", title=title)


def pill() -> html.Span:
    """How the page gets its news; `assets/live.js` keeps it true."""
    return html.Span(
        [
            html.Span(className="dot", **marks(aria_hidden="true")),
            html.Span("Connecting", className="pill-text"),
        ],
        className="pill",
        role="status",
        **marks(data_line="connecting"),
    )


def stale_note() -> html.Div:
    """Where `assets/freshness.js` says once for the page since when its figures are old."""
    return html.Div("", className="stale-note", role="status", **marks(data_stale_note=""))


def theme_button() -> html.Button:
    """Light or dark, remembered in the browser."""
    return html.Button(
        [icon("moon"), icon("sun")],
        className="icon-button",
        **marks(data_theme_toggle="", aria_label="Switch between light and dark"),
    )
