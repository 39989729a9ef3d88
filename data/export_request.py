"""What somebody wants to take away: a board, a widget of it, widgets of a page, a question, the facts."""

from __future__ import annotations

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from data.board_document import MOST_WIDGETS, Placed
from data.board_filters import Filters
from data.drilldown_question import Drill
from data.metric_query import Frozen, MetricQuery

Format = Literal["csv", "xlsx", "pdf"]
FactTable = Literal["sales", "scans"]

LONGEST_FILTER = 4_000
MOST_FILTERS = 30


class ExportRequest(Frozen):
    """One of `dashboard` and `page` (all of it, or the one widget of it with the id `placed`), `widget` with
    its `settings`, `widgets` of a page of one's own, `query`, `table`, and `rows` (a question of
    `data.drilldown`, of which all rows are taken).

    `filters` are the parameters of a board's address (venue, event, range, compare, f.channel …). `bom` and
    `preamble` are for CSV: without them it is a plain table for programs.
    """

    format: Format
    dashboard: UUID | None = None
    page: str | None = Field(None, max_length=40)
    placed: str | None = Field(None, max_length=40)
    widget: str | None = Field(None, max_length=60)
    settings: dict[str, Any] = Field(default_factory=dict)
    widgets: tuple[Placed, ...] = Field((), max_length=MOST_WIDGETS)
    query: MetricQuery | None = None
    table: FactTable | None = None
    rows: Drill | None = None
    title: str = Field("", max_length=120)
    filters: Filters = Field(default_factory=dict, max_length=MOST_FILTERS)
    bom: bool = True
    preamble: bool = True

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        things = {
            "dashboard": self.dashboard is not None,
            "page": self.page is not None,
            "widget": self.widget is not None,
            "widgets": bool(self.widgets),
            "query": self.query is not None,
            "table": self.table is not None,
            "rows": self.rows is not None,
        }
        asked = [name for name, there in things.items() if there]
        if len(asked) != 1:
            known = ", ".join(things)
            raise ValueError(f"ask for exactly one of {known}; not for {' and '.join(asked) or 'none'}")
        if self.placed is not None and self.dashboard is None and self.page is None:
            raise ValueError("placed is a widget of a dashboard or page: name that, too")
        for name, value in self.filters.items():
            values = (value,) if isinstance(value, str) else value
            if sum(map(len, values)) > LONGEST_FILTER or "\0" in "".join(values):
                raise ValueError(f"the filter {name[:40]} is too long, or not a text")
        return self

    @property
    def is_small(self) -> bool:
        """Whether it can be answered at once: figures of one widget or question, and no pages to set."""
        one = self.widget is not None or self.query is not None or self.placed is not None
        return one and self.format != "pdf"
