"""What a batch of facts adds to every roll-up: pure sums, nothing read and nothing written.

The sums of a batch are taken per minute first and folded into the coarser grains at the end, so a
fact costs one dictionary look-up however many grains there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from data.buckets import hour_and_day
from data.messages import (
    NO_EVENT,
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
from data.presence import Trace

TOTALS = (
    "sold",
    "comps",
    "cancelled",
    "refunds",
    "entries",
    "exits",
    "entered",
    "reentries",
    "inside",
    "invalid",
    "page_views",
    "cart_updates",
    "mentions",
    "reach",
    "engagements",
    "transfers",
    "failed_transfers",
    "attempts",
)

EventKey = tuple[UUID, UUID]
"""(venue_id, event_id)"""
Sums = defaultdict[str, int]


def _sums() -> Sums:
    return defaultdict(int)


@dataclass(slots=True)
class EventIncrements:
    """What a batch adds for one event. Times are seconds since 1970 UTC, at a minute's start or exact."""

    totals: Sums = field(default_factory=_sums)
    money: dict[str, Sums] = field(default_factory=lambda: defaultdict(_sums))
    minutes: dict[tuple[int, str], Sums] = field(default_factory=lambda: defaultdict(_sums))
    gates: dict[tuple[str, int], Sums] = field(default_factory=lambda: defaultdict(_sums))
    zones: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, fact: Fact) -> None:
        """Count a fact, except people's presence: see `moved`."""
        count = _COUNTING.get(type(fact))
        if count is not None:
            count(self, fact)

    def moved(self, before: Trace, after: Trace) -> None:
        """Count what one ticket's new moves changed: presence, first entry, zone, house count."""
        totals = self.totals
        totals["inside"] += after.inside - before.inside
        totals["reentries"] += after.reentries - before.reentries
        totals["entered"] += (after.first_entry is not None) - (before.first_entry is not None)
        if before.first_entry != after.first_entry:
            for first, sign in ((before.first_entry, -1), (after.first_entry, 1)):
                if first is not None:
                    self._minute(first // 1_000_000)["arrivals"] += sign
        if before.zone != after.zone:
            if before.zone is not None:
                self.zones[before.zone] -= 1
            if after.zone is not None:
                self.zones[after.zone] += 1
        if before.changes != after.changes:
            for changes, sign in ((before.changes, -1), (after.changes, 1)):
                for at, change in changes:
                    second = at // 1_000_000
                    self.seconds[second] += change * sign
                    self._minute(second)["inside_change"] += change * sign

    def negate(self) -> None:
        """Turn what facts add into what taking them back adds; people's presence is moved after this."""
        own: list[Sums] = [self.totals]
        for sums in (self.money, self.minutes, self.gates):
            own += sums.values()
        for each in own:
            for name in each:
                each[name] = -each[name]

    def grains(self, zone: ZoneInfo, day_starts: time) -> dict[tuple[str, int, str], Sums]:
        """(grain, bucket start, currency) → sums, in the venue's zone and its business days."""
        folded: dict[tuple[str, int, str], Sums] = defaultdict(_sums)
        for (minute, currency), sums in self.minutes.items():
            hour, day = hour_and_day(minute, zone, day_starts)
            for grain, start in (
                ("1min", minute),
                ("5min", minute // 300 * 300),
                ("hourly", hour),
                ("daily", day),
            ):
                bucket = folded[grain, start, currency]
                for name, value in sums.items():
                    bucket[name] += value
        return folded

    def _minute(self, second: int, currency: str = "") -> Sums:
        return self.minutes[second // 60 * 60, currency]

    def _sale(self, line: SaleLine) -> None:
        totals, second = self.totals, seconds_of(line.occurred_at)
        if line.kind == "refund":
            totals["refunds"] += 1
        if line.quantity and line.admission:
            minute = self._minute(second)
            name = "comps" if line.comp else "sold"
            totals[name] += line.quantity
            minute[name] += line.quantity
            if line.kind == "cancellation":
                totals["cancelled"] -= line.quantity
                minute["cancelled"] -= line.quantity
        if line.amount_minor or line.tax_minor:
            for money in (self.money[line.currency], self._minute(second, line.currency)):
                money["tax_minor"] += line.tax_minor
                if line.kind == "refund":
                    money["refunded_minor"] -= line.amount_minor
                elif line.kind == "fee":
                    money["fees_minor"] += line.amount_minor
                else:
                    money["gross_minor"] += line.amount_minor

    def _scan(self, scan: Scan) -> None:
        second = seconds_of(scan.occurred_at)
        if scan.effect == 0:
            name, step = "invalid", 1
        else:
            name, step = ("entries" if scan.direction == "entry" else "exits"), scan.effect
        if scan.gate is not None:
            self.gates[scan.gate, second // 60 * 60][name] += step
        if scan.admission:
            self.totals[name] += step
            self._minute(second)[name] += step

    def _page_view(self, view: PageView) -> None:
        self.totals["page_views"] += 1
        self._minute(seconds_of(view.occurred_at))["page_views"] += 1

    def _cart_update(self, cart: CartUpdate) -> None:
        self.totals["cart_updates"] += 1
        self._minute(seconds_of(cart.occurred_at))["cart_updates"] += 1

    def _mention(self, mention: SocialMention) -> None:
        for sums in (self.totals, self._minute(seconds_of(mention.occurred_at))):
            sums["mentions"] += 1
            sums["reach"] += mention.reach
            sums["engagements"] += mention.likes + mention.shares

    def _transfer(self, transfer: TicketTransfer) -> None:
        for sums in (self.totals, self._minute(seconds_of(transfer.occurred_at))):
            sums["transfers"] += 1
            sums["failed_transfers"] += not transfer.successful

    def _attempt(self, attempt: InvalidAttempt) -> None:
        self.totals["attempts"] += 1
        self._minute(seconds_of(attempt.occurred_at))["attempts"] += 1


_COUNTING: dict[type[Fact], Callable[..., None]] = {
    SaleLine: EventIncrements._sale,
    Scan: EventIncrements._scan,
    PageView: EventIncrements._page_view,
    CartUpdate: EventIncrements._cart_update,
    SocialMention: EventIncrements._mention,
    TicketTransfer: EventIncrements._transfer,
    InvalidAttempt: EventIncrements._attempt,
}


Increments = dict[EventKey, EventIncrements]
"""What a batch adds, by event; an event that was touched is in it, be it with nothing."""


def of(messages: Iterable[Message]) -> Increments:
    """The increments of a batch, before anybody's presence."""
    increments: Increments = {}
    venue_id = event_id = None
    own = EventIncrements()
    for message in messages:
        # Neighbours mostly are of one event, and to compare is quicker than to hash.
        if message.event_id is not event_id or message.venue_id is not venue_id:
            venue_id, event_id = message.venue_id, message.event_id
            own = EventIncrements()
            if event_id != NO_EVENT:
                own = increments.setdefault((venue_id, event_id), own)
        if event_id != NO_EVENT:
            for fact in message.facts:
                own.add(fact)
    return increments


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970 UTC, rounded down."""
    return int(moment.timestamp() // 1)


@lru_cache(maxsize=16_384)
def instant(second: int) -> str:
    """A moment as PostgreSQL reads it."""
    return datetime.fromtimestamp(second, UTC).isoformat()
