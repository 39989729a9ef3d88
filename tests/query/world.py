"""Four houses on four clocks, and a season of facts that crowd around every change of clocks and cut-off."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg

from data import facts, rollup_applier
from data.engine import Database
from data.messages import (
    CartUpdate,
    Fact,
    InvalidAttempt,
    Message,
    PageView,
    SaleLine,
    Scan,
    SocialMention,
    TicketTransfer,
)
from tests.conftest import Tenant
from tests.query.naive_clock import Hall, Show, day_start
from tests.query.naive_world import World

CLOCKS = (
    ("Europe/London", "06:00", "GBP"),
    ("Europe/London", "01:30", "GBP"),  # A cut-off that the autumn night passes twice.
    ("America/New_York", "04:00", "USD"),
    ("Australia/Lord_Howe", "02:00", "AUD"),  # Clocks change by half an hour, at the cut-off.
    ("Asia/Kathmandu", "05:37", "NPR"),  # A cut-off within five minutes, in a zone of three quarters.
)
CHANGES = {
    "Europe/London": ("2025-10-26T01:00Z", "2026-03-29T01:00Z"),
    "America/New_York": ("2025-11-02T06:00Z", "2026-03-08T07:00Z"),
    "Australia/Lord_Howe": ("2025-10-04T15:30Z", "2026-04-04T15:00Z"),
    "Asia/Kathmandu": ("2025-12-31T18:15Z", "2026-02-28T18:15Z"),
}
"""When clocks change; where they never do, the turns of months."""
NEAR = (
    -90_000,
    -7200,
    -3600,
    -1801,
    -1800,
    -900,
    -301,
    -300,
    -60,
    -1,
    0,
    1,
    59,
    60,
    299,
    300,
    1799,
    1800,
    3600,
)
"""Seconds from an interesting moment."""
ZONES = {"north": "stalls", "south": "balcony"}


def build(url: str, database: Database, tenant: Tenant, seed: int, count: int = 700) -> World:
    """Make the houses, write the facts in batches, let the job apply about half of them. Of every show some
    people are inside when a day begins."""
    rng = random.Random(seed)
    halls = [
        Hall(uuid4(), ZoneInfo(zone), time.fromisoformat(starts), currency, rng.choice((0, 30)))
        for zone, starts, currency in CLOCKS
    ]
    shows = [show for hall in halls for show in _shows(hall, rng)]
    _insert(url, tenant, halls, shows)
    known = [(show, _fact(rng, show, n)) for n in range(count) for show in (rng.choice(shows),)]
    known += [(show, scan) for show in shows for scan in _over_night(rng, show)]
    sent = [_message(show, fact) for show, fact in known]
    rng.shuffle(sent)
    for start in range(0, len(sent), 100):
        facts.write(database, tenant.tenant_id, sent[start : start + 100])
        if start < len(sent) / 2:
            while rollup_applier.apply_some(database, tenant.tenant_id):
                pass
    return World(halls, shows, known, ZONES)


def _moments(hall: Hall, rng: random.Random) -> datetime:
    """A moment near a change of clocks, a cut-off, or anywhere in the season."""
    changes = [datetime.fromisoformat(text) for text in CHANGES[str(hall.zone)]]
    around = rng.choice(changes)
    kind = rng.random()
    if kind < 0.35:
        base = around
    elif kind < 0.7:
        base = day_start(hall, around.astimezone(hall.zone).date() + timedelta(days=rng.randint(-2, 2)))
    else:
        base = around + timedelta(minutes=rng.randint(-40_000, 40_000))
    return base + timedelta(seconds=rng.choice(NEAR), microseconds=rng.choice((0, 0, 1, 999_999)))


def _shows(hall: Hall, rng: random.Random) -> list[Show]:
    series, genre = uuid4(), rng.choice(("jazz", None))
    types = rng.choice((((40, True), (9, False)), ((40, True), (None, True)), ()))
    first, second = _moments(hall, rng), _moments(hall, rng)
    return [
        Show(uuid4(), hall, first, "on_sale", series, genre, 25, types=types, held=3, target=20),
        Show(
            uuid4(),
            hall,
            second,
            rng.choice(("cancelled", "over")),
            physical=9,
            held=1,
            ends=second + timedelta(hours=rng.choice((4, 30, 60))),
        ),
        Show(uuid4(), hall, None, "scheduled", series, genre, types=types, target=rng.choice((0, 5))),
        # After everything else, and on sale already.
        Show(uuid4(), hall, first + timedelta(days=260), "on_sale", physical=40, types=types),
    ]


def _fact(rng: random.Random, show: Show, number: int) -> Fact:
    at = _moments(show.hall, rng)
    pick = rng.choice
    kind = rng.random()
    if kind < 0.45:
        return _line(rng, show, at, number)
    if kind < 0.75:
        effect = pick((1, 1, 1, 1, 0))
        return Scan(
            at,
            f"t{rng.randint(0, 12)}",
            pick(("entry", "entry", "exit")),
            effect,  # type: ignore[arg-type]
            reason=None if effect else pick(("already_in", "unknown")),
            gate=pick(("north", "south", None)),
            admission=rng.random() < 0.9,
        )
    if kind < 0.83:
        return PageView(
            at,
            pick(("/show", "/")),
            source=pick(("search", "social", None)),
            medium=pick(("mail", None)),
            referrer=pick(("there", None)),
            campaign=pick(("spring", None)),
            visitor=pick((None, UUID(int=rng.randint(1, 9)))),
        )
    if kind < 0.88:
        return SocialMention(
            at,
            pick(("x", "tiktok")),
            pick(("post", "story", None)),
            pick((None, UUID(int=rng.randint(1, 5)))),
            reach=rng.randint(0, 50),
            likes=rng.randint(0, 9),
            shares=rng.randint(0, 9),
            sentiment=pick((None, -0.75, 0.0, 0.25, 0.5)),
        )
    if kind < 0.91:
        return TicketTransfer(at, f"t{number}", reason=pick((None, "gift")), successful=rng.random() < 0.7)
    if kind < 0.94:
        attempts: tuple[Literal["scan", "transfer", "validation"], ...] = ("scan", "transfer", "validation")
        return InvalidAttempt(at, pick(attempts), gate=pick(("north", None)), reason=pick((None, "void")))
    customer = pick((None, UUID(int=rng.randint(1, 12))))
    return CartUpdate(at, rng.randint(0, 3), rng.randint(0, 9000), _currency(rng, show), customer=customer)


def _over_night(rng: random.Random, show: Show) -> Iterator[Scan]:
    """People who come just before a day begins near a change of clocks, or the day of the doors or the one
    after it; some go soon, some in the next night, and some are never scanned out."""
    hall = show.hall
    around = [datetime.fromisoformat(text) for text in CHANGES[str(hall.zone)]]
    around += [show.doors] if show.doors is not None and show.doors < SEASON[1] else []
    for number in range(6):
        day = rng.choice(around).astimezone(hall.zone).date() + timedelta(days=rng.randint(0, 1))
        begins = day_start(hall, day)
        yield Scan(begins - timedelta(minutes=rng.randint(1, 90)), f"night {number}", gate="north")
        if number < 4:
            later = timedelta(days=rng.choice((0, 0, 1)), minutes=rng.randint(0, 90))
            yield Scan(begins + later, f"night {number}", "exit", gate="south")


def _currency(rng: random.Random, show: Show) -> str:
    """New York also takes yen: its tickets belong to the currency of their line."""
    own = show.hall.currency
    return rng.choice((own, "JPY")) if own == "USD" else own


def _line(rng: random.Random, show: Show, at: datetime, number: int) -> SaleLine:
    pick = rng.choice
    kind = pick(("sale", "sale", "sale", "sale", "comp", "refund", "cancellation", "fee"))
    quantity = {"sale": rng.randint(1, 4), "comp": 1, "cancellation": -1}.get(kind, 0)
    amount = {"sale": quantity * rng.randint(1, 30_000), "refund": -rng.randint(1, 5000), "fee": 150}.get(
        kind, 0
    )
    return SaleLine(
        kind,  # type: ignore[arg-type]
        at,
        quantity,
        amount,
        _currency(rng, show),
        order_id=pick((None, f"o{rng.randint(0, 200)}")),
        ticket_type=pick(("standing", "seat", None)),
        tax_minor=amount // 6,
        comp=kind == "comp" or (kind == "cancellation" and rng.random() < 0.3),
        admission=kind != "fee" and rng.random() < 0.9,
        channel=pick(("web", "box", None)),
        campaign=pick(("spring", None)),
        country=pick(("GB", "US", None)),
        region=pick(("north", None)),
        city=pick(("Paris", None)),
        customer=pick((None, UUID(int=rng.randint(1, 12)), UUID(int=rng.randint(1, 12)))),
        ticket_id=f"s{number}",
    )


def _message(show: Show, fact: Fact) -> Message:
    return Message(
        uuid4(),
        "test",
        "test",
        show.hall.venue_id,
        show.event_id,
        str(show.event_id),
        fact.occurred_at,
        "{}",
        (fact,),
    )


def _insert(url: str, tenant: Tenant, halls: list[Hall], shows: list[Show]) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant.tenant_id),))
        for hall in halls:
            connection.execute(
                "INSERT INTO venues"
                " (tenant_id, venue_id, name, zone, currency, business_day_starts, capacity)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    tenant.tenant_id,
                    hall.venue_id,
                    str(hall.venue_id),
                    str(hall.zone),
                    hall.currency,
                    hall.starts,
                    hall.capacity,
                ),
            )
            for gate, zone in ZONES.items():
                connection.execute(
                    "INSERT INTO gates (tenant_id, venue_id, gate, name, zone) VALUES (%s, %s, %s, %s, %s)",
                    (tenant.tenant_id, hall.venue_id, gate, gate.title(), zone),
                )
        for show in shows:
            key = (tenant.tenant_id, show.hall.venue_id)
            if show.series is not None:
                connection.execute(
                    "INSERT INTO series (tenant_id, venue_id, series_id, name, genre)"
                    " VALUES (%s, %s, %s, 'Series', %s) ON CONFLICT DO NOTHING",
                    (*key, show.series, show.genre),
                )
            limits = (show.sellable, show.physical, show.target or None, show.ends)
            # Of some only the beginning is known.
            when = ("doors_at", "starts_at")[show.physical == 9]
            connection.execute(
                f"INSERT INTO events (tenant_id, venue_id, event_id, series_id, name, {when},"
                " sellable_capacity, physical_capacity, target_tickets, ends_at, status)"
                " VALUES (%s, %s, %s, %s, 'Show', %s, %s, %s, %s, %s, %s)",
                (*key, show.event_id, show.series, show.doors, *limits, show.status),
            )
            for number, (capacity, admission) in enumerate(show.types):
                connection.execute(
                    "INSERT INTO ticket_types (tenant_id, venue_id, event_id, ticket_type, name, capacity,"
                    " admission) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (*key, show.event_id, f"type {number}", f"Type {number}", capacity, admission),
                )
            for name, released, quantity in (("a", None, show.held), ("b", SEASON[0], 7)):
                connection.execute(
                    "INSERT INTO holds (tenant_id, venue_id, event_id, hold, quantity, released_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s)",
                    (*key, show.event_id, name, quantity, released),
                )


SEASON = (datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))
