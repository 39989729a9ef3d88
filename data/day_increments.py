"""What a batch adds to the roll-ups without events: pure sums per venue, left in `rollup_queue` as JSON.

Of every day the batch touches it says what was added, in total and by each dimension of a sale, and
what each customer bought. The counts are those of `venue_analytics`: tickets and people under no
currency, money under its own, and a row only where something was added. By price tickets, too, stand under
the currency that they were paid in, which every row of sales says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from data import price_bands
from data.buckets import hour_and_day
from data.messages import NO_EVENT, Message, PageView, SaleLine, Scan, VenueUpdate

STRUCTURE_DAY = 0
"""The day on which changes of the programme are counted: new events, other times, names, capacities."""

OF_SALES = ("ticket_type", "channel", "campaign", "country", "region", "city", "price")
"""The dimensions by which every line of the ledger is split."""
DIMENSIONS = (*OF_SALES, "gate")
"""Beside the empty one of the totals. Only `campaign` counts page views too; `gate` counts scans alone."""

_OF_EVENTS_ALONE = frozenset({"inside_change", "transfers", "failed_transfers", "attempts"})
"""What `venue_analytics` counts and `day_analytics` does not."""

Calendar = tuple[ZoneInfo, time]
"""A venue's zone and the local time at which its business day starts."""
Row = dict[str, Any]
"""A row as it goes into JSON: `d` is its day's number, `c` its currency; what is not known is left out."""
Sums = Mapping[str, int]


@dataclass(slots=True)
class VenueDays:
    """The sums of one venue: of sales for each combination of their dimensions, else by dimension.

    `days` are those the batch touches, start → number; `minutes` since 1970 UTC remember their day's number.
    """

    calendar: Calendar
    days: dict[int, int] = field(default_factory=dict)
    minutes: dict[int, int] = field(default_factory=dict)
    sales: dict[tuple[object, ...], Row] = field(default_factory=dict)
    rows: dict[str, dict[tuple[int, str, str], Row]] = field(default_factory=dict)
    customers: dict[tuple[int, str], Row] = field(default_factory=dict)

    def day_of(self, moment: datetime) -> int:
        """The number of the business day that holds `moment`, among the batch's days."""
        minute = int(moment.timestamp() // 60)
        day = self.minutes.get(minute)
        if day is None:
            day = self.minutes[minute] = self.number(hour_and_day(minute * 60, *self.calendar)[1])
        return day

    def number(self, start: int) -> int:
        """The number of the day that starts at `start`, which the batch touches from now on."""
        return self.days.setdefault(start, len(self.days))

    def add(self, dimension: str, day: int, value: str, currency: str, sums: Sums) -> None:
        """Add to one row of a dimension."""
        rows = self.rows.setdefault(dimension, {})
        row = rows.get((day, value, currency))
        if row is None:
            rows[day, value, currency] = {"d": day, "v": value, "c": currency, **sums}
        else:
            _increase(row, sums)

    def total(self, start: int, currency: str, sums: Sums) -> None:
        """Add what `venue_analytics` gets for one of its events on the day that starts at `start`."""
        day = self.number(start)
        counted = {name: amount for name, amount in sums.items() if name not in _OF_EVENTS_ALONE}
        if counted:
            self.add("", day, "", currency, counted)

    def sale(self, line: SaleLine) -> None:
        """Add a line of the ledger to its dimensions and its customer."""
        day, sums = self.day_of(line.occurred_at), sums_of(line)
        if "refunds" in sums:
            self.add("", day, "", "", {"refunds": 1})
        if sums:
            band = price_bands.band(line.kind, line.amount_minor, line.quantity, line.currency, line.comp)
            values = (
                line.ticket_type,
                line.channel,
                line.campaign,
                line.country,
                line.region,
                line.city,
                band,
            )
            key = (day, line.currency, values)
            row = self.sales.get(key)
            if row is None:
                given = {name: value for name, value in zip(OF_SALES, values, strict=True) if value}
                self.sales[key] = {"d": day, "c": line.currency, **given, **sums}
            else:
                _increase(row, sums)
        if line.customer is not None:
            self._customer(line.customer, line, sums)

    def _customer(self, customer: UUID, line: SaleLine, sums: Sums) -> None:
        key = (customer.int, line.currency)
        row = self.customers.get(key)
        if row is None:
            row = self.customers[key] = {"customer": customer, "currency": line.currency, "lines": 0}
        row["lines"] += 1
        if line.quantity and line.admission:
            row["tickets"] = row.get("tickets", 0) + line.quantity
        for name in _OF_CUSTOMERS:
            if name in sums:
                row[name] = row.get(name, 0) + sums[name]
        if line.kind in ("sale", "comp"):
            at = line.occurred_at
            if "first_at" not in row or at < row["first_at"]:
                row["first_at"] = at
            if "last_at" not in row or at > row["last_at"]:
                row["last_at"] = at

    def negate(self) -> None:
        """Turn what facts add into what taking them back adds. When a customer first and last bought cannot
        be taken back so: a rebuild works it out again."""
        for row in (*self.sales.values(), *(r for rows in self.rows.values() for r in rows.values())):
            for name, amount in row.items():
                if name != "d" and type(amount) is int:
                    row[name] = -amount
        for row in self.customers.values():
            row.pop("first_at", None)
            row.pop("last_at", None)
            for name, amount in row.items():
                if type(amount) is int:
                    row[name] = -amount

    def increments(self) -> str:
        """The sums as JSON text, as `data/rollup_queue.py` reads them."""
        sums: dict[str, object] = {
            "days": {dimension: list(rows.values()) for dimension, rows in self.rows.items()},
            "sales": list(self.sales.values()),
            "customers": list(self.customers.values()),
        }
        return msgspec.json.encode(sums).decode()


_OF_CUSTOMERS = ("gross_minor", "refunded_minor", "fees_minor")


def _increase(row: Row, sums: Sums) -> None:
    for name, amount in sums.items():
        row[name] = row.get(name, 0) + amount


def sums_of(line: SaleLine) -> dict[str, int]:
    """What a line of the ledger adds to tickets, refunds and money (minor units), and to nothing else."""
    sums = {}
    if line.quantity and line.admission:
        sums["comps" if line.comp else "sold"] = line.quantity
        if line.kind == "cancellation":
            sums["cancelled"] = -line.quantity
    if line.kind == "refund":
        sums["refunds"] = 1
    if line.amount_minor or line.tax_minor:
        sums["tax_minor"] = line.tax_minor
        if line.kind == "refund":
            sums["refunded_minor"] = -line.amount_minor
        else:
            sums["fees_minor" if line.kind == "fee" else "gross_minor"] = line.amount_minor
    return sums


def of(messages: Iterable[Message], calendars: Mapping[UUID, Calendar]) -> dict[UUID, VenueDays]:
    """Venue → what its messages add, all but the totals: see `VenueDays.total`."""
    venues: dict[UUID, VenueDays] = {}
    venue_id: UUID | None = None
    for message in messages:
        # Neighbours mostly are of one venue, and to compare is quicker than to hash.
        if message.venue_id is not venue_id:
            venue_id = message.venue_id
            if venue_id not in venues:
                venues[venue_id] = VenueDays(calendars[venue_id])
            own = venues[venue_id]
        for fact in message.facts:
            if isinstance(fact, SaleLine):
                own.sale(fact)
            elif isinstance(fact, VenueUpdate):
                own.number(STRUCTURE_DAY)
            else:
                day = own.day_of(fact.occurred_at)
                if isinstance(fact, Scan):
                    if fact.gate is not None:
                        own.add("gate", day, fact.gate, "", _passage(fact))
                # A view of no event is in no roll-up; whoever reads the facts of the day sees it.
                elif isinstance(fact, PageView) and message.event_id != NO_EVENT:
                    own.add("campaign", day, fact.campaign or "", "", {"page_views": 1})
    return venues


def _passage(scan: Scan) -> dict[str, int]:
    if scan.effect == 0:
        return {"invalid": 1}
    return {"entries" if scan.direction == "entry" else "exits": scan.effect}
