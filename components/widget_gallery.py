"""The widgets there are, each drawn with sample figures, to look and search through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.header import theme_button
from components.markup import markup
from components.widget_frame import frame
from widgets.attributes import marks
from widgets.draw import Placed
from widgets.icon import icon
from widgets.registry import GROUP_LABELS, WIDGETS
from widgets.sample import sample, sample_scope
from widgets.scope import Scope
from widgets.widget import Widget

PICTURED = datetime(2026, 5, 16, 19, 30, tzinfo=UTC)
"""The moment of the pictures: one and the same, so that they are the same text in every process."""


def pictures() -> bytes:
    """What each widget looks like with sample figures, as JSON: name → the HTML of its inside, without the
    frame, its charts carrying their figures."""
    scope = sample_scope(PICTURED)
    drawn = {
        name: markup(sample(widget, scope).body, charts=True, links=False) for name, widget in WIDGETS.items()
    }
    return json.dumps(drawn, ensure_ascii=False, separators=(",", ":")).encode()


def gallery(now: datetime, url: Mapping[str, str]) -> list[Component]:
    """Every widget in its own size; `url` has the addresses of `boards.css` and `gallery.js`. A field
    above narrows it down."""
    scope = sample_scope(now)
    return [
        html.Link(rel="stylesheet", href=url["boards.css"]),
        html.Header(
            [
                html.Div(
                    [
                        html.H1("Widgets"),
                        html.Div(f"{len(WIDGETS)} kinds, drawn with sample figures", className="muted small"),
                    ],
                    className="grow title",
                ),
                html.Label(
                    [icon("search"), html.Span("Search widgets", className="visually-hidden")],
                    className="samples-search",
                    **marks(data_samples_search=""),
                ),
                theme_button(),
            ],
            className="top",
        ),
        # As text that the page's script puts in: a component for each of some thousand elements would keep
        # React busy for seconds, and the charts are drawn when they come into view.
        html.Div(
            className="samples",
            **marks(
                data_samples=markup(
                    [*(_card(widget, scope) for widget in WIDGETS.values()), _nothing()], charts=True
                ),
                data_script=url["gallery.js"],
            ),
        ),
    ]


def _card(widget: Widget[Any], scope: Scope) -> Component:
    placed = Placed(id=f"sample-{widget.name}", widget=widget.name, settings=widget.example)
    group = GROUP_LABELS[widget.group]
    return html.Article(
        [
            html.Div(
                [
                    html.H2(widget.label),
                    html.Span(group, className="mark"),
                    html.Code(widget.name, className="muted small"),
                ],
                className="sample-name",
            ),
            html.P(widget.description, className="muted small"),
            html.Div(frame(placed, sample(widget, scope), editable=False), className="sample-frame"),
        ],
        className="sample-card",
        style={"--w": str(widget.size[0]), "--h": str(widget.size[1])},
        **marks(data_search=f"{widget.label} {widget.name} {group} {widget.description}".lower()),
    )


def _nothing() -> Component:
    return html.P(
        "No widget is called like that.", className="nothing", hidden=True, **marks(data_no_match="")
    )
