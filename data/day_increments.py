"""What a batch adds to the roll-ups without events: pure sums per venue, left in `rollup_queue` as JSON.

Of every day the batch touches it says what was added, in total and by each dimension of a sale, and
what each customer bought. The counts are those of `venue_analytics`: tickets and people under no
currency, money under its own, and a row only where something was added.
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
from data.messages import Message, PageView, SaleLine, Scan, VenueUpdate

STRUCTURE_DAY = 0
"""The day on which changes of the programme are counted: new events, other times, names, capacities."""

DIMENSIONS = ("ticket_type", "channel", "campaign", "country", "region", "city", "price", "gate")
"""Beside the empty one of the totals. Only `campaign` counts page views too; `gate` counts scans alone."""

Calendar = tuple[ZoneInfo, time]
"""A venue's zone and the local time at which its business day starts."""
Row = dict[str, Any]
"""A row as it goes into JSON: without what is zero."""
Sums = Mapping[str, int]


@dataclass(slots=True)
class VenueDays:
    """The sums of one venue. `rows` are by dimension and then by (day, value, currency)."""

    calendar: Calendar
    days: dict[int, int] = field(default_factory=dict)
    rows: dict[str, dict[tuple[int, str, str], Row]] = field(default_factory=dict)
    customers: dict[tuple[UUID, str], Row] = field(default_factory=dict)

    def day_of(self, moment: datetime) -> int:
        """The number of the business day that holds `moment`, among the batch's days."""
        _, start = hour_and_day(int(moment.timestamp() // 1), *self.calendar)
        return self.number(start)

    def number(self, start: int) -> int:
        """The number of the day that starts at `start`, which the batch touches from now on."""
        return self.days.setdefault(start, len(self.days))

    def add(self, dimension: str, day: int, value: str, currency: str, sums: Sums) -> None:
        """Add to one row."""
        rows = self.rows.get(dimension)
        if rows is None:
            rows = self.rows[dimension] = {}
        row = rows.get((day, value, currency))
        if row is None:
            rows[day, value, currency] = {"d": day, "v": value, "c": currency, **sums}
        else:
            for name, amount in sums.items():
                row[name] = row.get(name, 0) + amount

    def total(self, start: int, currency: str, sums: Sums) -> None:
        """Add what `venue_analytics` gets for one of its events on the day that starts at `start`."""
        day = self.number(start)
        counted = {name: amount for name, amount in sums.items() if name != "inside_change"}
        if counted:
            self.add("", day, "", currency, counted)

    def sale(self, line: SaleLine) -> None:
        """Add a line of the ledger to its dimensions and its customer."""
        day = self.day_of(line.occurred_at)
        counts, money = counts_of(line), money_of(line)
        if "refunds" in counts:
            self.add("", day, "", "", {"refunds": 1})
        if counts or money:
            band = price_bands.band(line.kind, line.amount_minor, line.quantity, line.currency, line.comp)
            for dimension, value in (
                ("ticket_type", line.ticket_type),
                ("channel", line.channel),
                ("campaign", line.campaign),
                ("country", line.country),
                ("region", line.region),
                ("city", line.city),
                ("price", band),
            ):
                if counts:
                    self.add(dimension, day, value or "", "", counts)
                if money:
                    self.add(dimension, day, value or "", line.currency, money)
        if line.customer is not None:
            self._customer(line.customer, line, money)

    def _customer(self, customer: UUID, line: SaleLine, money: Sums) -> None:
        row = self.customers.setdefault(
            (customer, line.currency), {"customer": customer, "currency": line.currency, "lines": 0}
        )
        sums = {"lines": 1, "tickets": line.quantity if line.admission else 0, **money}
        for name, amount in sums.items():
            if amount and name != "tax_minor":
                row[name] = row.get(name, 0) + amount
        if line.kind in ("sale", "comp"):
            at = line.occurred_at
            row["first_at"] = min(row.get("first_at", at), at)
            row["last_at"] = max(row.get("last_at", at), at)

    def increments(self) -> str:
        """The sums as JSON: rows by dimension under `days`, each with the number of its day; `customers`."""
        days = {dimension: list(rows.values()) for dimension, rows in self.rows.items()}
        return msgspec.json.encode({"days": days, "customers": list(self.customers.values())}).decode()


def counts_of(line: SaleLine) -> dict[str, int]:
    """The tickets and refunds in a line of the ledger, without what is zero."""
    counts = {}
    if line.quantity and line.admission:
        counts["comps" if line.comp else "sold"] = line.quantity
        if line.kind == "cancellation":
            counts["cancelled"] = -line.quantity
    if line.kind == "refund":
        counts["refunds"] = 1
    return counts


def money_of(line: SaleLine) -> dict[str, int]:
    """The money in a line of the ledger, in minor units; empty when it has neither amount nor tax."""
    amount = line.amount_minor
    if not amount and not line.tax_minor:
        return {}
    if line.kind == "refund":
        return {"refunded_minor": -amount, "tax_minor": line.tax_minor}
    return {"fees_minor" if line.kind == "fee" else "gross_minor": amount, "tax_minor": line.tax_minor}


def of(messages: Iterable[Message], calendars: Mapping[UUID, Calendar]) -> dict[UUID, VenueDays]:
    """Venue → what its messages add, all but the totals: see `VenueDays.total`."""
    venues: dict[UUID, VenueDays] = {}
    for message in messages:
        own = venues.get(message.venue_id)
        if own is None:
            own = venues[message.venue_id] = VenueDays(calendars[message.venue_id])
        for fact in message.facts:
            if isinstance(fact, SaleLine):
                own.sale(fact)
            elif isinstance(fact, VenueUpdate):
                own.number(STRUCTURE_DAY)
            else:
                day = own.day_of(fact.occurred_at)
                if isinstance(fact, PageView):
                    own.add("campaign", day, fact.campaign or "", "", {"page_views": 1})
                elif isinstance(fact, Scan) and fact.gate is not None:
                    own.add("gate", day, fact.gate, "", _passage(fact))
    return venues


def _passage(scan: Scan) -> dict[str, int]:
    if scan.effect == 0:
        return {"invalid": 1}
    return {"entries" if scan.direction == "entry" else "exits": scan.effect}
