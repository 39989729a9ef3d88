"""Arrivals per five minutes against the venue's usual curve.

The figure is a plain dict without a template: templates live in the browser (`assets/theme.js`)
and follow the theme. `assets/charts.js` draws the same figure from the same state; a test holds
the two together. The x axis is in minutes from the first bucket, with its own labels: wall-clock
axes would fold the hour that an autumn night has twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dash import dcc, html
from dash.development.base_component import Component

from data.answers import Unit
from data.noted import Noted
from widgets.attributes import marks
from widgets.format import count
from widgets.night import NightSettings, night_needs
from widgets.parts import key_row
from widgets.read import Readings, place
from widgets.readings import State, readings
from widgets.scope import Scope
from widgets.tables import made
from widgets.time_notes import with_notes
from widgets.widget import Answers, Settings, Table, Widget

MARK_COLOUR = "#8c95a5"


def arrivals_chart(
    state: State, texts: Readings, notes: Sequence[Noted] = (), **graph: Any
) -> list[Component]:
    """The chart with its notes, and what stands in it when there is nothing to draw; `graph` goes to the
    graph itself."""
    return [
        html.Div(
            dcc.Graph(
                figure=with_notes(arrivals_figure(state), notes),
                responsive=True,
                className="fill",
                config={"displayModeBar": False, "scrollZoom": False},
                **graph,
            ),
            className="chart",
            role="img",
            **marks(data_chart="arrivals", aria_label=arrivals_said(state)),
        ),
        place(texts, "arrivals-note", "chart-note"),
    ]


def arrivals_legend() -> html.Div:
    """What the bars and the line are."""
    return html.Div(
        [
            html.Span([html.I(className="key tonight"), "Tonight"]),
            html.Span([html.I(className="key usual"), "Usual"]),
        ],
        className="legend small muted",
        **marks(aria_hidden="true"),
    )


def arrivals_figure(state: State) -> dict[str, Any]:
    """Bars of tonight's first entries, the usual curve dashed, doors and start marked.

    x: minutes from `arrivals.from`, at the middle of each bucket · y: people.
    """
    curve, event = state["attendance"]["arrivals"], state["event"]
    width, counts, usual = curve["bucketMinutes"], curve["counts"], curve["usual"] or []
    length = max(len(counts), len(usual), 1)
    middles = [width * index + width / 2 for index in range(length)]
    spans = _spans(curve["from"], width, length, event["zone"])
    return {
        "data": [
            {
                "type": "bar",
                "x": middles[: len(counts)],
                "y": counts,
                "width": width * 0.78,
                "customdata": [f"{spans[i]}<br><b>{count(n)}</b> arrivals" for i, n in enumerate(counts)],
                "hovertemplate": "%{customdata}<extra></extra>",
                "marker": {"cornerradius": 2, "opacity": _opacity(state)},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": middles[: len(usual)],
                "y": usual,
                "customdata": [f"usually {count(n)}" for n in usual],
                "hovertemplate": "%{customdata}<extra></extra>",
                "line": {"width": 1.75, "dash": "dot"},
            },
        ],
        "layout": {
            "margin": {"l": 36, "r": 12, "t": 18, "b": 26},
            "showlegend": False,
            "hovermode": "x unified",
            "dragmode": False,
            "xaxis": {
                "range": [0, width * length],
                "showgrid": False,
                "fixedrange": True,
                "ticklabelstandoff": 6,
                **_ticks(curve["from"], width * length, event["zone"]),
            },
            "yaxis": {"rangemode": "tozero", "nticks": 5, "fixedrange": True, "ticklabelstandoff": 6},
            **_marks(curve["from"], width * length, event),
            "meta": _meta(curve["from"], width * length, event["zone"]),
        },
    }


def _opacity(state: State) -> list[float]:
    """Full buckets solid, the one that is still filling paler."""
    curve = state["attendance"]["arrivals"]
    if curve["from"] is None:
        return []
    since = datetime.fromisoformat(state["asOf"]) - datetime.fromisoformat(curve["from"])
    running = since // timedelta(minutes=curve["bucketMinutes"])
    return [0.5 if index == running else 1.0 for index in range(len(curve["counts"]))]


def _spans(start: str | None, width: int, length: int, zone: str) -> list[str]:
    if start is None:
        return [""] * length
    first, local = datetime.fromisoformat(start), ZoneInfo(zone)
    edges = [(first + timedelta(minutes=width * k)).astimezone(local) for k in range(length + 1)]
    return [f"{a:%H:%M} to {b:%H:%M}" for a, b in pairwise(edges)]


def _ticks(start: str | None, minutes: int, zone: str) -> dict[str, list[Any]]:
    """A label each half hour, or each hour when there are more than five of them."""
    if start is None:
        return {"tickvals": [], "ticktext": []}
    first, local, step = datetime.fromisoformat(start), ZoneInfo(zone), 30 if minutes <= 300 else 60
    values, texts = [], []
    for offset in range(0, minutes + 1, 5):
        at = (first + timedelta(minutes=offset)).astimezone(local)
        if at.minute % step == 0:
            values.append(offset)
            texts.append(f"{at:%H:%M}")
    return {"tickvals": values, "ticktext": texts}


def _meta(start: str | None, minutes: int, zone: str) -> dict[str, Any]:
    """The time that the axis shows. It grows with the night, so that notes outside it may yet be on it."""
    if start is None:
        return {}
    until = datetime.fromisoformat(start) + timedelta(minutes=minutes)
    time = {"grain": "minute", "from": start, "until": until.isoformat(), "to": minutes, "grows": True}
    return {"zone": zone, "time": time}


def _marks(start: str | None, minutes: int, event: dict[str, Any]) -> dict[str, list[Any]]:
    shapes, annotations = [], []
    for word, at in (("Doors", event["doorsAt"]), ("Start", event["startsAt"])):
        if start is None or at is None:
            continue
        x = (datetime.fromisoformat(at) - datetime.fromisoformat(start)).total_seconds() / 60
        if 0 <= x <= minutes:
            place = {"x": x, "xref": "x", "yref": "paper", "showarrow": False, "font": {"size": 11}}
            line = {"width": 1, "dash": "dot", "color": MARK_COLOUR}
            shapes.append({"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line})
            annotations.append({**place, "y": 1, "yanchor": "bottom", "text": word})
    return {"shapes": shapes, "annotations": annotations}


def arrivals_said(state: State) -> str:
    """The chart in one sentence, for those who do not see it."""
    curve, zone = state["attendance"]["arrivals"], ZoneInfo(state["event"]["zone"])
    if not any(curve["counts"]):
        return "Arrivals per five minutes: nobody has arrived yet."
    most = max(range(len(curve["counts"])), key=curve["counts"].__getitem__)
    at = datetime.fromisoformat(curve["from"]) + timedelta(minutes=curve["bucketMinutes"] * most)
    return (
        f"Arrivals per five minutes: {count(sum(curve['counts']))} so far,"
        f" most at {at.astimezone(zone):%H:%M} with {count(curve['counts'][most])}."
    )


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    state = answers["night"]
    drawn = arrivals_chart(state, readings(state))
    return html.Div([key_row(("tonight", "Tonight"), ("usual", "Usual")), *drawn], className="w-chart")


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    return arrivals_said(answers["night"])


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    state = answers["night"]
    curve, usual = state["attendance"]["arrivals"], state["attendance"]["arrivals"]["usual"] or []
    if curve["from"] is None:
        return []
    first, width = datetime.fromisoformat(curve["from"]), timedelta(minutes=curve["bucketMinutes"])
    columns: list[tuple[str, str, Unit | None]] = [
        ("from", "From", None),
        ("arrivals", "Arrivals", "people"),
        ("usual", "Usually", "people"),
    ]
    counts = curve["counts"]
    rows = [
        (
            first + width * index,
            counts[index] if index < len(counts) else None,
            usual[index] if index < len(usual) else None,
        )
        for index in range(max(len(counts), len(usual)))
    ]
    return [made("Arrivals", columns, rows, state["event"]["zone"])]


WIDGET = Widget(
    name="arrivals",
    label="Arrivals",
    group="tonight",
    icon="columns",
    description="People who come in per five minutes, against the usual curve of comparable nights.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: (
        f"People per 5 minutes · {readings(answers['night'])['usual-note'].text}"
    ),
    size=(8, 4),
    smallest=(3, 3),
    live=("attendance", "event"),
    figure=lambda settings, answers, scope: arrivals_figure(answers["night"]),
)
