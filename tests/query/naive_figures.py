"""Every metric as a count over the things that happened, by the words of its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from data.messages import (
    CartUpdate,
    InvalidAttempt,
    PageView,
    SaleLine,
    Scan,
    SocialMention,
    TicketTransfer,
)
from tests.query.naive_clock import Show


@dataclass(frozen=True)
class Arrival:
    """Somebody's first time in."""


@dataclass(frozen=True)
class Change:
    """Somebody came to be inside, or ceased to be."""

    by: int


@dataclass(frozen=True)
class Bought:
    """A line of a sale with how many seconds before the doors it was; it is split as the line is."""

    line: SaleLine
    lead: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)


@dataclass(frozen=True)
class Passage:
    """Somebody let in at a gate, and in which minute of which event."""

    gate: str
    minute: tuple[Any, ...]


@dataclass(frozen=True)
class Night:
    """A whole event, dated by its doors."""

    show: Show
    sold: int
    comps: int
    entered: int
    reentries: int
    peak: int
    stayed: int
    open: bool

    @property
    def counts(self) -> int:
        return int(self.show.status != "cancelled")


@dataclass(frozen=True)
class Taking:
    """What a whole event took in one currency, dated by its doors."""

    currency: str
    net: int


@dataclass(frozen=True)
class Newcomer:
    """Somebody's first purchase."""

    currency: str


Whats = list[Any]
Kind = Literal["sum", "distinct", "highest"]


@dataclass(frozen=True)
class Count:
    """A number over things of one type."""

    of: type
    how: Callable[[Whats], Any]
    kind: Kind = "sum"


def _sum(of: type, each: Callable[[Any], Any]) -> Count:
    return Count(of, lambda things: sum(map(each, things)))


def _different(of: type, each: Callable[[Any], Any]) -> Count:
    return Count(of, lambda things: len({each(thing) for thing in things} - {None}), "distinct")


def _night(each: Callable[[Night], int]) -> Count:
    return _sum(Night, lambda night: each(night) * night.counts)


def _gross(line: SaleLine) -> int:
    return line.amount_minor if line.kind not in ("refund", "fee") else 0


def _refunded(line: SaleLine) -> int:
    return -line.amount_minor if line.kind == "refund" else 0


def _fees(line: SaleLine) -> int:
    return line.amount_minor if line.kind == "fee" else 0


def _issued(line: SaleLine) -> int:
    return line.quantity if line.admission else 0


def _bought(line: SaleLine) -> bool:
    return line.kind in ("sale", "comp")


def _moved(direction: str, person: bool) -> Callable[[Scan], int]:
    def count(scan: Scan) -> int:
        seen = scan.admission if person else scan.gate is not None
        return scan.effect if seen and scan.direction == direction else 0

    return count


def _open_seats(night: Night) -> int:
    return max(night.show.capacity - night.show.held - night.comps, 0)


SOLD = _sum(SaleLine, lambda line: _issued(line) if not line.comp else 0)
ISSUED = _sum(SaleLine, _issued)
CANCELLED = _sum(SaleLine, lambda line: -_issued(line) if line.kind == "cancellation" else 0)
GROSS = _sum(SaleLine, _gross)
FEES = _sum(SaleLine, _fees)
GIVEN_BACK = _sum(SaleLine, lambda line: -_refunded(line))
REFUNDED = _sum(SaleLine, _refunded)
NET = (GROSS, FEES, GIVEN_BACK)
TICKETS_NET = (GROSS, GIVEN_BACK)
ORDERS = _different(SaleLine, lambda line: line.order_id if _bought(line) else None)
CUSTOMERS = _different(SaleLine, lambda line: line.customer if _bought(line) else None)
ENTRIES = _sum(Scan, _moved("entry", person=True))
EXITS = _sum(Scan, _moved("exit", person=True))
REFUSED = _sum(Scan, lambda scan: int(scan.admission and scan.effect == 0))
GATE_ENTRIES = _sum(Scan, _moved("entry", person=False))
GATE_EXITS = _sum(Scan, _moved("exit", person=False))
GATE_REFUSED = _sum(Scan, lambda scan: int(scan.gate is not None and scan.effect == 0))
VIEWS = Count(PageView, len)
VISITORS = _different(PageView, lambda view: view.visitor)
CARTS = _different(CartUpdate, lambda cart: cart.customer if cart.quantity > 0 else None)
REACH = _sum(SocialMention, lambda post: post.reach)
ENGAGED = _sum(SocialMention, lambda post: post.likes + post.shares)
CAPACITY = _night(lambda night: night.show.capacity)
RATED = _night(lambda night: night.sold if night.show.capacity else 0)
PRESENT = _night(lambda night: min(night.entered, night.sold + night.comps) if night.open else 0)
DUE = _night(lambda night: night.sold + night.comps if night.open else 0)

INSIDE = "inside"
Over = tuple[Count, ...] | Literal["minutes"] | None


@dataclass(frozen=True)
class Figure:
    """The sum of `plus`, divided by the sum of `over` or the minutes that passed; `minor` is an amount."""

    plus: tuple[Count, ...]
    over: Over = None
    scale: int = 1
    minor: bool = False

    @property
    def counts(self) -> tuple[Count, ...]:
        return self.plus + (self.over if isinstance(self.over, tuple) else ())


def _plain(*plus: Count) -> Figure:
    return Figure(plus)


def _amount(*plus: Count, over: Over = None) -> Figure:
    return Figure(plus, over, minor=True)


def _of(plus: Count, *over: Count) -> Figure:
    return Figure((plus,), over)


def _percent(plus: Count, *over: Count) -> Figure:
    return Figure((plus,), over, 100)


METRICS: dict[str, Figure] = {
    "tickets_sold": _plain(SOLD),
    "comps": _plain(_sum(SaleLine, lambda line: _issued(line) if line.comp else 0)),
    "tickets_issued": _plain(ISSUED),
    "tickets_cancelled": _plain(CANCELLED),
    "cancellation_rate": _percent(CANCELLED, ISSUED, CANCELLED),
    "refunds": _plain(_sum(SaleLine, lambda line: int(line.kind == "refund"))),
    "orders": _plain(ORDERS),
    "tickets_per_order": _of(ISSUED, ORDERS),
    "customers": _plain(CUSTOMERS),
    "tickets_per_customer": _of(ISSUED, CUSTOMERS),
    "new_customers": _plain(Count(Newcomer, len)),
    "returning_customers": _plain(CUSTOMERS, Count(Newcomer, lambda things: -len(things))),
    "booking_lead": _of(
        _sum(Bought, lambda sale: sale.line.quantity * max(sale.lead, 0)),
        _sum(Bought, lambda sale: sale.line.quantity),
    ),
    "sales_velocity": Figure((SOLD,), "minutes"),
    "gross_revenue": _amount(GROSS),
    "refunded": _amount(REFUNDED),
    "fees": _amount(FEES),
    "tax": _amount(_sum(SaleLine, lambda line: line.tax_minor)),
    "net_revenue": _amount(*NET),
    "ticket_revenue": _amount(*TICKETS_NET),
    "revenue_without_tax": _amount(*NET, _sum(SaleLine, lambda line: -line.tax_minor)),
    "average_ticket_price": _amount(*TICKETS_NET, over=(SOLD,)),
    "average_order_value": _amount(*NET, over=(ORDERS,)),
    "revenue_per_customer": _amount(*NET, over=(CUSTOMERS,)),
    "refund_rate": _percent(REFUNDED, GROSS, FEES),
    "event_revenue": _amount(_sum(Taking, lambda taking: taking.net)),
    "events": _plain(_night(lambda night: 1)),
    "events_cancelled": _plain(_sum(Night, lambda night: 1 - night.counts)),
    "capacity": _plain(CAPACITY),
    "held": _plain(_night(lambda night: night.show.held)),
    "remaining": _plain(_night(lambda n: max(n.show.capacity - n.sold - n.comps - n.show.held, 0))),
    "event_tickets": _plain(_night(lambda night: night.sold)),
    "percent_sold": _percent(RATED, CAPACITY),
    "sell_through": _percent(RATED, _night(_open_seats)),
    "percent_of_target": _percent(
        _night(lambda night: night.sold if night.show.target else 0), _night(lambda night: night.show.target)
    ),
    "entries": _plain(ENTRIES),
    "exits": _plain(EXITS),
    "arrivals": _plain(Count(Arrival, len)),
    "entry_rate": Figure((ENTRIES,), "minutes"),
    INSIDE: _plain(_sum(Change, lambda change: change.by)),
    "peak_inside": _plain(
        Count(Night, lambda nights: max((n.peak * n.counts for n in nights), default=0), "highest")
    ),
    "entered": _plain(_night(lambda night: night.entered)),
    "average_stay": _of(_night(lambda night: night.stayed), _night(lambda night: night.entered)),
    "reentries": _plain(_night(lambda night: night.reentries)),
    "expected": _plain(_night(lambda night: night.sold + night.comps)),
    "no_shows": _plain(
        _night(lambda night: max(night.sold + night.comps - night.entered, 0) if night.open else 0)
    ),
    "show_rate": _percent(PRESENT, DUE),
    "invalid_scans": _plain(REFUSED),
    "invalid_rate": _percent(REFUSED, ENTRIES, EXITS, REFUSED),
    "gate_scans": _plain(GATE_ENTRIES, GATE_EXITS, GATE_REFUSED),
    "gate_entries": _plain(GATE_ENTRIES),
    "seconds_per_entry": _of(
        Count(Passage, lambda things: 60 * len({thing.minute for thing in things})), GATE_ENTRIES
    ),
    "gate_exits": _plain(GATE_EXITS),
    "gate_refusals": _plain(GATE_REFUSED),
    "gate_refusal_rate": _percent(GATE_REFUSED, GATE_ENTRIES, GATE_EXITS, GATE_REFUSED),
    "transfers": _plain(Count(TicketTransfer, len)),
    "failed_transfers": _plain(_sum(TicketTransfer, lambda transfer: int(not transfer.successful))),
    "invalid_attempts": _plain(Count(InvalidAttempt, len)),
    "page_views": _plain(VIEWS),
    "visitors": _plain(VISITORS),
    "views_per_visitor": _of(VIEWS, VISITORS),
    "cart_updates": _plain(Count(CartUpdate, len)),
    "carts": _plain(CARTS),
    "average_cart_value": _amount(
        _sum(CartUpdate, lambda cart: cart.value_minor if cart.quantity > 0 else 0),
        over=(_sum(CartUpdate, lambda cart: int(cart.quantity > 0)),),
    ),
    "cart_rate": _percent(CARTS, VISITORS),
    "cart_conversion": _percent(CUSTOMERS, CARTS),
    "conversion_rate": _percent(ORDERS, VISITORS),
    "mentions": _plain(Count(SocialMention, len)),
    "reach": _plain(REACH),
    "engagements": _plain(ENGAGED),
    "likes": _plain(_sum(SocialMention, lambda post: post.likes)),
    "shares": _plain(_sum(SocialMention, lambda post: post.shares)),
    "engagement_rate": _percent(ENGAGED, REACH),
    "sentiment": _of(
        _sum(SocialMention, lambda post: post.sentiment or 0.0),
        _sum(SocialMention, lambda post: int(post.sentiment is not None)),
    ),
    "authors": _plain(_different(SocialMention, lambda post: post.author)),
}
SPLIT_BY_CURRENCY = {name for name, figure in METRICS.items() if figure.minor} | {"refund_rate"}


def value(figure: Figure, things: dict[type, Whats], minutes: float | None) -> Any:
    """The figure of some things by type."""
    top = sum(count.how(things.get(count.of, [])) for count in figure.plus)
    if figure.over is None:
        return top
    if figure.over == "minutes":
        below: Any = minutes or 0
    else:
        below = sum(count.how(things.get(count.of, [])) for count in figure.over)
    if below <= 0:
        return None
    return round(top / below) if figure.minor else round(figure.scale * top / below, 4)


def at_open(doors: datetime | None, now: datetime) -> bool:
    return doors is not None and doors <= now
