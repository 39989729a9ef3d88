"""What the roll-ups without events must say, worked out the slow and obvious way from the messages.

Shares no code with `data`: prices, business days and first entries are found anew.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from data.messages import CartUpdate, Fact, Message, PageView, SaleLine, Scan, SocialMention
from tests.data.reference import standing

DayKey = tuple[UUID, str, datetime, str, str]
"""(venue, dimension, start of the business day or month, value, currency)"""
CustomerKey = tuple[UUID, UUID, str]
"""(venue or zero for all of them, customer, currency)"""


@dataclass
class Expected:
    """The rows without what is zero."""

    days: dict[DayKey, dict[str, int]] = field(default_factory=dict)
    months: dict[DayKey, dict[str, int]] = field(default_factory=dict)
    customers: dict[CustomerKey, dict[str, object]] = field(default_factory=dict)


def expected_of(messages: Iterable[Message], zones: dict[UUID, str]) -> Expected:
    """The rows after all messages; `zones` are of the venues, whose days all start at 06:00."""
    seen = list({message.key: message for message in messages}.values())
    counted: defaultdict[DayKey, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for message in seen:
        for fact in message.facts:
            day = business_day(fact.occurred_at, zones[message.venue_id])
            for dimension, value, currency, name, amount in _stated(fact):
                counted[message.venue_id, dimension, day, value, currency][name] += amount
    _add_arrivals(seen, zones, counted)
    monthly: defaultdict[DayKey, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (venue, dimension, day, value, currency), sums in counted.items():
        first = business_month(day, zones[venue])
        for name, amount in sums.items():
            monthly[venue, dimension, first, value, currency][name] += amount
    expected = Expected(_kept(counted), _kept(monthly))
    _add_customers(seen, expected)
    return expected


def _kept(counted: dict[DayKey, defaultdict[str, int]]) -> dict[DayKey, dict[str, int]]:
    kept = {key: {name: n for name, n in sums.items() if n} for key, sums in counted.items()}
    return {key: sums for key, sums in kept.items() if sums}


def business_month(day: datetime, zone: str) -> datetime:
    local = day.astimezone(ZoneInfo(zone))
    return datetime(local.year, local.month, 1, 6, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def business_day(moment: datetime, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    date = local.date() if local.hour >= 6 else local.date() - timedelta(days=1)
    return datetime(date.year, date.month, date.day, 6, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _stated(fact: Fact) -> Iterable[tuple[str, str, str, str, int]]:
    """(dimension, value, currency, column, amount) of everything a fact adds to its day."""
    if isinstance(fact, SaleLine):
        for dimension, value in _dimensions(fact):
            for currency, name, amount in _of_line(fact):
                # Ten pounds and ten euros are no price alike: their tickets are told apart.
                yield dimension, value, fact.currency if dimension == "price" else currency, name, amount
    elif isinstance(fact, Scan):
        name = "invalid" if fact.effect == 0 else "entries" if fact.direction == "entry" else "exits"
        if fact.admission:
            yield "", "", "", name, fact.effect or 1
        if fact.gate is not None:
            yield "gate", fact.gate, "", name, fact.effect or 1
    elif isinstance(fact, PageView):
        yield "", "", "", "page_views", 1
        yield "campaign", fact.campaign or "", "", "page_views", 1
    elif isinstance(fact, CartUpdate):
        yield "", "", "", "cart_updates", 1
    elif isinstance(fact, SocialMention):
        yield "", "", "", "mentions", 1
        yield "", "", "", "reach", fact.reach
        yield "", "", "", "engagements", fact.likes + fact.shares


def _dimensions(line: SaleLine) -> Iterable[tuple[str, str]]:
    yield "", ""
    yield "price", _price_band(line)
    for name in ("ticket_type", "channel", "campaign", "country", "region", "city"):
        yield name, getattr(line, name) or ""


def _of_line(line: SaleLine) -> Iterable[tuple[str, str, int]]:
    if line.admission:
        yield "", "comps" if line.comp else "sold", line.quantity
        if line.kind == "cancellation":
            yield "", "cancelled", -line.quantity
    if line.kind == "refund":
        yield "", "refunds", 1
        yield line.currency, "refunded_minor", -line.amount_minor
    else:
        yield line.currency, "fees_minor" if line.kind == "fee" else "gross_minor", line.amount_minor
    yield line.currency, "tax_minor", line.tax_minor


def _price_band(line: SaleLine) -> str:
    """Of pounds and yen, which is what the tests sell for."""
    if line.comp:
        return "free"
    if line.kind not in ("sale", "comp") or line.quantity == 0 or line.amount_minor * line.quantity < 0:
        return ""
    price = line.amount_minor / line.quantity
    if price == 0:
        return "free"
    # Ten pounds are a thousand pence, and a thousand yen are a thousand yen.
    major = 1000 if line.currency == "JPY" else 10
    steps = [0, 1, 2, 3, 5, 7.5, 10, 15, 25]
    for low, high in pairwise(steps):
        if price < high * 1000:
            return f"{low * major:g}-{high * major:g}"
    return f"{25 * major}+"


def _add_arrivals(
    messages: list[Message],
    zones: dict[UUID, str],
    counted: defaultdict[DayKey, defaultdict[str, int]],
) -> None:
    for venue, event in {(message.venue_id, message.event_id) for message in messages}:
        scans = [
            fact
            for message in messages
            if (message.venue_id, message.event_id) == (venue, event)
            for fact in message.facts
            if isinstance(fact, Scan) and fact.admission
        ]
        firsts: dict[str, datetime] = {}
        for scan in standing(scans):
            if scan.direction == "entry":
                firsts[scan.ticket_id] = min(firsts.get(scan.ticket_id, scan.occurred_at), scan.occurred_at)
        for first in firsts.values():
            counted[venue, "", business_day(first, zones[venue]), "", ""]["arrivals"] += 1


def _add_customers(messages: list[Message], expected: Expected) -> None:
    lines: defaultdict[CustomerKey, list[SaleLine]] = defaultdict(list)
    for message in messages:
        for fact in message.facts:
            if isinstance(fact, SaleLine) and fact.customer is not None:
                for venue in (message.venue_id, UUID(int=0)):
                    lines[venue, fact.customer, fact.currency].append(fact)
    for key, own in lines.items():
        bought = [line.occurred_at for line in own if line.kind in ("sale", "comp")]
        gross = sum(line.amount_minor for line in own if line.kind not in ("fee", "refund"))
        fees = sum(line.amount_minor for line in own if line.kind == "fee")
        refunded = -sum(line.amount_minor for line in own if line.kind == "refund")
        expected.customers[key] = {
            "lines": len(own),
            "tickets": sum(line.quantity for line in own if line.admission),
            "gross_minor": gross,
            "refunded_minor": refunded,
            "fees_minor": fees,
            "net_minor": gross + fees - refunded,
            "first_at": min(bought, default=None),
            "last_at": max(bought, default=None),
        }
