"""Boards to start from, laid out on twelve columns without holes; on a phone in the order of reading."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from data.board_check import Fault, InvalidDocument
from data.board_document import BoardDocument, Placed
from data.board_filters import Filters


@dataclass(frozen=True, slots=True)
class Template:
    """A board to start from: what it is called, what it is good for, and what stands on it."""

    name: str
    label: str
    description: str
    document: BoardDocument


Cell = tuple[int, str, dict[str, Any], str]
"""Columns, widget, settings, title (the widget's own when empty)."""
Band = tuple[int, Sequence[Cell]]
"""Rows, and what stands side by side in them."""


def laid_out(bands: Sequence[Band], filters: Filters | None = None) -> BoardDocument:
    """The document in which these bands lie below each other."""
    placed: list[Placed] = []
    y = 0
    for rows, cells in bands:
        x = 0
        for columns, widget, settings, title in cells:
            order = len(placed)
            place = {"x": x, "y": y, "w": columns, "h": rows, "phone": order}
            placed.append(Placed(id=f"w{order + 1}", widget=widget, title=title, settings=settings, **place))
            x += columns
        y += rows
    return BoardDocument(widgets=tuple(placed), filters=dict(filters or {}))


def template(name: str) -> Template:
    """The template of this name. Raises InvalidDocument, which names the nearest one there is."""
    found = TEMPLATES.get(name)
    if found is None:
        near = get_close_matches(name, TEMPLATES, 1, 0.4)
        detail = f"There is no such template; {', '.join(TEMPLATES)} are there."
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InvalidDocument([Fault("template", name[:80], detail + hint)])
    return found


def _cell(columns: int, widget: str, title: str = "", /, **settings: Any) -> Cell:
    return columns, widget, settings, title


def _kpis(*metrics: str, down: Collection[str] = ()) -> Band:
    """A row of four numbers; less is better for those in `down`."""
    return 2, [_cell(3, "kpi", metric=name, **({"good": "down"} if name in down else {})) for name in metrics]


_TONIGHT = laid_out(
    [
        (
            2,
            [
                _cell(3, "live-figure", number="today"),
                _cell(3, "live-figure", number="revenue"),
                _cell(3, "live-figure", number="missing"),
                _cell(3, "countdown"),
            ],
        ),
        (4, [_cell(4, "house-count"), _cell(8, "arrivals")]),
        (4, [_cell(6, "gate-flow"), _cell(3, "zones"), _cell(3, "notices")]),
        (4, [_cell(4, "sales-pace"), _cell(4, "milestones"), _cell(4, "feed")]),
    ]
)
_ON_SALE = laid_out(
    [
        _kpis("tickets_sold", "net_revenue", "average_ticket_price", "orders"),
        (4, [_cell(8, "sales-over-time", metric="tickets_sold"), _cell(4, "capacity-bars")]),
        (
            4,
            [
                _cell(6, "event-comparison"),
                _cell(3, "ticket-type-mix", top=6),
                _cell(3, "channel-mix", metric="tickets_sold", top=6),
            ],
        ),
        (4, [_cell(6, "booking-curve"), _cell(6, "weekday-hours")]),
        (5, [_cell(12, "event-table", phase="upcoming", limit=30)]),
    ],
    {"range": "30d", "compare": "previous_period"},
)
_PROMOTER = laid_out(
    [
        (
            2,
            [
                _cell(3, "kpi", metric="tickets_sold"),
                _cell(3, "kpi", metric="net_revenue"),
                _cell(3, "kpi", metric="average_ticket_price"),
                _cell(3, "countdown"),
            ],
        ),
        (4, [_cell(8, "booking-curve"), _cell(4, "milestones")]),
        (
            4,
            [
                _cell(6, "sales-over-time", "Tickets over time", metric="tickets_sold"),
                _cell(3, "ticket-type-mix", top=6),
                _cell(3, "channel-mix", metric="tickets_sold", top=6),
            ],
        ),
        (4, [_cell(7, "geography-map"), _cell(5, "top-places", place="city")]),
    ],
    {"range": "all"},
)
_FINANCE = laid_out(
    [
        _kpis("gross_revenue", "fees", "refunded", "net_revenue", down=("refunded",)),
        (4, [_cell(6, "revenue-waterfall"), _cell(6, "sales-over-time", metric="net_revenue")]),
        (
            4,
            [
                _cell(4, "refunds"),
                _cell(4, "channel-mix", metric="net_revenue"),
                _cell(4, "ticket-type-mix", metric="net_revenue"),
            ],
        ),
        (
            4,
            [
                _cell(4, "price-bands", metric="tickets_sold"),
                _cell(4, "distribution", metric="net_revenue"),
                _cell(4, "money-table"),
            ],
        ),
        (5, [_cell(12, "event-table", "Past events", phase="past", limit=30)]),
    ],
    {"range": "this_month", "compare": "last_year"},
)
_MARKETING = laid_out(
    [
        _kpis("visitors", "conversion_rate", "orders", "new_customers"),
        (4, [_cell(4, "funnel"), _cell(8, "campaign-table")]),
        (
            4,
            [
                _cell(4, "traffic-sources", metric="visitors"),
                _cell(4, "channel-mix", metric="net_revenue"),
                _cell(4, "social-pulse"),
            ],
        ),
        (4, [_cell(6, "new-customers"), _cell(6, "weekday-hours")]),
        (4, [_cell(5, "geography-map"), _cell(3, "top-places"), _cell(4, "top-customers")]),
    ],
    {"range": "30d", "compare": "previous_period"},
)
_SEASON = laid_out(
    [
        _kpis("events", "event_tickets", "event_revenue", "percent_sold"),
        (3, [_cell(12, "calendar-heat", metric="tickets_sold", weeks=52)]),
        (
            4,
            [
                _cell(6, "sales-over-time", metric="net_revenue", grain="month", shape="bar"),
                _cell(6, "series-comparison", metric="net_revenue", dimension="genre"),
            ],
        ),
        (
            4,
            [
                _cell(4, "capacity-bars", phase="upcoming"),
                _cell(4, "scatter", dimension="event"),
                _cell(4, "no-shows"),
            ],
        ),
        (5, [_cell(12, "event-table", "All events", phase="all", limit=50)]),
    ],
    {"range": "this_year", "compare": "last_year"},
)

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        found.name: found
        for found in (
            Template(
                "tonight",
                "Tonight",
                "Who is inside, how the doors flow and what still sells, second by second.",
                _TONIGHT,
            ),
            Template(
                "on-sale",
                "On sale",
                "How the coming events sell, by day, ticket type and channel.",
                _ON_SALE,
            ),
            Template(
                "promoter",
                "Promoter",
                "One event for the people who put it on: sold, taken, and how it got there.",
                _PROMOTER,
            ),
            Template(
                "finance",
                "Finance",
                "From gross to net: fees, refunds, prices and channels, against last year.",
                _FINANCE,
            ),
            Template(
                "marketing",
                "Marketing",
                "From a visit to a ticket: funnel, times, places, channels, customers.",
                _MARKETING,
            ),
            Template(
                "season",
                "Season overview",
                "A year of events on one page: calendar, series, how full and how much.",
                _SEASON,
            ),
        )
    }
)
"""By name, in the order in which they are offered."""
