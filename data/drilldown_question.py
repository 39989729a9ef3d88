"""Which rows are asked for: those behind a figure, or any lines of sales and scans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from pydantic import Field

from data.metric_dimensions import DIMENSIONS
from data.metric_measures import MEASURES
from data.metric_query import Filter, Frozen, Last, MetricQuery, Range
from data.metrics import CATALOGUE
from data.query_filters import dimensions_of
from data.query_small import is_about_people
from data.query_sources import FACTS

Kind = Literal["sales", "scans"]
MOST_ROWS = 500
_SCANNED = frozenset({"scans", "arrivals", "gates", "presence"})
_COUNTED: dict[Kind, dict[str, str | None]] = {
    "sales": {"sales": None},
    "scans": {
        "scans": None,
        "gates": None,
        "arrivals": "f.effect <> 0 AND f.direction = 'entry'",
        "presence": "f.effect <> 0",
    },
}
"""The families that count such rows, and which of them; None where the measure itself says it. The scan of a
first entry is not told apart from a re-entry."""


class Drill(Frozen):
    """Which rows: lines of sales or scans, over a range, of some venues or events, `after` the last row of
    the page before. Empty venues and events are all that may be seen; with `metrics` only the rows that one
    of them counts."""

    kind: Kind = "sales"
    range: Range = Last(last=30)
    venues: tuple[UUID, ...] = Field((), max_length=500)
    events: tuple[UUID, ...] = Field((), max_length=500)
    where: Filter | None = None
    metrics: tuple[str, ...] = Field((), max_length=20)
    after: str = Field("", max_length=200)
    limit: int = Field(50, ge=1, le=MOST_ROWS)


def behind(query: MetricQuery) -> Drill | None:
    """The rows that a question counts; None when it counts something else than sales and scans, or asks where
    people live."""
    if is_about_people(query):
        return None
    families = {family for name in query.metrics if name in CATALOGUE for family in CATALOGUE[name].families}
    kind: Kind | None = "sales" if "sales" in families else "scans" if families & _SCANNED else None
    if kind is None or any(kind not in DIMENSIONS[name].families for name in dimensions_of(query.where)):
        return None
    return Drill(
        kind=kind,
        range=query.range,
        venues=query.venues,
        events=query.events,
        where=query.where,
        metrics=query.metrics if counted(kind, query.metrics) else (),
    )


def counts(kind: Kind, metric: str) -> bool:
    """Whether single rows of this kind stand behind the metric."""
    return any(MEASURES[name].family in _COUNTED[kind] for name, _ in CATALOGUE[metric].plus)


def counted(kind: Kind, metrics: Iterable[str]) -> str:
    """The rows that one of these metrics counts, as SQL over `f` and `e`; empty where that is any row. Of a
    share those that it is the share of are not meant: behind refused scans stand no others."""
    alternatives = []
    names = [name for metric in metrics if metric in CATALOGUE for name, _ in CATALOGUE[metric].plus]
    for measure in map(MEASURES.__getitem__, names):
        if measure.family not in _COUNTED[kind]:
            return ""
        own = _COUNTED[kind][measure.family]
        only = [own] if own else [each for each in (measure.only, FACTS[measure.family].condition) if each]
        if not only:
            return ""
        alternatives.append(f"({' AND '.join(only)})")
    return f"({' OR '.join(dict.fromkeys(alternatives))})" if alternatives else ""
