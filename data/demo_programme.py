"""The programme of the demo venues: which evenings were, are and will be played, and under which terms.

Pure and deterministic: a venue and a date always give the same event, on any machine. `data.seed`
writes what stands here into the tables and hands it to the simulator, which plays it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from data.demo_house import CLUB, HALL, DemoEvent, DemoSeries, DemoTicketType, DemoVenue, DemoZone

YEARS_OF_HISTORY = 2
UPCOMING = {HALL.ref: 13, CLUB.ref: 7}
"""How many coming events of each venue are on sale."""

SEASON = (0.85, 0.95, 1.05, 1.05, 1.0, 0.9, 0.75, 0.65, 1.05, 1.2, 1.25, 1.2)
"""Evenings and demand by month, January first: halls are busiest in autumn and empty in August."""

ON_SALE_HOUR = 10


def past(venue: DemoVenue, today: date) -> Iterator[DemoEvent]:
    """The evenings of the two years before `today` (the venue's own date), newest first."""
    for back in range(1, YEARS_OF_HISTORY * 365 + 1):
        day = today - timedelta(days=back)
        if _plays(venue, day):
            yield event_on(venue, day)


def upcoming(venue: DemoVenue, today: date) -> list[DemoEvent]:
    """The next evenings after `today`, nearest first."""
    found: list[DemoEvent] = []
    day = today
    while len(found) < UPCOMING[venue.ref]:
        day += timedelta(days=1)
        if _plays(venue, day):
            found.append(event_on(venue, day))
    return found


def night(venue: DemoVenue, doors_at: datetime, taken: Sequence[str]) -> DemoEvent:
    """A well-sold evening whose doors open at `doors_at`, under the first reference not yet `taken`.

    On-sale keeps its usual hour of the day, so the presale ends within the day before the doors.
    """
    local = doors_at.astimezone(ZoneInfo(venue.zone))
    plain = event_on(venue, local.date(), venue.series[0])
    refs = [plain.ref, *(f"{plain.ref}-{number}" for number in range(2, 100))]
    ref = next(ref for ref in refs if ref not in taken)
    lead = timedelta(days=lead_days(ref, venue))
    start = doors_at + (plain.starts_at - plain.doors_at)
    on_sale_day = local.date() if local.hour >= ON_SALE_HOUR else local.date() - timedelta(days=1)
    return replace(
        plain,
        ref=ref,
        doors_at=doors_at,
        starts_at=start,
        ends_at=start + (plain.ends_at - plain.starts_at),
        on_sale_at=_at(venue, on_sale_day, ON_SALE_HOUR, 0) - lead,
        demand=0.985,
    )


def moved(event: DemoEvent, doors_at: datetime) -> DemoEvent:
    """The same evening with other doors; its presale stays as it was advertised."""
    shift = doors_at - event.doors_at
    return replace(
        event,
        doors_at=doors_at,
        starts_at=event.starts_at + shift,
        ends_at=event.ends_at + shift,
    )


def event_on(venue: DemoVenue, day: date, series: DemoSeries | None = None) -> DemoEvent:
    """The evening the venue plays (or would play) on `day`."""
    ref = f"{venue.ref}-{day:%Y-%m-%d}"
    random = Random(ref)
    series = series or random.choices(venue.series, [s.weekdays[day.weekday()] for s in venue.series])[0]
    doors_at = _at(venue, day, *series.doors)
    starts_at = doors_at + timedelta(minutes=series.minutes_to_start)
    level = series.demand * (0.9 + 0.1 * SEASON[day.month - 1]) * (1.08 if day.weekday() in (4, 5) else 0.96)
    types = tuple(_ticket_types(venue, series, random.choice((0.85, 0.95, 1.0, 1.0, 1.1, 1.25))))
    return DemoEvent(
        ref=ref,
        venue=venue.ref,
        name=random.choice(series.acts),
        series=series.ref,
        on_sale_at=_at(venue, day - timedelta(days=lead_days(ref, venue)), ON_SALE_HOUR, 0),
        doors_at=doors_at,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=series.minutes_long),
        demand=round(min(max(random.gauss(level, 0.19), 0.2), 1.35), 3),
        ticket_types=types,
    )


def lead_days(ref: str, venue: DemoVenue) -> int:
    """Days from on-sale to doors; fixed by the reference, as an evening that moves keeps its presale."""
    return Random(f"{ref} lead").randint(*venue.lead_days)


def advertised_doors(event: DemoEvent, venue: DemoVenue) -> datetime:
    """The time towards which the presale ran: an evening that was moved to start now was sold for later."""
    series = next(s for s in venue.series if s.ref == event.series)
    day = event.on_sale_at.astimezone(ZoneInfo(venue.zone)).date() + timedelta(
        days=lead_days(event.ref, venue)
    )
    return _at(venue, day, *series.doors)


def _plays(venue: DemoVenue, day: date) -> bool:
    chance = venue.evenings_by_weekday[day.weekday()] * SEASON[day.month - 1]
    return Random(f"{venue.ref} {day} played").random() < chance


def _at(venue: DemoVenue, day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(venue.zone)).astimezone(UTC)


def _ticket_types(venue: DemoVenue, series: DemoSeries, level: float) -> Iterator[DemoTicketType]:
    """The price list: what is for sale in a zone, cheapest release first, and the guest list."""
    for zone in venue.zones:
        left = zone.for_sale
        for suffix, name, factor, share in zone.releases:
            capacity = left if share == 1.0 else round(zone.for_sale * share)
            left -= capacity
            price = round(series.price * level * zone.price_factor * factor * 2) * 50
            yield DemoTicketType(f"{zone.zone}{suffix}", f"{zone.name}{name}", zone.zone, price, capacity)
    yield DemoTicketType("guest", "Guest list", _guest_zone(venue).zone, 0, venue.guests)


def _guest_zone(venue: DemoVenue) -> DemoZone:
    return venue.zones[0]
