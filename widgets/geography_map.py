"""A map of the world's countries, the darker the more: drawn here, without a map service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import Sort
from data.needs import Need
from data.query_rows import FEWER
from widgets.answered import Points, adds_up, points
from widgets.asking import Ranged, labelled, question
from widgets.chosen import Metric, metric_label, metric_split_by
from widgets.countries import country_name
from widgets.figures import HOVER, Figure, figure, hover, measure
from widgets.parts import chart, note
from widgets.scope import Scope
from widgets.tables import from_answer, worded
from widgets.values import decimal, exactly
from widgets.widget import Answers, Table, Widget
from widgets.world import COUNTRIES

LAND = "rgba(140,149,165,0.16)"
COAST = "rgba(140,149,165,0.45)"


class MapSettings(Ranged):
    """What is shaded, and how much of the world is seen."""

    metric: Metric = metric_split_by("tickets_sold", "country")
    view: Literal["near", "world"] = Field(
        "near", title="Show", json_schema_extra=labelled(near="Where buyers are", world="The whole world")
    )


def needs(settings: MapSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by country."""
    sort = (Sort(by=settings.metric),)
    return {"countries": question(settings, scope, [settings.metric], ["country"], sort=sort, limit=300)}


def _found(settings: MapSettings, answers: Answers, scope: Scope) -> Points:
    return points(answers["countries"], settings.metric, scope.currency)


def figure_of(settings: MapSettings, answers: Answers, scope: Scope) -> Figure:
    """Every country's outline; those with a value shaded by the root of their share of the most."""
    found = _found(settings, answers, scope)
    values = {
        str(k[0]).upper(): (k[0], v) for k, v in zip(found.keys, found.values, strict=True) if v and k[0]
    }
    most = max((abs(value) for _, value in values.values()), default=1)
    data = [_land([code for code in COUNTRIES if code not in values])]
    for code, (key, value) in values.items():
        if code in COUNTRIES and COUNTRIES[code][1]:
            said = hover(country_name(key), [measure(value, found.column, found.currency)])
            # The root, so that the second country is still told from the last beside a home of nine tenths.
            data.append(_country(code, str(key), said, 0.16 + 0.84 * (abs(value) / most) ** 0.5))
    across, up = _window(list(values) if settings.view == "near" else [])
    axis = {"showgrid": False, "showticklabels": False, "fixedrange": True, "ticks": ""}
    return figure(
        data,
        margin={"l": 4, "r": 4, "t": 2, "b": 4},
        xaxis={**axis, "range": across, "constrain": "domain"},
        yaxis={**axis, "range": up, "scaleanchor": "x", "scaleratio": 1, "constrain": "domain"},
        meta={"filter": "country", "map": True},
    )


def _land(codes: Sequence[str]) -> dict[str, Any]:
    xs: list[int | None] = []
    ys: list[int | None] = []
    for code in codes:
        for ring_x, ring_y in COUNTRIES[code][1]:
            xs += [*ring_x, None]
            ys += [*ring_y, None]
    return {**_shape(xs, ys), "fillcolor": LAND, "hoverinfo": "skip"}


def _country(code: str, key: str, said: str, strength: float) -> dict[str, Any]:
    xs: list[int | None] = []
    ys: list[int | None] = []
    for ring_x, ring_y in COUNTRIES[code][1]:
        xs += [*ring_x, None]
        ys += [*ring_y, None]
    return {
        **_shape(xs[:-1], ys[:-1]),
        "fillcolor": f"rgba(68,102,230,{strength:.2f})",
        "hoveron": "fills",
        "text": said,
        "hoverinfo": "text",
        "hovertemplate": HOVER.replace("customdata[0]", "text"),
        "meta": key,
    }


def _shape(xs: list[int | None], ys: list[int | None]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "fill": "toself",
        "line": {"width": 0.6, "color": COAST},
    }


def _window(codes: Sequence[str]) -> tuple[list[float], list[float]]:
    """What of the plane is seen: the main land of the countries with a value, with room around it."""
    rings = [COUNTRIES[code][1][0] for code in codes if code in COUNTRIES and COUNTRIES[code][1]]
    if not rings:
        return [-2700.0, 2700.0], [-1000.0, 1330.0]
    left, right = min(min(x) for x, _ in rings), max(max(x) for x, _ in rings)
    low, high = min(min(y) for _, y in rings), max(max(y) for _, y in rings)
    grown = max(140.0, 0.08 * (right - left), 0.08 * (high - low))
    return [left - grown, right + grown], [low - grown, high + grown]


def body(settings: MapSettings, answers: Answers, scope: Scope) -> Component:
    """The map, and how much of it all has no place on it."""
    drawn, said = figure_of(settings, answers, scope), _leader(settings, answers, scope)
    return chart(drawn, said, note(_unplaced(settings, answers, scope)))


def _unplaced(settings: MapSettings, answers: Answers, scope: Scope) -> str:
    found = _found(settings, answers, scope)
    lost = [(k[0], v) for k, v in zip(found.keys, found.values, strict=True) if v and not _placed(k[0])]
    few = [value for key, value in lost if key == FEWER]
    told = (
        (few, "from countries with fewer than 5 people each"),
        ([value for key, value in lost if key != FEWER], "without a country on the map"),
    )
    return ", ".join(f"{_share(values, found)} {words}" for values, words in told if values)


def _share(lost: Sequence[float], found: Points) -> str:
    part = 100 * sum(lost) / found.total if adds_up(found.column) and found.total else 0
    # More taken back than sold without a country is no share of anything.
    values = "1 value" if len(lost) == 1 else f"{len(lost)} values"
    return f"{decimal(part, 1)}%" if part >= 0.05 else "Less than 0.1%" if part > 0 else values


def _placed(key: Any) -> bool:
    return bool(COUNTRIES.get(str(key or "").upper(), ("", ()))[1])


def summary(settings: MapSettings, answers: Answers, scope: Scope) -> str:
    """The country with most, how many there are, and what has no place on the map."""
    told = (_leader(settings, answers, scope), _unplaced(settings, answers, scope))
    return "; ".join(each for each in told if each)


def _leader(settings: MapSettings, answers: Answers, scope: Scope) -> str:
    found = _found(settings, answers, scope)
    told = zip(found.keys, found.values, strict=True)
    rows = [(country, value) for (country,), value in told if value and country not in (None, "", FEWER)]
    if not rows:
        return f"{metric_label(settings.metric)}: no country is known"
    best, value = max(rows, key=lambda row: row[1])
    most = exactly(value, found.column.unit, found.currency)
    lead = f"{metric_label(settings.metric)} from {len(rows)} {'country' if len(rows) == 1 else 'countries'}"
    return f"{lead}, most from {country_name(best)} with {most}"


def tables(settings: MapSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """Every country by name."""
    found = from_answer(answers["countries"], f"{metric_label(settings.metric)} by country")
    return [worded(found, {"country": country_name})]


WIDGET = Widget(
    name="geography-map",
    label="Map of buyers",
    group="audience",
    icon="map",
    description="Countries shaded by tickets, people or money; drawn without a map service. The"
    " outlines are of countries: states, regions and cities are ranked by “Where buyers come from”.",
    settings=MapSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    title=lambda settings, scope: f"{metric_label(settings.metric)} by country",
    size=(5, 4),
    smallest=(3, 3),
)
