"""Whether a question makes sense, before anything is read: names, dimensions, filters, order."""

from __future__ import annotations

from collections.abc import Sequence

from data.access import Access
from data.metric_dimensions import DIMENSIONS
from data.metric_query import DaysToDoors, MetricQuery, Named
from data.metrics import CATALOGUE, Metric
from data.query_error import QueryError, unknown
from data.query_filters import check as check_filter
from data.query_filters import places_of
from data.query_small import PLACES


def checked(query: MetricQuery, access: Access) -> list[Metric]:
    """The metrics of the question that may be seen. Raises QueryError for what has no answer."""
    metrics = [_metric(name, f"metrics.{index}") for index, name in enumerate(query.metrics)]
    used = list(query.dimensions)
    for index, name in enumerate(query.dimensions):
        _dimension(name, f"dimensions.{index}")
    _once(query.metrics, "metric", "metrics")
    _once(query.dimensions, "dimension", "dimensions")
    if query.where is not None:
        for field, name in places_of(query.where):
            _dimension(name, field)
            used.append(name)
        check_filter(query.where)
    for metric in metrics:
        _splits(metric, used, query, access)
        _filtered_by_time(metric, query)
    if access.masked and "price" in used:
        raise QueryError("not-for-you", "Prices are not shown here.", field="dimensions", value="price")
    if "customer" in used and PLACES & {*used}:
        raise QueryError(
            "too-few-people",
            "Where a single customer lives is not told: ask for customers or for places.",
            field="dimensions" if "customer" in query.dimensions else "where",
            value="customer",
        )
    _comparison(query)
    _order(query)
    return [metric for metric in metrics if not (access.masked and metric.money)]


def _once(names: Sequence[str], kind: str, field: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise QueryError(
                "named-twice", f"The {kind} {name} is named twice.", field=f"{field}.{index}", value=name
            )


def _elsewhere(kind: str, name: str, field: str, asked: Sequence[str]) -> QueryError:
    """The error about a name that the question does not have, which may well be a valid one."""
    if name not in CATALOGUE and name not in DIMENSIONS:
        return unknown(kind, name, field, asked)
    return QueryError(
        "not-in-question",
        f"{name} is not in this question: ask for it too, or name one of {', '.join(asked)}.",
        field=field,
        value=name,
    )


def _metric(name: str, field: str) -> Metric:
    if name not in CATALOGUE:
        raise unknown("metric", name, field, CATALOGUE)
    return CATALOGUE[name]


def _dimension(name: str, field: str) -> None:
    if name not in DIMENSIONS:
        raise unknown("dimension", name, field, DIMENSIONS)


def _splits(metric: Metric, used: Sequence[str], query: MetricQuery, access: Access) -> None:
    for name in used:
        if name not in metric.dimensions:
            field = "where" if name not in query.dimensions else f"dimensions.{query.dimensions.index(name)}"
            known = ", ".join(metric.dimensions)
            raise QueryError(
                "not-splittable",
                f"{metric.name} cannot be split by {name}. It can by {known}.",
                field=field,
                value=name,
                said=_cannot_split(metric, name, filtered=field == "where"),
            )
    by_event = query.events or access.events is not None or isinstance(query.range, DaysToDoors)
    if by_event and "people" in metric.families:
        raise QueryError(
            "not-splittable",
            f"{metric.name} is counted at venues, not at events.",
            field="events",
            value=metric.name,
            said=f"{metric.label}: counted for a venue as a whole, not for one event."
            " Choose all events to see it.",
        )


def _filtered_by_time(metric: Metric, query: MetricQuery) -> None:
    """How many are inside is a state: of those who came within some hours of it nobody knows who is left."""
    if query.where is None or metric.additivity != "state":
        return
    for field, name in places_of(query.where):
        if DIMENSIONS[name].shape == "instant":
            raise QueryError(
                "not-splittable",
                f"{metric.name} is a state and cannot be filtered by {name}: give a range, or split by it.",
                field=field,
                value=name,
                said=f"{metric.label} is not known of some hours alone. It is there without that filter.",
            )


def _cannot_split(metric: Metric, dimension: str, *, filtered: bool) -> str:
    word = DIMENSIONS[dimension].label.lower()
    if filtered:
        return f"{metric.label} is not known by {word}. It is there without that filter."
    return f"{metric.label} is not known by {word}. Choose another split."


def _comparison(query: MetricQuery) -> None:
    if query.compare is not None and query.compare_event is not None:
        raise QueryError(
            "two-comparisons", "Compare with a period or with an event, not with both.", field="compareEvent"
        )
    if query.compare is not None and (
        isinstance(query.range, DaysToDoors)
        or (isinstance(query.range, Named) and query.range.named == "all")
    ):
        raise QueryError(
            "nothing-to-compare",
            "This range has no earlier one to compare with.",
            field="compare",
            value=query.compare,
        )
    if query.compare_event is not None and len(query.events) != 1:
        raise QueryError(
            "one-event", "To compare with an event, ask for exactly one in `events`.", field="events"
        )


def _order(query: MetricQuery) -> None:
    names = [*query.metrics, *query.dimensions]
    if query.compare is not None or query.compare_event is not None:
        names += [f"{name}.compared" for name in query.metrics]
    for index, sort in enumerate(query.sort):
        if sort.by not in names:
            raise _elsewhere("column", sort.by, f"sort.{index}.by", names)
    top = query.top
    if top is None:
        return
    if not query.dimensions:
        raise QueryError("no-dimension", "The top values need a dimension to be values of.", field="top")
    if top.by and top.by not in query.metrics:
        raise _elsewhere("metric", top.by, "top.by", query.metrics)
    by = CATALOGUE[top.by or query.metrics[0]]
    if by.additivity in ("distinct", "state") and len(query.dimensions) > 1:
        raise QueryError(
            "not-additive",
            f"{by.name} does not add up over {query.dimensions[0]}: name another metric in `top.by`.",
            field="top.by",
            value=by.name,
            said=f"{by.label} does not add up over {DIMENSIONS[query.dimensions[0]].label.lower()}:"
            " the most cannot be told. Choose another metric, or one split.",
        )
