"""What a widget is: settings, what it needs, how it is drawn, read aloud and written as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Self, TypeVar

from dash.development.base_component import Component
from pydantic import model_validator

from data.answers import Answer, Column
from data.metric_query import Frozen
from data.needs import Need
from widgets.chosen import check_fixed
from widgets.scope import Scope


class Settings(Frozen):
    """The settings of a widget; the form is made from the fields (title, description, choices)."""

    @model_validator(mode="after")
    def _fixed_splits(self) -> Self:
        check_fixed(self)
        return self


S = TypeVar("S", bound=Settings)
Answers = Mapping[str, Any]
"""Name of a need → `Answer`, live state (dict), list of events or notes."""

Group = Literal["tonight", "sales", "money", "doors", "audience", "marketing", "events", "layout", "custom"]


@dataclass(frozen=True, slots=True)
class Table:
    """A widget's figures as rows: what its table view shows and what an export writes.

    Values are raw: money in minor units with a `currency` column in the same table, instants as datetime,
    dates as date, percent 0…100."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    total_rows: int = 0
    zone: str = ""
    title: str = ""
    raw: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Column → the values of its rows, where the rows hold words for them: by these they filter a board."""


@dataclass(frozen=True, slots=True)
class Widget(Generic[S]):
    """One kind of widget. All functions are pure; nothing here reads a database.

    `needs` tells what to ask, by a name of its own; `body` draws the answers; `summary` says in one sentence
    what is to be seen, also for those who cannot see it; `tables` are the figures. `live` names the
    sections of the live state that move the widget; elements marked as on the Tonight page then follow by
    themselves. `figure` is the plotly figure as a plain dict without template, for charts (body then wraps
    it), and the vector picture of an export follows from it.
    """

    name: str
    label: str
    group: Group
    icon: str
    description: str
    settings: type[S]
    needs: Callable[[S, Scope], Mapping[str, Need]]
    body: Callable[[S, Answers, Scope], Component]
    summary: Callable[[S, Answers, Scope], str]
    tables: Callable[[S, Answers, Scope], Sequence[Table]]
    figure: Callable[[S, Answers, Scope], dict[str, Any]] | None = None
    title: Callable[[S, Scope], str] | None = None
    """What the frame says above it; the label when there is none."""
    size: tuple[int, int] = (4, 4)
    """Columns of 12 and rows of 80 px when it is added."""
    smallest: tuple[int, int] = (2, 2)
    live: tuple[str, ...] = ()
    example: dict[str, Any] = field(default_factory=dict)
    """Settings with which the gallery shows it."""
    sub: Callable[[S, Answers, Scope], str] | None = None
    """What the frame says beside the title before the range; the unit of the figures when there is none."""
    empty: str = "Nothing in this range yet."
    """What stands in it when the answers hold nothing."""
    extras: frozenset[str] = frozenset()
    """Needs it can do without: they do not keep it from being empty."""
    zeros: bool = False
    """Whether a zero is worth drawing, as for one big number; else answers of zeros are empty."""
    every_currency: Callable[[S], bool] = lambda settings: False
    """Whether it shows all currencies; else it is drawn in one, and the others are named."""
    cut: Callable[[S, Answers, Scope], str] | None = None
    """Which part of the figures is shown, for head and summary: "6 of 24 lines, all in the table"."""
    no_rows: str = ""
    """Why it can never be rows of a spreadsheet, in a sentence for its menu."""


def is_empty(answer: Answer) -> bool:
    """Whether there is nothing to draw: no row, or no metric that is known and not zero."""
    metrics = [i for i, column in enumerate(answer.columns) if column.kind == "metric"]
    return not any(row[i] for row in answer.rows for i in metrics)
