"""A question to the metric catalogue in its own words, the same that the REST route takes; drawn as a
table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from dash.development.base_component import Component
from pydantic import Field, field_validator

from data.metric_query import All, MetricQuery, Range
from data.needs import Need
from data.query_error import QueryError
from data.query_parse import parse
from widgets.asking import Spanned, Versus, compared_event, comparison, has_earlier, range_of
from widgets.chosen import check_split, dimension_label, known_dimension, known_metric, metric_label
from widgets.custom_body import body_of, summary_of
from widgets.named import all_events, named_table
from widgets.scope import Scope
from widgets.widget import Answers, Table, Widget

EXAMPLE = {
    "metrics": ["tickets_sold", "net_revenue", "average_ticket_price"],
    "dimensions": ["event", "channel"],
    "range": {"last": 30},
    "top": {"limit": 20},
}


class QuerySettings(Spanned):
    """The question as JSON. What it names stands above the board; the rest is the board's."""

    query: str = Field(
        json.dumps(EXAMPLE, indent=2),
        max_length=8000,
        title="Question",
        description="As POST /api/v1/analytics/query takes it. Range, comparison, venue and event are the"
        " board's where it names none; the board's filters come on top.",
        json_schema_extra={"picker": "text"},
    )

    @field_validator("query")
    @classmethod
    def _is_a_question(cls, text: str) -> str:
        read(text)
        return text

    def own_range(self) -> Range | None:
        """The range that the question names."""
        asked = read(self.query)
        return asked.range if "range" in asked.model_fields_set else None

    def own_events(self) -> tuple[UUID, ...]:
        """The events that the question names."""
        return read(self.query).events

    @property
    def compare(self) -> Versus:
        """The comparison that the question names, which may be none, else that of the board."""
        asked = read(self.query)
        if not {"compare", "compare_event"} & asked.model_fields_set:
            return "board"
        return "event" if asked.compare_event else asked.compare or "none"

    @property
    def compare_event(self) -> str:
        """The event that the question compares with."""
        return str(read(self.query).compare_event or "")


def read(text: str) -> MetricQuery:
    """The question that a text asks. Raises ValueError, which names what is wrong and where."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise ValueError(f"no JSON: {wrong.msg} in line {wrong.lineno}") from None
    try:
        asked = parse(raw)
    except QueryError as wrong:
        raise ValueError(f"{wrong.field or 'the question'}: {wrong.detail}") from None
    for name in asked.metrics:
        known_metric(name)
    for name in asked.dimensions:
        known_dimension(name)
    check_split(asked.metrics, asked.dimensions)
    if asked.compare and asked.compare_event:
        raise ValueError("compareEvent: compare with a period or with an event, not with both")
    if asked.compare and "range" in asked.model_fields_set and not has_earlier(asked.range):
        raise ValueError("compare: this range has no earlier one to compare with")
    return asked


def needs(settings: QuerySettings, scope: Scope) -> Mapping[str, Need]:
    """The question, and of the board what it leaves open."""
    asked = read(settings.query)
    filters = tuple(each for each in (asked.where, scope.where) if each is not None)
    narrowed = asked.model_copy(
        update={
            "where": All(all=filters) if len(filters) > 1 else filters[0] if filters else None,
            "range": range_of(settings, scope),
            "compare": comparison(settings, scope),
            "compare_event": compared_event(settings, scope),
            "venues": asked.venues or ((scope.venue,) if scope.venue else ()),
            "events": asked.events or ((scope.event,) if scope.event else ()),
        }
    )
    found: dict[str, Need] = {"figures": narrowed}
    if "event" in asked.dimensions:
        found["events"] = all_events(scope)
    return found


def body(settings: QuerySettings, answers: Answers, scope: Scope) -> Component:
    """The rows."""
    asked = read(settings.query)
    return body_of("table", asked.metrics, asked.dimensions, answers, scope, settings)


def summary(settings: QuerySettings, answers: Answers, scope: Scope) -> str:
    """What was asked, and its largest value."""
    asked = read(settings.query)
    return summary_of(asked.metrics, asked.dimensions, answers, scope)


def tables(settings: QuerySettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """All rows."""
    return [named_table(answers["figures"], answers, title(settings, scope))]


def title(settings: QuerySettings, scope: Scope) -> str:
    """What is asked for."""
    asked = read(settings.query)
    by = " and ".join(dimension_label(each).lower() for each in asked.dimensions)
    return metric_label(asked.metrics[0]) + (f" by {by}" if by else "")


WIDGET = Widget(
    name="custom-query",
    label="Question as JSON",
    group="custom",
    icon="search",
    description="Any question of the metric catalogue, written as the REST route takes it, as a table.",
    settings=QuerySettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    title=title,
    every_currency=lambda settings: "currency" in read(settings.query).dimensions,
    size=(6, 4),
    smallest=(3, 2),
    extras=frozenset({"events"}),
)
