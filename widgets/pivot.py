"""A table of two dimensions: one down, one across, a metric in each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.answers import Column
from data.needs import Need
from widgets.answered import Points, adds_up, dimensions, points
from widgets.asking import Ranged, question
from widgets.chosen import Dimension, Metric, check_split, dimension_label, metric_label
from widgets.named import all_events, words_for
from widgets.parts import note, table
from widgets.scope import Scope
from widgets.values import exactly, said
from widgets.widget import Answers, Table, Widget

MOST_COLUMNS = 12
MOST_ROWS = 60


class PivotSettings(Ranged):
    """What stands down, what across, and what is counted."""

    metric: Metric = Field("tickets_sold", title="Metric")
    down: Dimension = Field("ticket_type", title="Rows", min_length=1)
    across: Dimension = Field("channel", title="Columns", min_length=1)

    @model_validator(mode="after")
    def _splits(self) -> PivotSettings:
        if self.down == self.across:
            raise ValueError("rows and columns are the same dimension")
        check_split((self.metric,), (self.down, self.across))
        return self


def needs(settings: PivotSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by both, and what events are called."""
    dims = [settings.down, settings.across]
    asked: dict[str, Need] = {"cells": question(settings, scope, [settings.metric], dims, limit=5000)}
    if "event" in dims:
        asked["events"] = all_events(scope)
    return asked


def turned(
    settings: PivotSettings, answers: Answers, scope: Scope
) -> tuple[Points, list[Any], list[Any], dict[Any, Any]]:
    """Rows and columns, largest first (in order where they are times or numbers), and the cells."""
    found = points(answers["cells"], settings.metric, scope.currency)
    cells = dict(zip(found.keys, found.values, strict=True))
    kinds = [each.kind for each in dimensions(answers["cells"])]
    orders = []
    for place, kind in enumerate(kinds):
        sums: dict[Any, float] = {}
        for key, value in cells.items():
            sums[key[place]] = sums.get(key[place], 0) + abs(value or 0)
        known = [key for key in sums if key not in (None, "")]
        orders.append(sorted(known) if kind != "text" else _most_first(known, sums))
        orders[-1] += [key for key in sums if key in (None, "")]
    return found, orders[0], orders[1], cells


def _most_first(keys: list[Any], sums: Mapping[Any, float]) -> list[Any]:
    return sorted(keys, key=lambda key: -sums[key])


def body(settings: PivotSettings, answers: Answers, scope: Scope) -> Component:
    """The table, with sums where the metric can be summed."""
    found, down, across, cells = turned(settings, answers, scope)
    unit, code = found.column.unit, found.currency
    shown = across[:MOST_COLUMNS]
    sums = adds_up(found.column) and not answers["cells"].truncated
    down_name, across_name = _namers(answers)
    headings = [(dimension_label(settings.down), ""), *[(across_name(key), "right") for key in shown]]
    headings += [("All", "right strong")] if sums else []
    rows = []
    for key in down[:MOST_ROWS]:
        values = [cells.get((key, other)) for other in shown]
        row = [down_name(key), *[said(value, unit, code) for value in values]]
        if sums:
            row.append(said(sum(cells.get((key, other)) or 0 for other in across), unit, code))
        rows.append(row)
    hidden = [f"{len(across) - len(shown)} more columns"] if len(across) > len(shown) else []
    hidden += [f"{len(down) - MOST_ROWS} more rows"] if len(down) > MOST_ROWS else []
    more = note(f"{' and '.join(hidden)} in the table view" if hidden else "")
    return html.Div(
        [table(headings, rows, summary(settings, answers, scope), "pivot"), more], className="w-fill"
    )


def _namers(answers: Answers) -> list[Callable[[Any], str]]:
    cells = answers["cells"]
    return [words_for(each, answers, cells.zone) for each in dimensions(cells)]


def summary(settings: PivotSettings, answers: Answers, scope: Scope) -> str:
    """The largest cell."""
    found, down, across, cells = turned(settings, answers, scope)
    down_name, across_name = _namers(answers)
    key = max(cells, key=lambda each: cells[each] or 0)
    value = exactly(cells[key], found.column.unit, found.currency)
    what = f"{metric_label(settings.metric)} by {dimension_label(settings.down).lower()}"
    what += f" and {dimension_label(settings.across).lower()}, {len(down)} × {len(across)}"
    return f"{what}; most {down_name(key[0])}, {across_name(key[1])} with {value}"


def tables(settings: PivotSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The same grid, whole."""
    found, down, across, cells = turned(settings, answers, scope)
    down_name, across_name = _namers(answers)
    money = found.column.unit == "money"
    columns = [Column(settings.down, dimension_label(settings.down), "text")]
    columns += [Column("currency", "Currency", "text")] if money else []
    columns += [
        Column(f"{settings.across}:{index}", across_name(key), "metric", found.column.unit)
        for index, key in enumerate(across)
    ]
    rows = [
        (down_name(key), *([found.currency] if money else []), *[cells.get((key, other)) for other in across])
        for key in down
    ]
    cells_of = answers["cells"]
    cut = f", the first {len(cells_of.rows):,} of {cells_of.total_rows:,} cells" if cells_of.truncated else ""
    title = f"{metric_label(settings.metric)}{cut}"
    return [Table(tuple(columns), rows, len(rows), cells_of.zone, title)]


WIDGET = Widget(
    name="pivot",
    label="Pivot table",
    group="custom",
    icon="table",
    description="A metric by two dimensions, one down and one across, with sums where they may be.",
    settings=PivotSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    title=lambda settings, scope: (
        f"{metric_label(settings.metric)} by {dimension_label(settings.down).lower()}"
    ),
    size=(6, 4),
    smallest=(3, 2),
    extras=frozenset({"events"}),
)
