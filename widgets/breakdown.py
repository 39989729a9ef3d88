"""A metric split by one dimension, most first: the ranked bars that several widgets are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import Top
from data.needs import Need
from widgets.answered import REST, adds_up, dimensions, filter_value, points
from widgets.asking import Compared, against, question
from widgets.chosen import Metric, metric_label
from widgets.figures import Figure, measure
from widgets.flat import flat_bars
from widgets.named import named_table, namer
from widgets.parts import Rank, ranked
from widgets.scope import Scope
from widgets.values import change, decimal, exactly, said
from widgets.widget import Answers, Table

Namer = Callable[[Any], str] | None
"""How values are called; by the names in the answer without one."""


class SplitSettings(Compared):
    """Settings of a split: by what measure, and how many are named."""

    metric: Metric = Field("tickets_sold", title="Metric")
    top: int = Field(8, ge=1, le=50, title="How many", description="The rest comes together as “Other”.")


def split_question(settings: SplitSettings, scope: Scope, dimension: str, *metrics: str) -> Any:
    """The metric by the dimension, most first, the rest as other."""
    top = Top(limit=settings.top, by=settings.metric, other=True)
    return question(settings, scope, [settings.metric, *metrics], [dimension], top=top)


def needs_by(dimension: str) -> Callable[[Any, Scope], Mapping[str, Need]]:
    """What a split by this dimension asks for."""
    return lambda settings, scope: {"split": split_question(settings, scope, dimension)}


def _named(answers: Answers, named: Namer) -> Callable[[Any], str]:
    return named or namer(dimensions(answers["split"])[0].name, answers)


def ranks(settings: SplitSettings, answers: Answers, scope: Scope, named: Namer = None) -> list[Rank]:
    """A bar for each value: its share of the whole where shares make sense, its change where there is one."""
    found = points(answers["split"], settings.metric, scope.currency)
    called = _named(answers, named)
    unit, code = found.column.unit, found.currency
    most = max((abs(value) for value in found.values if value is not None), default=0) or 1
    total = found.total if unit in ("money", "tickets", "count") and adds_up(found.column) else 0
    rows = []
    for index, (key, value) in enumerate(zip(found.keys, found.values, strict=True)):
        before = found.before[index] if found.before else None
        share = f"{decimal(100 * value / total, 1)}%" if total and value is not None else ""
        moved = change(value, before, unit)
        title = f"{called(key[0])}: {measure(value, found.column, code)}"
        title += f", {share} of all" if share else ""
        title += (
            f"; {exactly(before, unit, code)} {against(settings, scope).removeprefix('vs ')}" if moved else ""
        )
        rows.append(
            Rank(
                called(key[0]),
                said(value, unit, code),
                title,
                100 * abs(value or 0) / most,
                moved or share,
                filter_value(key[0]),
                "quiet" if key[0] in (*REST, "", None) else "",
            )
        )
    return rows


def body_by(dimension: str, named: Namer = None) -> Callable[..., Component]:
    """The ranked bars of a split by this dimension."""

    def body(settings: Any, answers: Answers, scope: Scope) -> Component:
        return html.Div([ranked(ranks(settings, answers, scope, named), dimension)], className="w-list")

    return body


def summary_by(word: str, named: Namer = None) -> Callable[..., str]:
    """What leads a split: `word` is what the values are, in the plural."""

    def summary(settings: Any, answers: Answers, scope: Scope) -> str:
        found = points(answers["split"], settings.metric, scope.currency)
        rows = [
            (k[0], v)
            for k, v in zip(found.keys, found.values, strict=True)
            if v is not None and k[0] not in REST
        ]
        best, value = max(rows, key=lambda row: row[1]) if rows else ("", None)
        lead = f"{metric_label(settings.metric)} by {word}: {_named(answers, named)(best)} leads with"
        return f"{lead} {exactly(value, found.column.unit, found.currency)}, {len(rows)} listed"

    return summary


def tables_by(title: str) -> Callable[..., Sequence[Table]]:
    """The rows of a split, every currency."""
    return lambda settings, answers, scope: [named_table(answers["split"], answers, title)]


def figure_by(named: Namer = None) -> Callable[..., Figure]:
    """The same split as a chart of flat bars, for exports."""

    def drawn(settings: Any, answers: Answers, scope: Scope) -> Figure:
        found = points(answers["split"], settings.metric, scope.currency)
        return flat_bars(found.keys, found.values, found.column, found.currency, _named(answers, named))

    return drawn
