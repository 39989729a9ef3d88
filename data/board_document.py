"""The document of a dashboard: which widgets stand where, with which settings, and what it looks at first."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from data.board_filters import KeptFilters
from data.metric_query import Frozen

MOST_WIDGETS = 40


class Placed(Frozen):
    """A widget on a board: x and w in columns of 12, y and h in rows; `phone` is its place in the one
    column of a phone. `settings` are checked by the widget's own model when it is drawn."""

    id: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")
    widget: str = Field(max_length=60)
    title: str = Field("", max_length=120)
    settings: dict[str, Any] = Field(default_factory=dict)
    x: int = Field(0, ge=0, le=11)
    y: int = Field(0, ge=0, le=1000)
    w: int = Field(4, ge=1, le=12)
    h: int = Field(4, ge=1, le=40)
    phone: int = Field(0, ge=0)


class BoardDocument(Frozen):
    """Everything about a board but its name and its rights. `filters` are the parameters of the address of
    its first look (venue, event, range, compare, f.channel …), as the bar above the board writes them."""

    widgets: tuple[Placed, ...] = Field((), max_length=MOST_WIDGETS)
    filters: KeptFilters = Field(default_factory=dict)
