"""What a question must be answered, worked out the slow and obvious way from a list of facts.

Shares no code with `data.query*`: it looks at every fact by itself, asks the clock for every one, and
counts. Only the shapes of questions and facts are the product's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from data.messages import (
    CartUpdate,
    Fact,
    InvalidAttempt,
    PageView,
    SaleLine,
    Scan,
    SocialMention,
    TicketTransfer,
)
from data.metric_query import All, Between, DaysToDoors, In, Last, MetricQuery, Named, Within
from data.metric_query import Any as AnyOf


@dataclass(frozen=True)
class Hall:
    venue_id: UUID
    zone: ZoneInfo
    starts: time
    currency: str


@dataclass(frozen=True)
class Show:
    event_id: UUID
    hall: Hall
    doors: datetime | None
    status: str = "on_sale"
    series: UUID | None = None
    genre: str | None = None
    capacity: int = 0


@dataclass(frozen=True)
class Happened:
    """A fact, or what follows from the scans of a ticket: its arrival, a change of who is inside."""

    show: Show
    at: datetime
    what: Any


@dataclass(frozen=True)
class Arrival:
    pass


@dataclass(frozen=True)
class Change:
    by: int


def business_day(hall: Hall, at: datetime) -> date:
    day = at.astimezone(hall.zone).date() + timedelta(days=2)
    while datetime.combine(day, hall.starts, tzinfo=hall.zone).astimezone(UTC) > at:
        day -= timedelta(days=1)
    return day


def day_start(hall: Hall, day: date) -> datetime:
    return datetime.combine(day, hall.starts, tzinfo=hall.zone).astimezone(UTC)


def hour_start(hall: Hall, at: datetime) -> datetime:
    """Back minute by minute, as long as the venue's clock shows the same hour and has not been changed."""
    moment = at.replace(second=0, microsecond=0)
    shown = moment.astimezone(hall.zone)
    while True:
        before = (moment - timedelta(minutes=1)).astimezone(hall.zone)
        if before.hour != shown.hour or before.utcoffset() != shown.utcoffset():
            return moment
        moment -= timedelta(minutes=1)


def first_of(grain: str, day: date) -> date:
    while not starts(grain, day):
        day -= timedelta(days=1)
    return day


def starts(grain: str, day: date) -> bool:
    if grain == "week":
        return day.isoweekday() == 1
    months = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}.get(grain)
    return months is None or (day.day == 1 and day.month in months)


def earlier_month(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += -1 if months > 0 else 1
        if month == 0:
            year, month = year - 1, 12
        if month == 13:
            year, month = year + 1, 1
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(number, day.day))
        except ValueError:
            continue
    raise AssertionError


BOUNDS = {"JPY": [1000, 2000, 3000, 5000, 7500, 10000, 15000, 25000]}
POUNDS = [10, 20, 30, 50, 75, 100, 150, 250]


def unit_price(line: SaleLine) -> float | None:
    """In major units; None for what is no price."""
    if line.comp:
        return 0
    if line.kind not in ("sale", "comp") or line.quantity == 0 or line.amount_minor * line.quantity < 0:
        return None
    minor = abs(line.amount_minor) // abs(line.quantity)
    return minor / (1 if line.currency == "JPY" else 100)


def price_band(line: SaleLine) -> str | None:
    price = unit_price(line)
    if price is None:
        return None
    if line.comp or line.amount_minor == 0:
        return "free"
    low = 0
    for bound in BOUNDS.get(line.currency, POUNDS):
        if price < bound:
            return f"{low}-{bound}"
        low = bound
    return f"{low}+"


class World:
    """All facts, the venues and the events."""

    def __init__(
        self,
        halls: list[Hall],
        shows: list[Show],
        facts: list[tuple[Show, Fact]],
        zone_of_gate: dict[str, str],
    ) -> None:
        self.halls, self.shows, self.facts, self.zone_of_gate = halls, shows, facts, zone_of_gate
        self.things = [Happened(show, fact.occurred_at, fact) for show, fact in self.facts]
        by_ticket: dict[tuple[Show, str], list[Scan]] = defaultdict(list)
        for show, fact in self.facts:
            if isinstance(fact, Scan) and fact.effect and fact.admission:
                by_ticket[show, fact.ticket_id].append(fact)
        for (show, _), scans in by_ticket.items():
            inside, seen = False, False
            for scan in sorted(scans, key=lambda s: (s.occurred_at, s.direction == "entry")):
                goes_in = scan.direction == "entry"
                if goes_in and not seen:
                    seen = True
                    self.things.append(Happened(show, scan.occurred_at, Arrival()))
                if goes_in != inside:
                    inside = goes_in
                    self.things.append(Happened(show, scan.occurred_at, Change(1 if inside else -1)))
        taken: dict[UUID, set[str]] = defaultdict(set)
        for show, fact in self.facts:
            if isinstance(fact, SaleLine) and (fact.amount_minor or fact.tax_minor):
                taken[show.hall.venue_id].add(fact.currency)
        self.taken = taken

    def currency(self, thing: Happened) -> str:
        hall = thing.show.hall
        taken = self.taken[hall.venue_id]
        if len(taken) == 1:
            return next(iter(taken))
        if len(taken) > 1 and isinstance(thing.what, SaleLine):
            return thing.what.currency
        return hall.currency


FAMILY: dict[str, type] = {
    "sales": SaleLine,
    "scans": Scan,
    "gates": Scan,
    "web": PageView,
    "carts": CartUpdate,
    "social": SocialMention,
    "transfers": TicketTransfer,
    "attempts": InvalidAttempt,
    "arrivals": Arrival,
    "presence": Change,
}

Things = list[Happened]


def _sum(of: Callable[[Any], int]) -> Callable[[Things], int]:
    return lambda things: sum(of(thing.what) for thing in things)


def _gross(line: SaleLine) -> int:
    return line.amount_minor if line.kind not in ("refund", "fee") else 0


def _refunded(line: SaleLine) -> int:
    return -line.amount_minor if line.kind == "refund" else 0


def _fees(line: SaleLine) -> int:
    return line.amount_minor if line.kind == "fee" else 0


def _sold(line: SaleLine) -> int:
    return line.quantity if line.admission and not line.comp else 0


def _issued(line: SaleLine) -> int:
    return line.quantity if line.admission else 0


def _orders(things: Things) -> int:
    return len({t.what.order_id for t in things if t.what.kind in ("sale", "comp") and t.what.order_id})


def _customers(things: Things) -> int:
    return len({t.what.customer for t in things if t.what.kind in ("sale", "comp") and t.what.customer})


def _moved(direction: str) -> Callable[[Any], int]:
    return lambda s: s.effect if s.admission and s.effect and s.direction == direction else 0


def _refused(scan: Scan) -> int:
    return int(scan.admission and scan.effect == 0)


def _net(line: SaleLine) -> int:
    return _gross(line) + _fees(line) - _refunded(line)


Sum = Callable[[Things], int]
_one: Sum = len
METRICS: dict[str, tuple[str, Sum, Sum | None]] = {
    "tickets_sold": ("sales", _sum(_sold), None),
    "comps": ("sales", _sum(lambda li: _issued(li) - _sold(li)), None),
    "tickets_issued": ("sales", _sum(_issued), None),
    "tickets_cancelled": ("sales", _sum(lambda li: -_issued(li) if li.kind == "cancellation" else 0), None),
    "refunds": ("sales", _sum(lambda li: int(li.kind == "refund")), None),
    "orders": ("sales", _orders, None),
    "customers": ("sales", _customers, None),
    "tickets_per_order": ("sales", _sum(_issued), _orders),
    "gross_revenue": ("sales", _sum(_gross), None),
    "refunded": ("sales", _sum(_refunded), None),
    "fees": ("sales", _sum(_fees), None),
    "tax": ("sales", _sum(lambda li: li.tax_minor), None),
    "net_revenue": ("sales", _sum(_net), None),
    "average_ticket_price": ("sales", _sum(lambda li: _gross(li) - _refunded(li)), _sum(_sold)),
    "refund_rate": ("sales", _sum(_refunded), _sum(lambda li: _gross(li) + _fees(li))),
    "entries": ("scans", _sum(_moved("entry")), None),
    "exits": ("scans", _sum(_moved("exit")), None),
    "invalid_scans": ("scans", _sum(_refused), None),
    "arrivals": ("arrivals", _one, None),
    "gate_scans": ("gates", _sum(lambda s: (s.effect or 1) if s.gate else 0), None),
    "page_views": ("web", _one, None),
    "visitors": ("web", lambda things: len({t.what.visitor for t in things if t.what.visitor}), None),
    "cart_updates": ("carts", _one, None),
    "mentions": ("social", _one, None),
    "reach": ("social", _sum(lambda m: m.reach), None),
    "engagement_rate": ("social", _sum(lambda m: m.likes + m.shares), _sum(lambda m: m.reach)),
    "transfers": ("transfers", _one, None),
    "invalid_attempts": ("attempts", _one, None),
}
MONEY = {"gross_revenue", "refunded", "fees", "tax", "net_revenue", "average_ticket_price", "refund_rate"}
AMOUNTS = MONEY - {"refund_rate"}


def dimension(world: World, name: str, thing: Happened) -> Any:
    """The value of a dimension of one thing, as an answer shows it."""
    show, hall, what, at = thing.show, thing.show.hall, thing.what, thing.at
    if name in ("minute", "5min", "hour"):
        minute = at.replace(second=0, microsecond=0)
        five = minute.replace(minute=at.minute // 5 * 5)
        return {"minute": minute, "5min": five}.get(name) or hour_start(hall, at)
    if name in ("day", "week", "month", "quarter", "year"):
        return first_of(name, business_day(hall, at)).isoformat()
    if name == "weekday":
        return business_day(hall, at).isoweekday()
    if name == "hour_of_day":
        return at.astimezone(hall.zone).hour
    if name == "days_to_doors":
        if show.doors is None:
            return None
        return (business_day(hall, show.doors) - business_day(hall, at)).days
    if name in ("venue", "event", "series", "genre", "status"):
        found = {
            "venue": hall.venue_id,
            "event": show.event_id,
            "series": show.series,
            "genre": show.genre,
            "status": show.status,
        }[name]
        return None if found is None else str(found)
    if name in ("currency", "price", "zone"):
        if name == "zone":
            return world.zone_of_gate.get(what.gate or "")
        return world.currency(thing) if name == "currency" else price_band(what)
    value = getattr(what, {"page": "path", "post": "kind"}.get(name, name))
    return None if value in (None, "") else str(value)


def matches(world: World, where: Any, thing: Happened) -> bool:
    if isinstance(where, All):
        return all(matches(world, part, thing) for part in where.all)
    if isinstance(where, AnyOf):
        return any(matches(world, part, thing) for part in where.any)
    if isinstance(where, In):
        value = dimension(world, where.dimension, thing)
        return ("" if value is None else str(value)) in where.values
    assert isinstance(where, Within)
    if where.dimension == "price":
        number = unit_price(thing.what)
    else:
        number = dimension(world, where.dimension, thing)
    if number is None:
        return False
    return (where.at_least is None or number >= where.at_least) and (
        where.below is None or number < where.below
    )


Span = tuple[datetime, datetime]


def span_of(query: MetricQuery, hall: Hall, show: Show, now: datetime) -> Span | None:
    asked, today = query.range, business_day(hall, now)
    one = timedelta(days=1)
    if isinstance(asked, DaysToDoors):
        if show.doors is None:
            return None
        doors = business_day(hall, show.doors)
        return day_start(hall, doors - one * asked.first), day_start(hall, doors - one * (asked.last - 1))
    if isinstance(asked, Between):
        lo, hi = (
            edge.astimezone(UTC) if isinstance(edge, datetime) else day_start(hall, edge)
            for edge in (asked.start, asked.end)
        )
        return lo, hi
    if isinstance(asked, Named) and asked.named == "all":
        return datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    if isinstance(asked, Last) and asked.unit == "minute":
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return end - timedelta(minutes=asked.last), end
    if isinstance(asked, Last) and asked.unit == "hour":
        start = hour_start(hall, now)
        end = now.replace(second=0, microsecond=0)
        while hour_start(hall, end) == start:
            end += timedelta(minutes=1)
        for _ in range(asked.last - 1):
            start = hour_start(hall, start - timedelta(minutes=1))
        return start, end
    days = days_of(asked, today)
    return day_start(hall, days[0]), day_start(hall, days[1])


def days_of(asked: Any, today: date) -> tuple[date, date]:
    one = timedelta(days=1)
    name = asked.named if isinstance(asked, Named) else asked.unit
    count = asked.last if isinstance(asked, Last) else 1
    if name in ("day", "today"):
        return today - one * (count - 1), today + one
    if name == "yesterday":
        return today - one, today
    grain = name.removeprefix("this_").removeprefix("last_")
    first = first_of(grain, today)
    months = {"month": 1, "year": 12}.get(grain)
    if months is None:
        span = (first - 7 * one * (count - 1), first + 7 * one)
        return (span[0] - 7 * one, first) if name == "last_week" else span
    if name == "last_month":
        return earlier_month(first, 1), first
    return earlier_month(first, months * (count - 1)), earlier_month(first, -months)


def evaluate(world: World, query: MetricQuery, now: datetime) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Key (dimensions, then the currency where there is money) → the metrics, without rows of nothing."""
    split = bool(MONEY & set(query.metrics)) and "currency" not in query.dimensions
    groups: dict[tuple[Any, ...], dict[str, Things]] = defaultdict(lambda: defaultdict(list))
    for thing in world.things:
        show, hall = thing.show, thing.show.hall
        if query.venues and hall.venue_id not in query.venues:
            continue
        if query.events and show.event_id not in query.events:
            continue
        span = span_of(query, hall, show, now)
        if span is None or not span[0] <= thing.at < span[1]:
            continue
        for name in query.metrics:
            if type(thing.what) is not FAMILY[METRICS[name][0]]:
                continue
            if query.where is not None and not matches(world, query.where, thing):
                continue
            key = tuple(dimension(world, d, thing) for d in query.dimensions)
            groups[(*key, world.currency(thing)) if split else key][name].append(thing)
    if "customer" in query.dimensions:
        index = query.dimensions.index("customer")
        groups = defaultdict(
            lambda: defaultdict(list), {k: g for k, g in groups.items() if k[index] is not None}
        )
    rows = {key: tuple(_value(name, own[name]) for name in query.metrics) for key, own in groups.items()}
    return {key: row for key, row in rows.items() if any(row)}


def _value(name: str, things: Iterable[Happened]) -> Any:
    _, top, below = METRICS[name]
    own = list(things)
    if below is None:
        return top(own)
    divisor = below(own)
    if divisor <= 0:
        return None
    if name in AMOUNTS:
        return round(top(own) / divisor)
    return round((100 if name.endswith("_rate") else 1) * top(own) / divisor, 4)
