"""The pages that are there from the start, as the boards they are: Sales, and attendance and doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.board_document import Placed
from data.board_filters import Filters


@dataclass(frozen=True, slots=True)
class Fixed:
    """A page: where it is, what it is called, its widgets, and what it looks at first."""

    path: str
    title: str
    widgets: tuple[Placed, ...]
    base: Filters = field(default_factory=dict)


def _at(x: int, y: int, w: int, h: int, widget: str, title: str = "", **settings: object) -> Placed:
    place = f"{widget}-{x}-{y}"
    return Placed(id=place, widget=widget, title=title, settings=settings, x=x, y=y, w=w, h=h)


SALES = Fixed(
    "/sales",
    "Sales",
    (
        _at(0, 0, 3, 2, "kpi", metric="net_revenue"),
        _at(3, 0, 3, 2, "kpi", metric="tickets_sold"),
        _at(6, 0, 3, 2, "kpi", metric="average_ticket_price"),
        _at(9, 0, 3, 2, "kpi", metric="refund_rate", good="down"),
        _at(0, 2, 8, 4, "sales-over-time"),
        _at(8, 2, 4, 4, "channel-mix", metric="net_revenue"),
        _at(0, 6, 4, 4, "ticket-type-mix"),
        _at(4, 6, 4, 4, "price-bands"),
        _at(8, 6, 4, 4, "weekday-hours"),
        _at(0, 10, 6, 4, "revenue-waterfall"),
        _at(6, 10, 6, 4, "booking-curve", compare="none"),
        _at(0, 14, 4, 4, "top-places"),
        _at(4, 14, 8, 4, "event-table"),
    ),
    {"range": "30d", "compare": "previous_period"},
)

ATTENDANCE = Fixed(
    "/attendance",
    "Attendance & doors",
    (
        _at(0, 0, 3, 2, "kpi", metric="arrivals"),
        _at(3, 0, 3, 2, "kpi", metric="peak_inside"),
        _at(6, 0, 3, 2, "kpi", metric="show_rate"),
        _at(9, 0, 3, 2, "kpi", metric="invalid_rate", good="down"),
        _at(0, 2, 4, 4, "house-count"),
        _at(4, 2, 8, 4, "arrivals"),
        _at(0, 6, 6, 4, "gate-flow"),
        _at(6, 6, 6, 4, "door-flow"),
        _at(0, 10, 4, 4, "refusals", metric="invalid_scans"),
        _at(4, 10, 4, 4, "no-shows"),
        _at(8, 10, 4, 4, "capacity-bars"),
    ),
    {"range": "30d", "compare": "previous_period"},
)

TONIGHT = Fixed(
    "/",
    "Tonight",
    (
        _at(0, 0, 3, 2, "live-figure", number="entered"),
        _at(3, 0, 3, 2, "live-figure", number="missing"),
        _at(6, 0, 3, 2, "live-figure", number="sold"),
        _at(9, 0, 3, 2, "live-figure", number="revenue"),
        _at(0, 2, 4, 4, "house-count"),
        _at(4, 2, 8, 4, "arrivals"),
        _at(0, 6, 6, 4, "gate-flow"),
        _at(6, 6, 6, 4, "sales-pace"),
        _at(0, 10, 6, 5, "feed"),
        _at(6, 10, 6, 3, "social-pulse"),
        _at(6, 13, 6, 2, "notices"),
    ),
    {"range": "today"},
)
"""What is taken away of the Tonight page, which is drawn by parts of its own (`components/board.py`)."""


def of_tonight(widget: str, **settings: object) -> str:
    """The id under which a part of the Tonight page is taken away. Raises LookupError."""
    found = (each.id for each in TONIGHT.widgets if (each.widget, each.settings) == (widget, settings))
    try:
        return next(found)
    except StopIteration:
        raise LookupError(f"{widget} {settings}") from None


PAGES: Mapping[str, Fixed] = {"sales": SALES, "attendance": ATTENDANCE}
"""Name → page."""
EXPORTED: Mapping[str, Fixed] = {"tonight": TONIGHT, **PAGES}
"""Name → what an export of the page holds."""
