"""A widget of your own: metrics, dimensions, filters and a kind of chart, without code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.metric_dimensions import DIMENSIONS
from data.metric_query import All, Filter, In, MetricQuery, Sort, Top, Within
from data.metrics import CATALOGUE
from data.needs import Need
from widgets.asking import Compared, labelled, question
from widgets.chosen import Dimension, Metric, check_split, dimension_label, metric_label
from widgets.custom_body import body_of, summary_of
from widgets.custom_chart import cut, figure_of
from widgets.figures import Figure
from widgets.named import all_events, named_table
from widgets.scope import Scope
from widgets.widget import Answers, Settings, Table, Widget

Kind = Literal["line", "area", "bar", "stacked", "flat", "table", "number", "heat", "scatter", "donut"]
KINDS = {
    "line": "Line",
    "area": "Area",
    "bar": "Bars",
    "stacked": "Stacked bars",
    "flat": "Flat bars",
    "table": "Table",
    "number": "One number",
    "heat": "Heat map",
    "scatter": "Dots",
    "donut": "Donut",
}
_DIMENSIONS: dict[str, tuple[int, int]] = {
    "line": (1, 2),
    "area": (1, 1),
    "bar": (1, 1),
    "stacked": (2, 2),
    "flat": (1, 1),
    "table": (0, 4),
    "number": (0, 0),
    "heat": (2, 2),
    "scatter": (1, 1),
    "donut": (1, 1),
}
"""Kind → fewest and most dimensions it can draw."""
_IN_ORDER = {name for name, each in DIMENSIONS.items() if each.seconds}
_IN_ORDER |= {"days_to_doors", "hour_of_day", "weekday"}
"""Dimensions along which a line can run."""


class Only(Settings):
    """A filter: the dimension has one of these values, or is a number within these bounds."""

    dimension: Dimension = Field("", title="Dimension")
    values: tuple[str, ...] = Field((), max_length=100, title="Is one of")
    at_least: float | None = Field(None, title="At least")
    below: float | None = Field(None, title="Below")

    @model_validator(mode="after")
    def _bounds_are_of_numbers(self) -> Only:
        bounded = self.at_least is not None or self.below is not None
        numbers = [name for name, each in DIMENSIONS.items() if each.kind == "number"]
        if bounded and self.dimension and self.dimension not in [*numbers, "price"]:
            raise ValueError(f"{dimension_label(self.dimension)} is no number: name its values")
        return self

    def filters(self) -> list[Filter]:
        """The same as the parts of a question."""
        if not self.dimension:
            return []
        found: list[Filter] = [In(dimension=self.dimension, values=self.values)] if self.values else []
        if self.at_least is not None or self.below is not None:
            found.append(Within(dimension=self.dimension, at_least=self.at_least, below=self.below))
        return found


class CustomSettings(Compared):
    """Everything that can be chosen."""

    kind: Kind = Field("bar", title="Drawn as", json_schema_extra=labelled(**KINDS))
    metrics: tuple[Metric, ...] = Field(("tickets_sold",), min_length=1, max_length=6, title="Metrics")
    dimensions: tuple[Dimension, ...] = Field(("day",), max_length=4, title="Split by")
    filters: tuple[Only, ...] = Field((), max_length=5, title="Only where")
    top: int = Field(0, ge=0, le=100, title="Only the first", description="0 shows all.")
    other: bool = Field(True, title="The rest as “Other”")
    limit: int = Field(500, ge=1, le=5000, title="Rows at most")

    @model_validator(mode="after")
    def _can_be_drawn(self) -> CustomSettings:
        check_split(self.metrics, (*self.dimensions, *(each.dimension for each in self.filters)))
        if len(set(self.metrics)) < len(self.metrics) or len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError("something is chosen twice")
        self._check_kind()
        return self

    def _check_kind(self) -> None:
        fewest, most = _DIMENSIONS[self.kind]
        name = KINDS[self.kind].lower()
        if not fewest <= len(self.dimensions) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise ValueError(f"{name} needs {wanted} dimensions to split by, not {len(self.dimensions)}")
        if "currency" in self.dimensions and self.kind != "table":
            raise ValueError(f"{name} shows one currency: choose a table to have a row for each")
        if self.kind in ("line", "area") and self.dimensions[0] not in _IN_ORDER:
            first = dimension_label(self.dimensions[0]).lower()
            raise ValueError(f"{name} needs a time first, {first} is none")
        if self.kind == "scatter" and len(self.metrics) != 2:
            raise ValueError("dots need two metrics, one across and one up")
        if self.kind not in ("table", "scatter", "number"):
            units = {CATALOGUE[each].unit for each in self.metrics}
            if len(units) > 1:
                names = " and ".join(metric_label(each).lower() for each in self.metrics)
                raise ValueError(f"{names} have different units: draw a table, or one of them")
        if self.kind in ("stacked", "heat", "donut", "flat", "bar", "area") and len(self.metrics) > 1:
            raise ValueError(f"{name} shows one metric, not {len(self.metrics)}")
        if self.kind == "line" and len(self.metrics) > 1 and len(self.dimensions) > 1:
            raise ValueError("lines of several metrics, or of one metric split in two, not both")
        if self.kind in ("stacked", "donut") and CATALOGUE[self.metrics[0]].additivity != "additive":
            raise ValueError(
                f"{metric_label(self.metrics[0]).lower()} cannot be added up: draw bars or lines"
            )


def asked(settings: CustomSettings, scope: Scope) -> MetricQuery:
    """The question these settings ask."""
    filters = [part for each in settings.filters for part in each.filters()]
    where = All(all=tuple(filters)) if len(filters) > 1 else filters[0] if filters else None
    timed = bool(settings.dimensions) and bool(DIMENSIONS[settings.dimensions[-1]].seconds)
    top = None
    if settings.top and settings.dimensions and not timed:
        top = Top(limit=settings.top, by=settings.metrics[0], other=settings.other)
    ordered = bool(settings.dimensions) and DIMENSIONS[settings.dimensions[0]].kind != "text"
    sort = (Sort(by=settings.dimensions[0], order="asc"),) if ordered else ()
    return question(
        settings,
        scope,
        settings.metrics,
        settings.dimensions,
        where=where,
        top=top,
        sort=sort,
        limit=settings.limit,
    )


def needs(settings: CustomSettings, scope: Scope) -> Mapping[str, Need]:
    """The question, and what events are called."""
    found: dict[str, Need] = {"figures": asked(settings, scope)}
    if "event" in settings.dimensions:
        found["events"] = all_events(scope)
    return found


def figure(settings: CustomSettings, answers: Answers, scope: Scope) -> Figure:
    """The chart; an empty one for kinds that are no chart."""
    return figure_of(settings.kind, settings.metrics, settings.dimensions, answers, scope)


def body(settings: CustomSettings, answers: Answers, scope: Scope) -> Component:
    """The chart, table or number."""
    return body_of(settings.kind, settings.metrics, settings.dimensions, answers, scope, settings)


def summary(settings: CustomSettings, answers: Answers, scope: Scope) -> str:
    """What is shown, and its largest value."""
    return summary_of(settings.metrics, settings.dimensions, answers, scope)


def tables(settings: CustomSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """All rows."""
    return [named_table(answers["figures"], answers, title(settings, scope))]


def title(settings: CustomSettings, scope: Scope) -> str:
    """Metrics by dimensions."""
    what = " and ".join(
        metric_label(each) if i == 0 else metric_label(each).lower()
        for i, each in enumerate(settings.metrics[:3])
    )
    more = len(settings.metrics) - 3
    what += f" and {more} more" if more > 0 else ""
    by = " and ".join(dimension_label(each).lower() for each in settings.dimensions)
    return f"{what} by {by}" if by else what


WIDGET = Widget(
    name="custom",
    label="Your own widget",
    group="custom",
    icon="plus",
    description="Choose metrics, dimensions, filters and a kind of chart; no code.",
    settings=CustomSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure,
    cut=lambda settings, answers, scope: cut(
        settings.kind, settings.metrics, settings.dimensions, answers, scope
    ),
    title=title,
    every_currency=lambda settings: "currency" in settings.dimensions,
    size=(6, 4),
    smallest=(2, 2),
    extras=frozenset({"events"}),
    example={
        "kind": "stacked",
        "metrics": ["tickets_sold"],
        "dimensions": ["week", "channel"],
        "span": "90d",
    },
)
