"""One demo evening as the messages its ticket shop, scanners, website and social feed would send.

Message ids are made of the evening and its tickets only, so that a repeat is a duplicate wherever it
was interrupted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec

from data.demo_house import DemoEvent
from data.demo_programme import venue_of
from jobs.demo_doors import movements
from jobs.demo_sales import Order, orders

PLATFORMS = (("instagram", 46), ("tiktok", 24), ("x", 18), ("youtube", 7), ("facebook", 5))
LOOKERS = 2
"""Visitors of the website for each online order who do not buy."""
LOUD_POSTS = 16
"""Widely shared posts about the queue while a gate stalls."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One message as JSON, and the moment it is sent."""

    at: datetime
    body: bytes


def messages(event: DemoEvent, *, sales_only: bool = False) -> list[Timed]:
    """Every message of the evening, by time; or those of the ticket shop alone."""
    sales = orders(event)
    found = [*_purchases(event, sales), *_returns(event, sales)]
    if not sales_only:
        found += [*_scans(event, sales), *_transfers(event, sales), *_website(event, sales), *_social(event)]
    return sorted(found, key=lambda message: message.at)


def _message(event: DemoEvent, message_type: str, identity: str, at: datetime, **fields: Any) -> Timed:
    when = "scannedAt" if message_type == "ticket-scan" else "timestamp"
    body = {"id": identity, "type": message_type, "venueId": event.venue, "eventId": event.ref}
    body |= {when: f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    body |= {name: value for name, value in fields.items() if value is not None}
    return Timed(at, msgspec.json.encode(body))


def _purchases(event: DemoEvent, sales: Sequence[Order]) -> Iterator[Timed]:
    venue = venue_of(event)
    for order in sales:
        fee = venue.fee_minor if order.channel in ("web", "app", "partner") else 0
        yield _message(
            event,
            "ticket-purchase",
            f"{order.order_id} bought",
            order.at,
            orderId=order.order_id,
            userId=order.customer,
            currency=venue.currency,
            channel=order.channel,
            campaign=order.campaign,
            country=order.country,
            city=order.city,
            comp=order.comp or None,
            positions=[
                {
                    "ticketId": ticket.ticket_id,
                    "ticketType": ticket.ticket_type.ticket_type,
                    "amount": _major(ticket.ticket_type.price_minor),
                }
                | ({"fee": _major(fee)} if fee else {})
                for ticket in order.tickets
            ],
        )


def _returns(event: DemoEvent, sales: Sequence[Order]) -> Iterator[Timed]:
    venue = venue_of(event)
    for order in sales:
        for ticket in order.tickets:
            at = ticket.cancelled_at or ticket.refunded_at
            if at is None:
                continue
            yield _message(
                event,
                "ticket-refund",
                f"{ticket.ticket_id} returned",
                at,
                orderId=order.order_id,
                ticketId=ticket.ticket_id,
                ticketType=ticket.ticket_type.ticket_type,
                userId=order.customer,
                currency=venue.currency,
                amount=_major(ticket.refund_minor),
                partial=True if ticket.cancelled_at is None else None,
                comp=order.comp or None,
                channel=order.channel,
            )


def _scans(event: DemoEvent, sales: Sequence[Order]) -> Iterator[Timed]:
    seen: dict[tuple[str, str, bool], int] = {}
    for movement in movements(event, sales):
        kind = (movement.ticket_id, movement.direction, movement.reason is None)
        seen[kind] = number = seen.get(kind, 0) + 1
        yield _message(
            event,
            "ticket-scan",
            f"{movement.ticket_id} {movement.direction} {movement.reason or 'passed'} {number}",
            movement.at,
            ticketId=movement.ticket_id,
            entryPoint=movement.gate,
            direction=movement.direction,
            isValid=movement.reason is None,
            reason=movement.reason,
            scannerId=f"{event.venue}-{movement.gate}-{1 + sum(movement.ticket_id.encode()) % 2}",
        )


def _transfers(event: DemoEvent, sales: Sequence[Order]) -> Iterator[Timed]:
    """A few tickets change hands before the night; one in ten attempts is refused."""
    random = Random(f"{event.ref} transfers")
    latest = event.doors_at - timedelta(hours=1)
    for order in sales:
        if random.random() < 0.02 and order.at < latest and not order.comp:
            ticket = order.tickets[-1]
            at = (order.at + random.random() * (latest - order.at)).replace(microsecond=0)
            refused = random.random() < 0.1
            yield _message(
                event,
                "ticket-transfer",
                f"{ticket.ticket_id} transfer",
                at,
                ticketId=ticket.ticket_id,
                fromUserId=order.customer,
                toUserId=f"{event.venue}-customer-{random.randrange(10**5):05d}",
                reason="resale_not_allowed" if refused else "gift",
                isSuccessful=not refused,
            )


def _website(event: DemoEvent, sales: Sequence[Order]) -> Iterator[Timed]:
    """Every online order is preceded by its page seen and its cart filled, which the order empties, and by
    two visitors who look and leave; some of them leave a filled cart behind."""
    random = Random(f"{event.ref} website")
    for order in sales:
        if order.comp or order.channel == "box office":
            continue
        at = max(order.at - timedelta(seconds=random.randint(40, 900)), event.on_sale_at - timedelta(hours=1))
        yield _view(event, order, f"{order.order_id} seen", at, order.customer)
        filled = at + (order.at - at) * random.uniform(0.2, 0.8)
        tickets = len(order.tickets)
        yield _cart(event, order, f"{order.order_id} filled", filled, order.customer, tickets)
        yield _cart(event, order, f"{order.order_id} emptied", order.at, order.customer, 0)
        for number in range(1, LOOKERS + 1):
            visitor = f"{event.venue}-visitor-{random.randrange(10**6):06d}"
            looked = at + timedelta(seconds=random.randint(-1800, 1800))
            yield _view(event, order, f"{order.order_id} looked {number}", looked, visitor)
            if random.random() < 0.06:
                left = looked + timedelta(seconds=25)
                yield _cart(event, order, f"{order.order_id} cart {number}", left, visitor, 2)


def _view(event: DemoEvent, order: Order, identity: str, at: datetime, visitor: str | None) -> Timed:
    return _message(
        event,
        "page-view",
        identity,
        at,
        path=f"/events/{event.ref}",
        userId=visitor,
        utmSource=order.campaign,
        utmCampaign=order.campaign,
    )


def _cart(event: DemoEvent, order: Order, identity: str, at: datetime, visitor: str, quantity: int) -> Timed:
    """What lies in a visitor's cart from now on; nothing, when it was bought."""
    ticket = order.tickets[0].ticket_type
    return _message(
        event,
        "cart-update",
        identity,
        at.replace(microsecond=0),
        userId=visitor,
        items=[{"ticketType": ticket.ticket_type, "quantity": quantity}] if quantity else [],
        cartValue=_major(quantity * ticket.price_minor),
        currency=venue_of(event).currency,
        quantity=quantity,
    )


def _social(event: DemoEvent) -> Iterator[Timed]:
    random = Random(f"{event.ref} social")
    names, weights = [name for name, _ in PLATFORMS], [weight for _, weight in PLATFORMS]
    for number, (at, loud) in enumerate(_posts(event, random), 1):
        reach = int(random.lognormvariate(10.5 if loud else 6.2, 0.9))
        yield _message(
            event,
            "social",
            f"{event.ref} post {number}",
            at.replace(microsecond=0),
            platform=random.choices(names, weights)[0],
            kind=random.choice(("post", "story", "video", "comment")),
            author=f"demo-fan-{random.randrange(4000)}",
            textLength=random.randint(12, 260),
            reach=reach,
            likes=int(reach * random.uniform(0.01, 0.12)),
            shares=int(reach * random.uniform(0, 0.02)),
            sentiment=round(min(max(random.gauss(-0.2 if loud else 0.4, 0.35), -1), 1), 2),
        )


def _posts(event: DemoEvent, random: Random) -> Iterator[tuple[datetime, bool]]:
    """When people post, and whether it is one of the posts everybody shares."""
    count = max(8, round(event.for_sale * 0.03 * min(event.demand, 1)))
    for _ in range(count):
        if random.random() < 0.35:
            yield event.on_sale_at + random.random() ** 2 * (event.doors_at - event.on_sale_at), False
        else:
            yield event.doors_at + timedelta(minutes=random.triangular(-60, 280, 110)), False
    if event.stall is not None:
        for _ in range(LOUD_POSTS):
            minutes = random.uniform(event.stall.since + 3, event.stall.until + 4)
            yield event.doors_at + timedelta(minutes=minutes), True


def _major(minor: int) -> str:
    """An amount in major units, as exact decimal text (both demo currencies have two decimals)."""
    return f"{minor // 100}.{minor % 100:02d}"
