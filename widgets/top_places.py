"""Where buyers come from: the countries, regions or cities with most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dash.development.base_component import Component
from pydantic import Field

from data.needs import Need
from widgets.asking import labelled
from widgets.breakdown import SplitSettings, body_by, figure_by, split_question, summary_by, tables_by
from widgets.chosen import Metric, metric_split_by
from widgets.countries import country_name
from widgets.figures import Figure
from widgets.scope import Scope
from widgets.tables import worded
from widgets.widget import Answers, Table, Widget

PLACES = {"country": "Country", "region": "Region", "city": "City"}


class PlacesSettings(SplitSettings):
    """Which kind of place is ranked, by what."""

    metric: Metric = metric_split_by("tickets_sold", "country", "region", "city")
    place: Literal["country", "region", "city"] = Field(
        "city",
        title="Places",
        json_schema_extra=labelled(country="Countries", region="Regions", city="Cities"),
    )


def needs(settings: PlacesSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by place."""
    return {"split": split_question(settings, scope, settings.place)}


def body(settings: PlacesSettings, answers: Answers, scope: Scope) -> Component:
    """Ranked bars; a click filters the board by the place."""
    return body_by(settings.place, country_name)(settings, answers, scope)


def summary(settings: PlacesSettings, answers: Answers, scope: Scope) -> str:
    """The place that leads."""
    return summary_by(settings.place, country_name)(settings, answers, scope)


def figure(settings: PlacesSettings, answers: Answers, scope: Scope) -> Figure:
    """The same as flat bars."""
    return figure_by(country_name)(settings, answers, scope)


def tables(settings: PlacesSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """Every place and currency."""
    split = tables_by(PLACES[settings.place])(settings, answers, scope)
    return [worded(table, {"country": country_name}) for table in split]


WIDGET = Widget(
    name="top-places",
    label="Where buyers come from",
    group="audience",
    icon="map",
    description="Countries, regions or cities ranked by tickets, people or money.",
    settings=PlacesSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure,
    example={"metric": "tickets_sold", "place": "city"},
)
