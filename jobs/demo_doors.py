"""Who comes, through which gate and when: the door of one demo evening, from its own seed, in time order.

People queue in front of the gates before they open, most come well before the start, a few after it.
A gate lets in a limited number a minute, so a rush and a stalled gate both make a queue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from data.demo_house import DemoEvent, DemoGate
from data.demo_programme import venue_of
from jobs.demo_sales import Order, Ticket

EARLY_QUEUE = 0.14
"""Share of the people who already stand outside when the doors open."""

BREAKS = 0.09
"""Share of the people who go out once and come back."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One scan at a gate. `reason` is set where it was refused."""

    at: datetime
    ticket_id: str
    direction: str
    gate: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Arrival:
    at: datetime
    ticket: Ticket


def movements(event: DemoEvent, orders: Sequence[Order]) -> list[Movement]:
    """Every scan of the evening, by time: entries, exits, re-entries and refused ones."""
    random = Random(f"{event.ref} doors")
    waiting = _queues(event, orders, random)
    found: list[Movement] = []
    for gate in venue_of(event).gates:
        for entry in _served(event, gate, waiting[gate.gate], random):
            found.append(entry)
            found += _afterwards(event, entry, random)
            found += _refused(event, entry, random)
    found += _cancelled_at_the_door(event, orders, random)
    found = [movement for one in found for movement in _past_the_stall(event, one)]
    return sorted(found, key=lambda movement: (movement.at, movement.ticket_id, movement.direction))


def _queues(event: DemoEvent, orders: Sequence[Order], random: Random) -> dict[str, list[_Arrival]]:
    """Arrivals by gate, in time order."""
    stay_away = random.uniform(0.04, 0.1)
    waiting: dict[str, list[_Arrival]] = {gate.gate: [] for gate in venue_of(event).gates}
    for order in orders:
        if random.random() < stay_away * (2.2 if order.comp else 1):
            continue
        at = _arrival(event, random)
        # Tickets bought on the night: from the box office to the gate.
        at = max(at, order.at + timedelta(seconds=random.uniform(90, 300)))
        for ticket in order.tickets:
            at += timedelta(seconds=random.uniform(1, 6))
            if ticket.cancelled_at is None:
                waiting[_gate(event, ticket, at, random).gate].append(_Arrival(at, ticket))
    for queue in waiting.values():
        queue.sort(key=lambda arrival: (arrival.at, arrival.ticket.ticket_id))
    return waiting


def _arrival(event: DemoEvent, random: Random) -> datetime:
    if random.random() < EARLY_QUEUE:
        return event.doors_at + timedelta(minutes=random.expovariate(0.2))
    until_start = event.starts_at - event.doors_at
    return event.doors_at + random.betavariate(1.9, 3.0) * 1.3 * until_start


def _gate(event: DemoEvent, ticket: Ticket, at: datetime, random: Random) -> DemoGate:
    """A gate of the ticket's zone; where one has stopped, half of its people walk to the next."""
    gates = [gate for gate in venue_of(event).gates if gate.zone == ticket.ticket_type.zone]
    gate = random.choices(gates, [gate.per_minute for gate in gates])[0]
    since, until = _stall(event, gate)
    if since <= at < until and random.random() < 0.5:
        return random.choice(gates)
    return gate


def _stall(event: DemoEvent, gate: DemoGate) -> tuple[datetime, datetime]:
    """When the gate lets nobody in; an empty span for a gate that works."""
    if event.stall is None or event.stall.gate != gate.gate:
        return event.doors_at, event.doors_at
    return (
        event.doors_at + timedelta(minutes=event.stall.since),
        event.doors_at + timedelta(minutes=event.stall.until),
    )


def _past_the_stall(event: DemoEvent, movement: Movement) -> Iterator[Movement]:
    """The movement, at another gate if its own has stopped; nothing if it would have been refused there."""
    gates = venue_of(event).gates
    gate = next(gate for gate in gates if gate.gate == movement.gate)
    since, until = _stall(event, gate)
    if not since <= movement.at < until:
        yield movement
    elif movement.reason is None:
        nearest = min((one for one in gates if one is not gate), key=lambda one: one.zone != gate.zone)
        yield replace(movement, gate=nearest.gate)


def _served(
    event: DemoEvent, gate: DemoGate, queue: Sequence[_Arrival], random: Random
) -> Iterator[Movement]:
    """The entries of one gate: first come, first served, at the pace of the gate."""
    since, until = _stall(event, gate)
    free = event.doors_at
    for arrival in queue:
        at = max(arrival.at, free)
        if since <= at < until:
            at = until
        free = at + timedelta(minutes=random.uniform(0.6, 1.4) / gate.per_minute)
        if at < event.ends_at:
            yield Movement(at.replace(microsecond=0), arrival.ticket.ticket_id, "entry", gate.gate)


def _afterwards(event: DemoEvent, entry: Movement, random: Random) -> Iterator[Movement]:
    """A break outside for some, and the way home for everyone."""
    ticket, gate = entry.ticket_id, entry.gate
    home = _way_home(event, random)
    if random.random() < BREAKS:
        out = entry.at + timedelta(minutes=random.uniform(15, 110))
        back = out + timedelta(minutes=random.triangular(4, 22, 9))
        if back < min(home, event.ends_at - timedelta(minutes=20)):
            yield Movement(out.replace(microsecond=0), ticket, "exit", gate)
            yield Movement(back.replace(microsecond=0), ticket, "entry", gate)
            entry = Movement(back, ticket, "entry", gate)
    home = max(home, entry.at + timedelta(minutes=10))
    yield Movement(home.replace(microsecond=0), ticket, "exit", gate)


def _way_home(event: DemoEvent, random: Random) -> datetime:
    if random.random() < 0.05:
        return event.starts_at + random.uniform(0.3, 0.95) * (event.ends_at - event.starts_at)
    return event.ends_at + timedelta(minutes=random.triangular(-12, 28, 4))


def _refused(event: DemoEvent, entry: Movement, random: Random) -> Iterator[Movement]:
    """What a gate turns away around a good entry: the wrong entrance before, the same ticket again after,
    a code nobody sold."""
    draw = random.random()
    if draw < 0.012:
        other = random.choice(venue_of(event).gates).gate
        before = entry.at - timedelta(seconds=random.randint(60, 240))
        if other != entry.gate and before >= event.doors_at:
            yield Movement(before, entry.ticket_id, "entry", other, "wrong_entrance")
    elif draw < 0.027:
        again = entry.at + timedelta(seconds=random.randint(5, 40))
        yield Movement(again, entry.ticket_id, "entry", entry.gate, "already_inside")
    elif draw < 0.03:
        unknown = f"{event.ref}/?{random.randrange(10**6):06d}"
        yield Movement(entry.at + timedelta(seconds=4), unknown, "entry", entry.gate, "unknown_ticket")


def _cancelled_at_the_door(event: DemoEvent, orders: Sequence[Order], random: Random) -> Iterator[Movement]:
    """Some come with a ticket that was given back."""
    for order in orders:
        for ticket in order.tickets:
            if ticket.cancelled_at and random.random() < 0.08:
                at = (event.doors_at + timedelta(minutes=random.uniform(20, 100))).replace(microsecond=0)
                yield Movement(
                    at, ticket.ticket_id, "entry", _gate(event, ticket, at, random).gate, "cancelled"
                )
