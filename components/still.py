"""Boards without an app around them: the screen on a wall, and what a promoter's link shows.

Such a page is plain HTML drawn by the server. It knows no callback, loads nothing of Dash, and is kept
fresh by `assets/still.js`, which asks for the same address again and takes over what has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from dash import dcc, html
from dash.development.base_component import Component

from components.export_menu import export_menu
from components.header import demo_mark, pill, stale_note, theme_button
from components.markup import markup
from widgets.attributes import marks
from widgets.icon import icon

Url = Callable[[str], str]
STYLES = ("app.css", "boards.css", "still.css")
SCRIPTS = ("app.js", "plotly.js", "still.js")
ROOT = "react-entry-point"
"""The scripts of live boards look for their charts under this id, wherever they come from."""


@dataclass(frozen=True, slots=True)
class Still:
    """A board to be looked at: `sub` says of what and when its figures are, `note` stands below it; with
    `demo` they are simulated. `range` in words and `zone` are of the names of files."""

    name: str
    sub: str
    board: Component
    state: Component | None = None
    note: str = ""
    demo: bool = False
    range: str = ""
    zone: str = ""


def document(url: Url, boot_script: str, title: str, content: Component, *, hidden: bool = False) -> str:
    """The whole page; one that is `hidden` leads nowhere, and asks search engines to leave it alone."""
    robots = '<meta name="robots" content="noindex, nofollow, noarchive">' if hidden else ""
    styles = "".join(f'<link rel="stylesheet" href="{url(name)}">' for name in STYLES)
    scripts = "".join(f'<script async src="{url(name)}"></script>' for name in SCRIPTS)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#3b5bdb">
{robots}
<title>{escape(title)}</title>
<link rel="icon" href="{url("icon.svg")}" type="image/svg+xml">
<script>{boot_script}</script>
{styles}
<link rel="preload" href="{url("inter.woff2")}" as="font" type="font/woff2" crossorigin>
{scripts}
</head>
<body class="still-body">
<div id="{ROOT}">{markup(content, charts=True, links=not hidden, ids=True)}</div>
</body>
</html>"""


def screen(still: Still, *, every: float, of: int, at: int, next_url: str) -> Component:
    """A board on a wall: nothing to click, large type, and how long until the next one."""
    dots = [html.Span(className="tv-dot on" if index == at else "tv-dot") for index in range(of)]
    return html.Main(
        [
            html.Header(
                [
                    html.H1(still.name, className="tv-name", title=still.name),
                    demo_mark(still.demo),
                    html.Span(still.sub, className="muted tv-sub grow"),
                    html.Span(dots, className="tv-dots", **marks(aria_hidden="true")) if of > 1 else None,
                    pill() if still.state is not None else None,
                    html.Span("", className="tv-clock num", **marks(data_clock="")),
                    html.Button(
                        icon("screen"),
                        className="icon-button tv-button",
                        title="Full screen (F)",
                        **marks(data_full_screen="", aria_label="Full screen"),
                    ),
                    html.A(
                        icon("close"),
                        href="/dashboards",
                        className="icon-button tv-button",
                        title="Leave TV mode",
                        **marks(aria_label="Leave TV mode"),
                    ),
                ],
                className="tv-head",
            ),
            html.Div(still.board, className="tv-board"),
            still.state,
            html.Div(
                [stale_note(), html.Div("", className="tv-note", role="status", **marks(data_tv_note=""))],
                className="tv-notes",
            ),
        ],
        className="still tv",
        **marks(
            data_still="tv", data_locked="", data_every=str(every), data_next=next_url, data_count=str(of)
        ),
    )


def shared(still: Still, *, every: float) -> Component:
    """What the holder of a link sees: the board, and nothing that leads anywhere else."""
    return html.Main(
        [
            html.Header(
                [
                    html.Div(
                        [
                            html.Div(
                                [html.H1(still.name, title=still.name), demo_mark(still.demo)],
                                className="still-name",
                            ),
                            html.Div(still.sub, className="muted small"),
                        ],
                        className="grow title",
                    ),
                    export_menu(still.name, kept=False),
                    theme_button(),
                ],
                className="top",
            ),
            stale_note(),
            html.Div(still.board, className="shared-board"),
            html.Footer(still.note, className="muted small shared-note"),
        ],
        className="still shared",
        **marks(
            data_still="shared",
            data_locked="",
            data_every=str(every),
            data_range=still.range,
            data_zone=still.zone,
        ),
    )


def closed(title: str, text: str) -> Component:
    """A page that says calmly why there is nothing to see."""
    return html.Main(
        html.Section(
            [
                html.Span(icon("lock"), className="state-icon"),
                html.H1(title),
                html.P(text, className="muted"),
            ],
            className="card-x state",
        ),
        className="still",
    )


def choose(boards: Sequence[tuple[str, str]], seconds: float) -> Component:
    """The page of TV mode without a board: which ones shall be on it. `boards` are ids and names, `seconds`
    how long each of several is usually shown."""
    items = [
        html.Li(
            html.Label(
                [
                    # Written as HTML, never by Dash, which has no such input.
                    dcc.Input(type="checkbox", name="boards", value=board),  # type: ignore[arg-type]
                    html.Span(name, className="tv-choice", title=name),
                ],
                className="menu-item",
            )
        )
        for board, name in boards
    ]
    every = html.Label(
        [
            "Seconds for each",
            dcc.Input(
                type="number", name="every", value=f"{seconds:g}", min=5, max=3600, className="entry num"
            ),
        ],
        className="field-label",
    )
    return html.Main(
        html.Section(
            [
                html.Span(icon("screen"), className="state-icon"),
                html.H1("Which board shall be on the screen?"),
                *(_choices(items, every) if items else [html.P("There is no board yet.", className="muted")]),
                html.A("Back to the dashboards", href="/dashboards", className="text-link"),
            ],
            className="card-x state",
        ),
        className="still",
    )


def _choices(items: Sequence[Component], every: Component) -> list[Component]:
    return [
        html.P("Tick one, or several that take turns.", className="muted"),
        html.Form(
            [
                html.Ul(items, className="tv-choices"),
                html.Div(
                    [every, html.Button("Show on this screen", type="submit", className="button-main")],
                    className="tv-start",
                ),
            ],
            action="/tv",
            method="GET",
            className="tv-form",
        ),
    ]
