"""A table of two dimensions: one down, one across, a metric in each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import html
from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.answers import Answer, Column
from data.needs import Need
from widgets.answered import REST, Points, adds_up, by_currency, currencies, dimensions, has, points
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


@dataclass(frozen=True, slots=True)
class Turned:
    """Rows (a value down and, of money and by prices, a currency) and columns, largest first (in order where
    they are times or numbers), and the cells by row and column. Each currency has rows of its own, that of
    the board first."""

    column: Column
    codes: list[str]
    down: list[tuple[Any, str]]
    across: list[Any]
    cells: dict[tuple[Any, str, Any], Any]

    def cell(self, row: tuple[Any, str], other: Any) -> Any:
        """A cell; None where there is none."""
        return self.cells.get((*row, other))


def turned(settings: PivotSettings, answers: Answers, scope: Scope) -> Turned:
    """The answer as a grid."""
    answer: Answer = answers["cells"]
    found = _by_currency(answer, settings.metric, scope.currency)
    down_kind, across_kind = (each.kind for each in dimensions(answer))
    down: list[tuple[Any, str]] = []
    cells: dict[tuple[Any, str, Any], Any] = {}
    across: dict[Any, None] = {}
    for line in found:
        own = dict(zip(line.keys, line.values, strict=True))
        cells |= {(key, line.currency, other): value for (key, other), value in own.items()}
        down += [(key, line.currency) for key in _ordered(own, 0, down_kind)]
        across |= dict.fromkeys(_ordered(own, 1, across_kind))
    columns = list(across)
    if across_kind != "text":
        columns.sort(key=lambda key: (key in (None, ""), "" if key is None else key))
    return Turned(found[0].column, [line.currency for line in found], down, columns, cells)


def _by_currency(answer: Answer, metric: str, preferred: str) -> list[Points]:
    """The metric in each currency that it is told in: amounts of several are never mixed."""
    first = points(answer, metric, preferred)
    if not by_currency(answer, first.column):
        return [first]
    place = [each.name for each in answer.columns].index("currency") if has(answer, "currency") else 0
    others = [code for code in currencies(answer) if code != first.currency]
    alone = {
        code: replace(answer, rows=[row for row in answer.rows if row[place] == code]) for code in others
    }
    return [first, *(points(alone[code], metric, code) for code in others)]


def _ordered(cells: Mapping[tuple[Any, Any], Any], place: int, kind: str) -> list[Any]:
    """The values of a dimension in their order; last what stands for several, and what is not known."""
    sums: dict[Any, float] = {}
    for key, value in cells.items():
        sums[key[place]] = sums.get(key[place], 0) + abs(value or 0)
    known = [key for key in sums if key not in (None, "", *REST)]
    ordered = sorted(known) if kind != "text" else sorted(known, key=lambda key: -sums[key])
    return ordered + [key for key in sums if key in REST] + [key for key in sums if key in (None, "")]


def body(settings: PivotSettings, answers: Answers, scope: Scope) -> Component:
    """The table, with sums where the metric can be summed."""
    grid = turned(settings, answers, scope)
    unit, several = grid.column.unit, len(grid.codes) > 1
    shown = grid.across[:MOST_COLUMNS]
    sums = adds_up(grid.column) and not answers["cells"].truncated
    down_name, across_name = _namers(answers)
    headings = [(dimension_label(settings.down), ""), *([("Currency", "")] if several else [])]
    headings += [(across_name(key), "right") for key in shown]
    headings += [("All", "right strong")] if sums else []
    rows = []
    for key, code in grid.down[:MOST_ROWS]:
        row = [down_name(key), *([code] if several else [])]
        row += [said(grid.cell((key, code), other), unit, code) for other in shown]
        if sums:
            row.append(said(sum(grid.cell((key, code), other) or 0 for other in grid.across), unit, code))
        rows.append(row)
    hidden = [f"{len(grid.across) - len(shown)} more columns"] if len(grid.across) > len(shown) else []
    hidden += [f"{len(grid.down) - MOST_ROWS} more rows"] if len(grid.down) > MOST_ROWS else []
    more = note(f"{' and '.join(hidden)} in the table view" if hidden else "")
    return html.Div(
        [table(headings, rows, summary(settings, answers, scope), "pivot"), more], className="w-fill"
    )


def _namers(answers: Answers) -> list[Callable[[Any], str]]:
    cells = answers["cells"]
    return [words_for(each, answers, cells.zone) for each in dimensions(cells)]


def summary(settings: PivotSettings, answers: Answers, scope: Scope) -> str:
    """The largest cell of each currency."""
    grid = turned(settings, answers, scope)
    down_name, across_name = _namers(answers)
    what = f"{metric_label(settings.metric)} by {dimension_label(settings.down).lower()}"
    what += f" and {dimension_label(settings.across).lower()}, {len(grid.down)} × {len(grid.across)}"
    told = [what]
    for code in grid.codes:
        own = [cell for cell in grid.cells if cell[1] == code]
        down, _, across = best = max(own, key=lambda cell: grid.cells[cell] or 0)
        value = exactly(grid.cells[best], grid.column.unit, code)
        where = f" in {code}" if len(grid.codes) > 1 else ""
        told.append(f"most{where} {down_name(down)}, {across_name(across)} with {value}")
    return "; ".join(told)


def tables(settings: PivotSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The same grid, whole."""
    grid = turned(settings, answers, scope)
    down_name, across_name = _namers(answers)
    named = any(grid.codes)
    columns = [Column(settings.down, dimension_label(settings.down), "text")]
    columns += [Column("currency", "Currency", "text")] if named else []
    columns += [
        Column(f"{settings.across}:{index}", across_name(key), "metric", grid.column.unit)
        for index, key in enumerate(grid.across)
    ]
    rows = [
        (down_name(row[0]), *(row[1:] if named else ()), *[grid.cell(row, other) for other in grid.across])
        for row in grid.down
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
    every_currency=lambda settings: True,
)
