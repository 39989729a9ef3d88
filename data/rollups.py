"""What a batch of facts adds to every roll-up: pure sums, nothing read and nothing written.

The sums of a batch are taken per minute first and folded into the coarser grains at the end, so a
fact costs one dictionary look-up however many grains there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from data.buckets import hour_and_day
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
from data.presence import Trace

COUNTS = (
    "sold",
    "comps",
    "cancelled",
    "entries",
    "exits",
    "arrivals",
    "inside_change",
    "invalid",
    "page_views",
    "cart_updates",
    "mentions",
    "reach",
    "engagements",
)
MONEY = ("gross_minor", "refunded_minor", "fees_minor", "tax_minor")
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
    "attempts",
)

EventKey = tuple[UUID, UUID]
"""(venue_id, event_id)"""
Sums = defaultdict[str, int]


def _sums() -> Sums:
    return defaultdict(int)


def _second(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


@dataclass(slots=True)
class Increments:
    """The sums of one batch. Times are seconds since 1970 UTC."""

    totals: dict[EventKey, Sums] = field(default_factory=lambda: defaultdict(_sums))
    money: dict[tuple[EventKey, str], Sums] = field(default_factory=lambda: defaultdict(_sums))
    minutes: dict[tuple[EventKey, int, str], Sums] = field(default_factory=lambda: defaultdict(_sums))
    gates: dict[tuple[EventKey, str, int], Sums] = field(default_factory=lambda: defaultdict(_sums))
    zones: dict[tuple[EventKey, str], int] = field(default_factory=lambda: defaultdict(int))
    seconds: dict[tuple[EventKey, int], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, message: Message) -> None:
        """Count every fact of a message, except people's presence: see `moved`."""
        event = (message.venue_id, message.event_id)
        self.totals[event]  # An event that was touched has a total, be it zero.
        for fact in message.facts:
            count = _COUNTING.get(type(fact))
            if count is not None:
                count(self, event, fact)

    def moved(self, event: EventKey, before: Trace, after: Trace) -> None:
        """Count what one ticket's new moves changed: presence, first entry, zone, house count."""
        totals = self.totals[event]
        totals["inside"] += after.inside - before.inside
        totals["reentries"] += after.reentries - before.reentries
        totals["entered"] += (after.first_entry is not None) - (before.first_entry is not None)
        if before.first_entry != after.first_entry:
            for first, sign in ((before.first_entry, -1), (after.first_entry, 1)):
                if first is not None:
                    self._minute(event, first // 1_000_000)["arrivals"] += sign
        if before.zone != after.zone:
            if before.zone is not None:
                self.zones[event, before.zone] -= 1
            if after.zone is not None:
                self.zones[event, after.zone] += 1
        if before.changes != after.changes:
            for changes, sign in ((before.changes, -1), (after.changes, 1)):
                for at, change in changes:
                    second = at // 1_000_000
                    self.seconds[event, second] += change * sign
                    self._minute(event, second)["inside_change"] += change * sign

    def analytics(
        self, calendar: Callable[[UUID], tuple[ZoneInfo, time]]
    ) -> dict[tuple[UUID, str, int, UUID, str], Sums]:
        """(venue, grain, bucket start, event, currency) → sums, for the four grains.

        `calendar` gives a venue's zone and the local time at which its business day starts.
        """
        folded: dict[tuple[UUID, str, int, UUID, str], Sums] = defaultdict(_sums)
        for ((venue, event), minute, currency), sums in self.minutes.items():
            hour, day = hour_and_day(minute, *calendar(venue))
            for grain, start in (
                ("1min", minute),
                ("5min", minute // 300 * 300),
                ("hourly", hour),
                ("daily", day),
            ):
                bucket = folded[venue, grain, start, event, currency]
                for name, value in sums.items():
                    bucket[name] += value
        return folded

    def _minute(self, event: EventKey, second: int, currency: str = "") -> Sums:
        return self.minutes[event, second // 60 * 60, currency]

    def _sale(self, event: EventKey, line: SaleLine) -> None:
        totals, second = self.totals[event], _second(line.occurred_at)
        if line.kind == "refund":
            totals["refunds"] += 1
        if line.quantity and line.admission:
            minute = self._minute(event, second)
            name = "comps" if line.comp else "sold"
            totals[name] += line.quantity
            minute[name] += line.quantity
            if line.kind == "cancellation":
                totals["cancelled"] -= line.quantity
                minute["cancelled"] -= line.quantity
        if line.amount_minor or line.tax_minor:
            for money in (self.money[event, line.currency], self._minute(event, second, line.currency)):
                money["tax_minor"] += line.tax_minor
                if line.kind == "refund":
                    money["refunded_minor"] -= line.amount_minor
                elif line.kind == "fee":
                    money["fees_minor"] += line.amount_minor
                else:
                    money["gross_minor"] += line.amount_minor

    def _scan(self, event: EventKey, scan: Scan) -> None:
        second = _second(scan.occurred_at)
        if scan.effect == 0:
            name, step = "invalid", 1
        else:
            name, step = ("entries" if scan.direction == "entry" else "exits"), scan.effect
        if scan.gate is not None:
            self.gates[event, scan.gate, second // 60 * 60][name] += step
        if scan.admission:
            self.totals[event][name] += step
            self._minute(event, second)[name] += step

    def _page_view(self, event: EventKey, view: PageView) -> None:
        self.totals[event]["page_views"] += 1
        self._minute(event, _second(view.occurred_at))["page_views"] += 1

    def _cart_update(self, event: EventKey, cart: CartUpdate) -> None:
        self.totals[event]["cart_updates"] += 1
        self._minute(event, _second(cart.occurred_at))["cart_updates"] += 1

    def _mention(self, event: EventKey, mention: SocialMention) -> None:
        for sums in (self.totals[event], self._minute(event, _second(mention.occurred_at))):
            sums["mentions"] += 1
            sums["reach"] += mention.reach
            sums["engagements"] += mention.likes + mention.shares

    def _transfer(self, event: EventKey, transfer: TicketTransfer) -> None:
        self.totals[event]["transfers"] += 1

    def _attempt(self, event: EventKey, attempt: InvalidAttempt) -> None:
        self.totals[event]["attempts"] += 1


_COUNTING: dict[type[Fact], Callable[..., None]] = {
    SaleLine: Increments._sale,
    Scan: Increments._scan,
    PageView: Increments._page_view,
    CartUpdate: Increments._cart_update,
    SocialMention: Increments._mention,
    TicketTransfer: Increments._transfer,
    InvalidAttempt: Increments._attempt,
}


def of(messages: Iterable[Message]) -> Increments:
    """The increments of a batch, before anybody's presence."""
    increments = Increments()
    for message in messages:
        increments.add(message)
    return increments


def instant(second: int) -> str:
    """A bucket start as PostgreSQL reads it."""
    return datetime.fromtimestamp(second, UTC).isoformat()
