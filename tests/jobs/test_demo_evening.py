"""One demo evening as the model plays it: what no real house could contradict."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from data.demo_house import CLUB, HALL, DemoEvent, DemoVenue
from data.demo_programme import event_on, rebuilt, schedule, venue_of
from jobs.demo_doors import Movement, movements
from jobs.demo_messages import messages
from jobs.demo_sales import NIGHT_SALES_END, Order, orders

NOW = datetime(2026, 11, 21, 4, 12, 37, tzinfo=UTC)
AGO = timedelta(minutes=-50)


def tonight(venue: DemoVenue) -> DemoEvent:
    events = schedule(venue, {}, NOW, AGO)
    return next(event for event in events.values() if event.doors_at <= NOW < event.ends_at)


def evenings() -> list[DemoEvent]:
    """Tonight at both venues, a sold-out evening, a poor one and one that was moved to start at noon."""
    past = [event for event in schedule(HALL, {}, NOW, AGO).values() if event.ends_at < NOW]
    full, poor = max(past, key=lambda event: event.demand), min(past, key=lambda event: event.demand)
    moved = rebuilt(HALL, past[3].ref, past[3].doors_at - timedelta(hours=7))
    return [tonight(HALL), tonight(CLUB), full, poor, moved]


@pytest.fixture(params=range(5), ids=["hall", "club", "sold out", "poor", "moved"])
def event(request: pytest.FixtureRequest) -> DemoEvent:
    number: int = request.param
    return evenings()[number]


def test_the_same_evening_is_the_same_to_the_last_byte(event: DemoEvent) -> None:
    again = rebuilt(venue_of(event), event.ref, event.doors_at)
    assert again == event
    assert messages(again) == messages(event)


def test_every_message_has_an_id_of_its_own(event: DemoEvent) -> None:
    ids = Counter(msgspec.json.decode(message.body)["id"] for message in messages(event))
    assert ids.most_common(1)[0][1] == 1


def test_no_type_of_ticket_is_sold_beyond_its_capacity(event: DemoEvent) -> None:
    sold = Counter(ticket.ticket_type.ticket_type for order in orders(event) for ticket in order.tickets)
    assert all(sold[kind.ticket_type] <= kind.capacity for kind in event.ticket_types)


def test_what_can_be_sold_and_given_fits_into_the_house(event: DemoEvent) -> None:
    venue = venue_of(event)
    held = sum(quantity for _, quantity, _ in venue.holds)
    assert event.for_sale + venue.guests + held <= venue.sellable <= venue.capacity
    for zone in venue.zones:
        room = sum(kind.capacity for kind in event.ticket_types if kind.zone == zone.zone)
        assert room <= zone.capacity + venue.guests


def test_nothing_is_sold_before_sales_open_or_after_they_close(event: DemoEvent) -> None:
    for order in orders(event):
        assert event.on_sale_at <= order.at <= event.starts_at + NIGHT_SALES_END


def test_nobody_passes_a_gate_before_the_doors_or_before_the_ticket_was_bought(event: DemoEvent) -> None:
    bought = {ticket.ticket_id: order.at for order in orders(event) for ticket in order.tickets}
    for movement in passed(event):
        assert movement.at >= event.doors_at
        assert movement.at > bought[movement.ticket_id]


def test_nobody_passes_a_gate_with_a_cancelled_ticket(event: DemoEvent) -> None:
    cancelled = {
        ticket.ticket_id for order in orders(event) for ticket in order.tickets if ticket.cancelled_at
    }
    assert not cancelled & {movement.ticket_id for movement in passed(event)}


def test_every_ticket_goes_in_and_out_in_turn_and_ends_outside(event: DemoEvent) -> None:
    turns: dict[str, list[str]] = {}
    for movement in passed(event):
        turns.setdefault(movement.ticket_id, []).append(movement.direction)
    assert {tuple(one) for one in turns.values()} <= {("entry", "exit"), ("entry", "exit") * 2}


@pytest.mark.parametrize("venue", [HALL, CLUB], ids=["hall", "club"])
def test_nothing_happens_at_a_stalled_gate(venue: DemoVenue) -> None:
    event = tonight(venue)
    assert event.stall is not None
    since, until = (event.doors_at + timedelta(minutes=m) for m in (event.stall.since, event.stall.until))
    through = [m.at for m in movements(event, orders(event)) if m.gate == event.stall.gate]
    assert [at for at in through if since <= at < until] == []
    assert min(through) < since
    assert max(through) > until


def test_money_given_back_never_exceeds_what_was_paid(event: DemoEvent) -> None:
    fee = venue_of(event).fee_minor
    for order in orders(event):
        for ticket in order.tickets:
            assert 0 <= ticket.refund_minor <= ticket.ticket_type.price_minor + fee


def test_tonight_is_a_busy_night_that_crosses_the_amber_line() -> None:
    event = tonight(HALL)
    inside = peak = 0
    for movement in passed(event):
        inside += 1 if movement.direction == "entry" else -1
        peak = max(peak, inside)
    assert 0.8 * HALL.capacity < peak < HALL.capacity
    assert inside == 0


def test_tonight_still_sells_and_most_of_the_rush_is_before_the_start() -> None:
    event = tonight(HALL)
    late = [order for order in orders(event) if order.at > NOW]
    assert len(late) >= 10
    first = {m.ticket_id: m.at for m in reversed(passed(event)) if m.direction == "entry"}
    on_time = sum(at <= event.starts_at for at in first.values()) / len(first)
    assert 0.85 < on_time < 0.99


def test_the_presale_has_a_spike_a_lull_and_a_rush() -> None:
    event = event_on(HALL, NOW.date() - timedelta(days=3))
    days = (event.doors_at - event.on_sale_at).days
    by_day = Counter((order.at - event.on_sale_at).days for order in orders(event) if not order.comp)
    launch = by_day[0] + by_day[1]
    lull = (by_day[days // 4] + by_day[days // 4 + 1] + by_day[days // 4 * 3] + by_day[days // 4 * 3 + 1]) / 2
    rush = by_day[days - 1] + by_day[days - 2]
    assert launch > 4 * lull
    assert rush > 2 * lull


def passed(event: DemoEvent) -> list[Movement]:
    sales: list[Order] = orders(event)
    return [movement for movement in movements(event, sales) if movement.reason is None]


def test_what_is_bought_online_lay_in_a_cart_before_and_lies_there_no_longer(event: DemoEvent) -> None:
    bodies = [msgspec.json.decode(message.body) for message in messages(event)]
    carts = {body["id"]: body for body in bodies if body["type"] == "cart-update"}
    online = [order for order in orders(event) if order.channel in ("web", "app", "partner")]
    assert len(online) > 50
    for order in online:
        filled, emptied = carts[f"{order.order_id} filled"], carts[f"{order.order_id} emptied"]
        assert filled["userId"] == emptied["userId"] == order.customer
        assert (filled["quantity"], emptied["quantity"]) == (len(order.tickets), 0)
        assert filled["timestamp"] < emptied["timestamp"] == f"{order.at:%Y-%m-%dT%H:%M:%SZ}"
