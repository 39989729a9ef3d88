"""What widgets are built of when a chart would be too much: ranked bars, small tables, one big number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from widgets.attributes import marks
from widgets.figures import Figure
from widgets.icon import icon
from widgets.read import bar


class Rank(NamedTuple):
    """One bar: its name, its value in words (exact on hover), how long it is (percent), a quiet note, and the
    raw value it filters by."""

    label: str
    value: str
    title: str
    percent: float
    note: str = ""
    key: str | None = None
    tone: str = ""


def chart(figure: Figure, said: str, *notes: Component | None) -> html.Div:
    """A plotly chart that fills its widget; `said` is what it shows, for those who do not see it."""
    graph = dcc.Graph(
        figure=figure,
        responsive=True,
        className="fill",
        config={"displayModeBar": False, "scrollZoom": False, "doubleClick": False},
    )
    drawn = html.Div(graph, className="chart", role="img", **marks(aria_label=said))
    return html.Div([drawn, *(note for note in notes if note is not None)], className="w-chart")


def ranked(ranks: Sequence[Rank], dimension: str = "") -> html.Ol:
    """Bars one below the other; with a dimension each is a button that filters the board by its value."""
    return html.Ol([html.Li(_rank(each, dimension)) for each in ranks], className="ranked")


def _rank(each: Rank, dimension: str) -> Component:
    inside = [
        html.Span(each.label, className="rank-name", title=each.label),
        html.Span([html.B(each.value), html.Span(each.note, className="muted")], className="num rank-value"),
        bar(each.percent, each.tone),
    ]
    if not dimension or each.key is None:
        return html.Div(inside, className="rank", title=each.title)
    filters = marks(data_filter=dimension, data_value=each.key)
    return html.Button(inside, className="rank", title=each.title, type="button", **filters)


def big_number(
    value: str, title: str, foot: Sequence[Component | None], curve: Sequence[float] = (), tone: str = ""
) -> html.Div:
    """One value as large as there is room for, a small curve beside it, a comparison below."""
    points = ",".join(f"{each:g}" for each in curve)
    spark = html.Div(
        className=f"spark {tone}".strip(), **marks(data_spark=points, data_own="", aria_hidden="true")
    )
    return html.Div(
        [
            html.Div(
                [html.Div(value, className="big-value", title=title), spark if len(curve) > 1 else None],
                className="big-row",
            ),
            html.Div([each for each in foot if each is not None], className="big-foot"),
        ],
        className="big",
    )


def delta(text: str, title: str, *, more_is_good: bool | None = True) -> html.Span | None:
    """The chip of a comparison: good news green, bad news red, the rest quiet."""
    if not text:
        return None
    up, down = text.startswith("▲"), text.startswith("▼")
    good = more_is_good is not None and ((up and more_is_good) or (down and not more_is_good))
    bad = more_is_good is not None and (up or down) and not good
    return html.Span(text, className=f"delta {'pos' if good else 'neg' if bad else ''}".strip(), title=title)


def key_row(*keys: tuple[str, str]) -> html.Div:
    """A legend in words: class of the key and what it stands for."""
    return html.Div(
        [html.Span([html.I(className=f"key {name}"), text]) for name, text in keys],
        className="legend small muted w-keys",
        **marks(aria_hidden="true"),
    )


def note(text: str) -> html.Div | None:
    """A quiet line below the figures; nothing for an empty text."""
    return html.Div(text, className="w-note muted small") if text else None


def table(
    headings: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]], caption: str, class_name: str = ""
) -> html.Div:
    """A small table: headings with their class ("right" for numbers), and rows of texts or components, the
    first of each being its heading."""
    # A corner without words is no heading of anything.
    head = html.Tr(
        [html.Th(text, scope="col", className=kind) if text else html.Td() for text, kind in headings]
    )
    body = [
        html.Tr(
            [
                html.Th(cell, scope="row", title=cell if isinstance(cell, str) else None)
                if index == 0
                else html.Td(cell, className=headings[index][1])
                for index, cell in enumerate(row)
            ]
        )
        for row in rows
    ]
    return html.Div(
        html.Table(
            [html.Caption(caption, className="visually-hidden"), html.Thead(head), html.Tbody(body)],
            className=f"plain-table w-plain {class_name}".strip(),
        ),
        className="scroll",
        tabIndex="0",
        **marks(aria_label=caption, role="region"),
    )


def panel(name: str, title: str, text: str, *, tone: str = "") -> html.Div:
    """What a widget shows instead of figures."""
    return html.Div(
        [
            html.Span(icon(name), className=f"state-icon {tone}".strip()),
            html.B(title),
            html.P(text, className="muted small"),
        ],
        className="w-state",
        role="status",
    )
