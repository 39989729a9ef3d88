"""Who buys what and when: the presale of one demo evening, from its own seed, in time order.

The curve is that of a booking season: a spike when sales open, a second one when a support act is
announced, a lull, the rush of the last days and what is sold on the night. Buyers keep hours.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from data.demo_house import DemoEvent, DemoTicketType, DemoVenue
from data.demo_programme import advertised_doors, venue_of

T = TypeVar("T")

HOURS = (6, 3, 1, 1, 1, 2, 6, 15, 30, 48, 60, 58, 62, 55, 46, 44, 46, 52, 60, 70, 78, 66, 40, 18)
"""Purchases by hour of the local day, relative to each other."""

PARTY = ((1, 22), (2, 50), (3, 12), (4, 13), (6, 3))
CHANNELS = (("web", 61), ("app", 22), ("partner", 9), ("box office", 8))
CAMPAIGNS = (
    (None, 52),
    ("newsletter", 16),
    ("instagram-launch", 12),
    ("search-brand", 11),
    ("artist-post", 9),
)
NIGHT_SALES_END = timedelta(minutes=30)
"""The box office closes this long after the start."""


@dataclass(slots=True)
class Ticket:
    """One ticket sold or given; money in minor units. `refunded_at` gives money back, which is not the
    same as `cancelled_at`, after which nobody may enter with it."""

    ticket_id: str
    ticket_type: DemoTicketType
    cancelled_at: datetime | None = None
    refunded_at: datetime | None = None
    refund_minor: int = 0


@dataclass(slots=True)
class Order:
    """One purchase, or one entry of the guest list (`comp`)."""

    order_id: str
    at: datetime
    customer: str
    channel: str
    campaign: str | None
    country: str
    city: str
    comp: bool
    tickets: list[Ticket] = field(default_factory=list)


def orders(event: DemoEvent) -> list[Order]:
    """Every order of the evening, by time; never more tickets of a type than its capacity."""
    venue = venue_of(event)
    random = Random(f"{event.ref} sales")
    requests = sorted(_requests(event, venue, random), key=lambda request: request[1])
    room = {ticket_type.ticket_type: ticket_type.capacity for ticket_type in event.ticket_types}
    sold = []
    for number, at, party in requests:
        order = _order(event, venue, number, at, comp=False)
        ticket_type = _choose(event, venue, room, party, order.order_id)
        if ticket_type is None:
            continue
        room[ticket_type.ticket_type] -= party
        order.tickets = [Ticket(f"{order.order_id}-{n}", ticket_type) for n in range(1, party + 1)]
        _change_of_mind(event, venue, order)
        sold.append(order)
    return sorted([*sold, *_guests(event, venue)], key=lambda order: (order.at, order.order_id))


def _requests(event: DemoEvent, venue: DemoVenue, random: Random) -> Iterator[tuple[int, datetime, int]]:
    """What the public asks for: (order number, time, tickets), until the evening's demand is met."""
    wanted = round(event.demand * event.for_sale)
    asked = number = 0
    while asked < wanted:
        number += 1
        party = min(_pick(random, PARTY), wanted - asked)
        asked += party
        yield number, _moment(event, venue, random), party


def _moment(event: DemoEvent, venue: DemoVenue, random: Random) -> datetime:
    opens, advertised, closes = event.on_sale_at, advertised_doors(event), event.starts_at + NIGHT_SALES_END
    span = advertised - opens
    kind, draw = random.random(), random.random()
    if kind < 0.26:
        at = opens + timedelta(days=random.expovariate(0.8))
    elif kind < 0.34:
        at = opens + 0.45 * span + timedelta(days=random.expovariate(0.9))
    elif kind < 0.68:
        at = opens + draw * span
    elif kind < 0.92:
        at = advertised - random.expovariate(16) * span
    else:
        since = event.doors_at - timedelta(hours=3)
        return (since + random.triangular(0, 1, 0.75) * (closes - since)).replace(microsecond=0)
    if opens + timedelta(days=1) < at < advertised - timedelta(days=1):
        at = _in_waking_hours(at, ZoneInfo(venue.zone))
    return min(max(at, opens + timedelta(seconds=draw * 600)), closes).replace(microsecond=0)


_SHARE_UNTIL_HOUR = [0.0, *(total / sum(HOURS) for total in accumulate(HOURS))]


def _in_waking_hours(at: datetime, zone: ZoneInfo) -> datetime:
    """The same local day, at the hour at which people are awake to buy."""
    local = at.astimezone(zone)
    share = (local.hour * 3600 + local.minute * 60 + local.second) / 86_400
    hour = bisect_right(_SHARE_UNTIL_HOUR, share) - 1
    since, until = _SHARE_UNTIL_HOUR[hour], _SHARE_UNTIL_HOUR[hour + 1]
    second = int(3600 * (share - since) / (until - since))
    return local.replace(hour=hour, minute=second // 60, second=second % 60).astimezone(UTC)


def _order(event: DemoEvent, venue: DemoVenue, number: int, at: datetime, *, comp: bool) -> Order:
    """An order's own facts, from a seed of its own, so that they hold whatever the others do."""
    random = Random(f"{event.ref} order {number}")
    country, city, _ = random.choices(venue.places, [weight for _, _, weight in venue.places])[0]
    # A skewed draw: few customers come to nearly everything, most come once.
    customer = int(venue.customers * random.random() ** 2.2)
    return Order(
        order_id=f"{event.ref}/{'G' if comp else ''}{number:04d}",
        at=at,
        customer=f"{venue.ref}-customer-{customer:05d}",
        channel="guest list" if comp else _pick(random, CHANNELS),
        campaign=None if comp else _pick(random, CAMPAIGNS),
        country=country,
        city=city,
        comp=comp,
    )


def _choose(
    event: DemoEvent, venue: DemoVenue, room: dict[str, int], party: int, seed: str
) -> DemoTicketType | None:
    """The first release with room for the party in the zone it prefers, else in another zone."""
    random = Random(f"{seed} zone")
    zones = list(venue.zones)
    while zones:
        zone = random.choices(zones, [zone.for_sale for zone in zones])[0]
        for ticket_type in event.ticket_types:
            fits = ticket_type.zone == zone.zone and ticket_type.price_minor > 0
            if fits and room[ticket_type.ticket_type] >= party:
                return ticket_type
        zones.remove(zone)
    return None


def _change_of_mind(event: DemoEvent, venue: DemoVenue, order: Order) -> None:
    """Some orders are given back whole, some tickets cancelled without money, some get money back only."""
    random = Random(f"{order.order_id} after")
    latest = event.doors_at - timedelta(hours=1)
    if order.at >= latest:
        return
    at = (order.at + random.random() * (latest - order.at)).replace(microsecond=0)
    draw = random.random()
    if draw < 0.02:
        for ticket in order.tickets:
            ticket.cancelled_at = ticket.refunded_at = at
            ticket.refund_minor = ticket.ticket_type.price_minor
    elif draw < 0.027:
        order.tickets[-1].cancelled_at = at
    elif draw < 0.034:
        order.tickets[0].refunded_at = at
        order.tickets[0].refund_minor = venue.fee_minor


def _guests(event: DemoEvent, venue: DemoVenue) -> Iterator[Order]:
    """The guest list, written in the last four days before the advertised doors."""
    random = Random(f"{event.ref} guests")
    guest = next(ticket_type for ticket_type in event.ticket_types if not ticket_type.price_minor)
    left = round(guest.capacity * random.uniform(0.7, 1.0))
    until = min(advertised_doors(event), event.doors_at) - timedelta(hours=2)
    number = 0
    while left:
        number += 1
        party = min(random.choice((1, 2, 2)), left)
        left -= party
        at = max(until - random.random() * timedelta(days=4), event.on_sale_at).replace(microsecond=0)
        order = _order(event, venue, number, at, comp=True)
        order.tickets = [Ticket(f"{order.order_id}-{n}", guest) for n in range(1, party + 1)]
        yield order


def _pick(random: Random, weighted: tuple[tuple[T, int], ...]) -> T:
    return random.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]
