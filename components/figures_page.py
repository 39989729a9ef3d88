"""Pages of figures that are there from the start: a heading, the bar of choices, and their widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dash import dcc, html
from dash.development.base_component import Component

from components.export_menu import export_menu
from components.header import demo_mark, pill, stale_note, theme_button
from components.states import not_permitted, unreadable
from widgets.attributes import marks

Problem = Literal["unreadable", "not-permitted"]


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """A page with its figures drawn, or why there are none. `marks` are those of its widgets, in order."""

    name: str = ""
    title: str = ""
    sub: str = ""
    bar: Component | None = None
    grid: Component | None = None
    live: Component | None = None
    marks: Sequence[str] = ()
    problem: Problem | None = None
    demo: bool = False
    history: int | None = None
    """How many percent of the demo's evenings are published; None when all are."""
    carried: str = ""
    """The query string with which other pages look at the same."""


def figures_page(page: FiguresPage, styles: Sequence[str]) -> list[Component]:
    """The whole page; `styles` are the addresses of what the grid looks like."""
    if page.problem is not None:
        return not_permitted() if page.problem == "not-permitted" else unreadable()
    return [
        *[html.Link(rel="stylesheet", href=url) for url in styles],
        html.Div(
            [
                html.Header(
                    [
                        html.Div(
                            [
                                html.Div(
                                    [html.H1(page.title), demo_mark(page.demo, page.history)],
                                    className="title-row",
                                ),
                                html.Div(page.sub, className="muted small"),
                            ],
                            className="grow title",
                        ),
                        pill() if page.live is not None else None,
                        export_menu(page.title),
                        theme_button(),
                    ],
                    className="top",
                ),
                page.bar,
                stale_note(),
                page.live,
                page.grid,
                html.Span(id="held", hidden=True),
                dcc.Store(id="figures-ask"),
                dcc.Store(id="figures-marks", data={"page": page.name, "marks": list(page.marks)}),
            ],
            className="figures-page",
            **marks(data_figures=page.name),
        ),
    ]
