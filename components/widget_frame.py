"""The frame around every widget: what it shows, in what unit and until when, and what can be done with it."""

from __future__ import annotations

import json
from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from components.markup import WRITTEN, markup
from components.widget_menu import Extent, clock, extent, menu
from widgets.attributes import marks
from widgets.draw import Drawn, Placed
from widgets.icon import icon
from widgets.tables import MOST_ROWS, cells, filters, heading, numeric
from widgets.time_zones import in_tables, sentence


class Inside(NamedTuple):
    """The figures of a drawing as text: the body of the widget as HTML, its tables as the table view wants
    them, and how long they are. It needs nothing of the drawing, and can be kept for the next time."""

    body: str
    table: str
    rows: Extent


def inside(drawn: Drawn) -> Inside:
    """The figures of this drawing as text, for pages of the app."""
    return Inside(markup(drawn.body, charts=True, ids=True), _table(drawn), extent(drawn))


def frame(placed: Placed, drawn: Drawn, *, editable: bool, figures: Inside | None = None) -> Component:
    """A widget as the content of its slot, with its own figures or with these. Everything a script needs is
    in data attributes: `data-widget-id` on the root and on each item of the menu, `data-export`,
    `data-configure`, `data-duplicate`, `data-remove`.

    A live widget carries the id of its event; `live_state` gives the page the state it goes on from."""
    title = f"w-{placed.id}-title"
    return html.Section(
        [
            _header(placed, drawn, title, figures.rows if figures else extent(drawn), editable=editable),
            html.Div(drawn.body, className="w-body")
            if figures is None
            else html.Div(className="w-body", **{WRITTEN: figures.body}),  # type: ignore[arg-type]
            html.Div(className="w-table scroll", tabIndex="0", hidden=True, **marks(aria_label="Table")),
            html.P(drawn.summary, className="visually-hidden"),
        ],
        className="widget card-x" + (" editing" if editable else ""),
        **marks(
            data_widget=placed.widget,
            data_widget_id=placed.id,
            data_state=drawn.state,
            data_live=" ".join(drawn.live),
            data_night=drawn.event,
            data_range=dict(drawn.own).get("Range", ""),
            data_table=_table(drawn) if figures is None else figures.table,
            aria_labelledby=title,
        ),
    )


def skeleton(placed: Placed, title: str) -> Component:
    """The frame before its answers have come: grey shapes where figures will stand."""
    return html.Section(
        [
            html.Header(html.Div(html.H2(placed.title or title), className="grow"), className="w-head"),
            html.Div([html.I(), html.I(), html.I()], className="w-body w-skeleton"),
        ],
        className="widget card-x",
        **marks(data_widget=placed.widget, data_widget_id=placed.id, data_state="waiting", aria_busy="true"),
    )


def live_state(drawn: Drawn) -> Component | None:
    """What lets the page follow a night: put once on a page that shows live widgets of it."""
    if drawn.night is None:
        return None
    state = json.dumps(drawn.night, separators=(",", ":"))
    return html.Div(hidden=True, **marks(data_board=drawn.event, data_state=state))


def _header(placed: Placed, drawn: Drawn, title: str, rows: Extent, *, editable: bool) -> Component:
    handle = html.Button(
        icon("grip"),
        className="gs-handle icon-button bare",
        type="button",
        **marks(aria_label=f"Move {drawn.title}", data_widget_id=placed.id),
    )
    return html.Header(
        [
            handle if editable else None,
            html.Div(
                [
                    html.H2(drawn.title, id=title, title=drawn.title),
                    html.Span(drawn.sub, className="w-sub muted small", title=_exactly(drawn)),
                ],
                className="grow",
            ),
            _live_dot() if drawn.live else None,
            menu(placed, drawn, rows, editable=editable),
        ],
        className="w-head",
    )


def _live_dot() -> Component:
    return html.Span(
        [html.I(**marks(aria_hidden="true")), html.Span("Live", className="visually-hidden")],
        className="live-dot",
        title="Follows the night as it happens",
    )


def _exactly(drawn: Drawn) -> str | None:
    times = in_tables(drawn.tables, drawn.zone)
    return f"{drawn.sub} · {times} · as of {clock(drawn)}" if drawn.as_of else None


def _table(drawn: Drawn) -> str:
    """The tables as texts, for the table view: at most `MOST_ROWS` rows each, saying how many there are, by
    whose clock their times are, and by what a row can filter the board."""
    found = [
        {
            "title": table.title or drawn.title,
            "heads": [heading(column) for column in table.columns],
            "right": [index for index, column in enumerate(table.columns) if numeric(column)],
            "rows": cells(table),
            "here": len(table.rows),
            "total": max(table.total_rows, len(table.rows)),
            "by": filters(table),
            "times": sentence(table.columns, table.zone),
        }
        for table in drawn.tables
    ]
    return json.dumps({"most": MOST_ROWS, "tables": found}, separators=(",", ":"), ensure_ascii=False)
