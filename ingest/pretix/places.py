"""Where an order or a scan belongs: pretix's numbers resolved to the house's events, types and gates."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from data.currencies import EXPONENTS
from ingest.money import LARGEST_MINOR
from ingest.pretix.documents import CheckinList, EventDocument, Item, Malformed, Position


class Unknown(Exception):
    """A number that the event's last fetched description does not have: fetch it again."""


@dataclass(frozen=True)
class Place:
    """One pretix event of one source. `event_ids` gives the house's id for an external id."""

    source: str
    document: EventDocument
    event_ids: Callable[[str], UUID]
    gates: dict[str, str] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """The currency of everything in this event. Raises Malformed for one that ISO 4217 does not have."""
        currency = self.document.event.currency
        if currency not in EXPONENTS:
            raise Malformed(f"unknown currency {currency}")
        return currency

    def external_id(self, subevent: int | None) -> str:
        """The name under which the house knows the event, or one date of its series."""
        base = f"pretix:{self.source}/{self.document.event.slug}"
        return base if subevent is None else f"{base}/{subevent}"

    def event_id(self, subevent: int | None) -> UUID:
        """The house's id of the event, or of one date of its series."""
        return self.event_ids(self.external_id(subevent))

    def event_at(self, moment: datetime) -> UUID:
        """Where a scan belongs that names no date: the date under way, or else the nearest start."""
        if not self.document.subevents:
            return self.event_id(None)

        def distance(start: datetime, end: datetime | None) -> timedelta:
            if start <= moment <= (end or start):
                return timedelta()
            return min(abs(moment - start), abs(moment - (end or start)))

        nearest = min(
            self.document.subevents,
            key=lambda date: (distance(date.date_admission or date.date_from, date.date_to), date.id),
        )
        return self.event_id(nearest.id)

    def item(self, number: int) -> Item:
        """The product with this number. Raises Unknown."""
        for item in self.document.items:
            if item.id == number:
                return item
        raise Unknown(f"item {number}")

    def list(self, number: int) -> CheckinList:
        """The check-in list with this number. Raises Unknown."""
        for checkin_list in self.document.lists:
            if checkin_list.id == number:
                return checkin_list
        raise Unknown(f"check-in list {number}")

    def is_person(self, position: Position) -> bool:
        """Whether somebody comes in on this position: add-ons ride along with another one."""
        return self.item(position.item).admission and position.addon_to is None

    def ticket_id(self, position: int) -> str:
        """The ledger's name of a position."""
        return f"pretix:{self.source}:{position}"

    def order_id(self, code: str) -> str:
        """The ledger's name of an order."""
        return f"pretix:{self.source}:{code}"

    def gate(self, number: int | None) -> str | None:
        """The name of a gate; gates whose name nobody gave are called after the source."""
        if number is None:
            return None
        return self.gates.get(str(number), f"{self.source} gate {number}")

    def minor(self, amount: Decimal) -> int:
        """An amount in minor units of the event's currency. Raises Malformed unless it is exact."""
        # The exponent is looked at first: 1e999999 is a short text and a very long integer.
        if amount.is_finite() and amount.adjusted() < 15:
            scaled = amount.scaleb(EXPONENTS[self.currency])
            if scaled == scaled.to_integral_value() and abs(scaled) <= LARGEST_MINOR:
                return int(scaled)
        raise Malformed("an amount that is not money")


def ticket_type(item: int, variation: int | None) -> str:
    """The house's code of a product."""
    return str(item) if variation is None else f"{item}-{variation}"


def tax_rate(rate: Decimal) -> str:
    """A tax rate in percent with two decimals. Raises Malformed for what is no percentage."""
    if not (rate.is_finite() and 0 <= rate <= 100):
        raise Malformed("a tax rate that is no percentage")
    return f"{rate:.2f}"
