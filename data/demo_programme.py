"""The programme of the demo venues: which evenings were, are and will be played, and under which terms.

Pure and deterministic: a venue and a date always give the same event, on any machine. `data.seed`
writes what stands here into the tables and hands it to the simulator, which plays it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from data.demo_house import CLUB, HALL, VENUES, DemoEvent, DemoSeries, DemoTicketType, DemoVenue, Stall

YEARS_OF_HISTORY = 2
UPCOMING = {HALL.ref: 13, CLUB.ref: 7}
"""How many coming events of each venue are on sale."""

SEASON = (0.85, 0.95, 1.05, 1.05, 1.0, 0.9, 0.75, 0.65, 1.05, 1.2, 1.25, 1.2)
"""Evenings and demand by month, January first: halls are busiest in autumn and empty in August."""

ON_SALE_HOUR = 10

AFTERGLOW = timedelta(minutes=30)
"""After its end an evening is still tonight's for so long: people are on their way out."""


def schedule(
    venue: DemoVenue, known: Mapping[str, datetime], now: datetime, ahead: timedelta
) -> dict[str, DemoEvent]:
    """Every evening of the venue by reference: two years back, tonight, and the next ones on sale.

    `known` are the doors of the evenings that already stand, which keep their times. Tonight is the
    evening that is under way; without one, an evening of today is moved, or a new one made, so that
    its doors open `ahead` of now (negative: they opened that long ago).
    """
    today = now.astimezone(ZoneInfo(venue.zone)).date()
    standing = {ref: rebuilt(venue, ref, doors_at) for ref, doors_at in known.items()}
    if not any(_is_on(event, now, ahead) for event in standing.values()):
        tonight = _tonight(venue, standing, today, _free_from(standing.values(), now, now + ahead))
        standing[tonight.ref] = tonight
    taken: dict[date, list[DemoEvent]] = {}
    for event in standing.values():
        taken.setdefault(_day(venue, event.ref), []).append(event)
    for event in [*_past(venue, today), *_upcoming(venue, today)]:
        day = _day(venue, event.ref)
        around = [*taken.get(day - timedelta(days=1), ()), *taken.get(day + timedelta(days=1), ())]
        if day not in taken and not any(_overlap(event, other) for other in around):
            standing[event.ref] = event
    return standing


def _free_from(events: Iterable[DemoEvent], now: datetime, wanted: datetime) -> datetime:
    """The five minutes at which doors can open: as wanted, but not before the last evening is over."""
    over = [event.ends_at for event in events if wanted < event.ends_at <= now]
    return _to_five_minutes(max([wanted, *(end + timedelta(minutes=5) for end in over)]))


def _overlap(event: DemoEvent, other: DemoEvent) -> bool:
    return event.doors_at < other.ends_at and other.doors_at < event.ends_at


def history_begins(today: date) -> date:
    """The day on which the first ticket of the oldest evening may have been sold."""
    return today - timedelta(days=YEARS_OF_HISTORY * 365 + max(venue.lead_days[1] for venue in VENUES))


def rebuilt(venue: DemoVenue, ref: str, doors_at: datetime) -> DemoEvent:
    """The evening of this reference, with the doors it has been given."""
    day = _day(venue, ref)
    if ref != _ref(venue, day):
        return _extra_night(venue, ref, doors_at)
    event = event_on(venue, day)
    return event if event.doors_at == doors_at else _moved(event, doors_at)


def _is_on(event: DemoEvent, now: datetime, ahead: timedelta) -> bool:
    """Whether the evening is tonight's: open, or opening no later than a new one would."""
    return event.doors_at <= max(now, now + ahead) and now < event.ends_at + AFTERGLOW


def _tonight(
    venue: DemoVenue, standing: Mapping[str, DemoEvent], today: date, doors_at: datetime
) -> DemoEvent:
    planned = standing.get(_ref(venue, today))
    if planned is not None and planned.doors_at > doors_at:
        return _moved(planned, doors_at)
    refs = (f"{_ref(venue, today)}-night-{number}" for number in range(1, 100))
    return _extra_night(venue, next(ref for ref in refs if ref not in standing), doors_at)


def _extra_night(venue: DemoVenue, ref: str, doors_at: datetime) -> DemoEvent:
    """A well-sold evening outside the calendar, whose doors open at `doors_at`.

    On-sale keeps its usual hour of the day, so the presale ends within the day before the doors.
    """
    local = doors_at.astimezone(ZoneInfo(venue.zone))
    series = venue.series[0]
    plain = event_on(venue, local.date(), series, ref)
    sold_for = local.date() - timedelta(days=local.time() < time(*series.doors))
    on_sale_day = sold_for - timedelta(days=lead_days(ref, venue))
    night = replace(plain, on_sale_at=_at(venue, on_sale_day, ON_SALE_HOUR, 0), demand=0.985)
    return _moved(night, doors_at)


def _moved(event: DemoEvent, doors_at: datetime) -> DemoEvent:
    """The same evening with other doors, and a gate that stalls; its presale stays as it was advertised."""
    shift = doors_at - event.doors_at
    return replace(
        event,
        doors_at=doors_at,
        starts_at=event.starts_at + shift,
        ends_at=event.ends_at + shift,
        stall=Stall(venue_of(event).slow_gate, 53, 62),
    )


def venue_of(event: DemoEvent) -> DemoVenue:
    """The house of an evening."""
    return next(venue for venue in VENUES if venue.ref == event.venue)


def _past(venue: DemoVenue, today: date) -> Iterator[DemoEvent]:
    for back in range(1, YEARS_OF_HISTORY * 365 + 1):
        day = today - timedelta(days=back)
        if _plays(venue, day):
            yield event_on(venue, day)


def _upcoming(venue: DemoVenue, today: date) -> list[DemoEvent]:
    found: list[DemoEvent] = []
    day = today
    while len(found) < UPCOMING[venue.ref]:
        day += timedelta(days=1)
        if _plays(venue, day):
            found.append(event_on(venue, day))
    return found


def _ref(venue: DemoVenue, day: date) -> str:
    return f"{venue.ref}-{day:%Y-%m-%d}"


def _day(venue: DemoVenue, ref: str) -> date:
    """The date in a reference."""
    return date.fromisoformat(ref.removeprefix(f"{venue.ref}-")[:10])


def _to_five_minutes(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0).astimezone(UTC)


def event_on(
    venue: DemoVenue, day: date, series: DemoSeries | None = None, ref: str | None = None
) -> DemoEvent:
    """The evening the venue plays (or would play) on `day`."""
    ref = ref or _ref(venue, day)
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
        stall=Stall(venue.slow_gate, 20, 26) if random.random() < 0.1 else None,
    )


def lead_days(ref: str, venue: DemoVenue) -> int:
    """Days from on-sale to doors; fixed by the reference, as an evening that moves keeps its presale."""
    return Random(f"{ref} lead").randint(*venue.lead_days)


def advertised_doors(event: DemoEvent) -> datetime:
    """The time towards which the presale ran, which for a night made to start now is not its doors."""
    venue = venue_of(event)
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
    yield DemoTicketType("guest", "Guest list", venue.zones[0].zone, 0, venue.guests)
