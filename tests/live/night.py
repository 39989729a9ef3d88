"""A registered event of a test's own, and short ways to write its sales and scans."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from data.engine import Database
from data.facts import Written, write
from data.messages import Fact, Message, SaleLine, Scan, SocialMention


@dataclass
class Night:
    """An event with doors at `doors`, 1,000 places, 800 of them sellable."""

    database: Database
    tenant_id: UUID
    venue_id: UUID
    doors: datetime
    event_id: UUID = field(default_factory=uuid4)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def write(self, facts: Iterable[Fact]) -> Written:
        return write(self.database, self.tenant_id, [self.message(fact) for fact in facts])

    def message(self, fact: Fact) -> Message:
        return Message(
            key=uuid4(),
            type="test",
            source="test",
            venue_id=self.venue_id,
            event_id=self.event_id,
            event_ref=str(self.event_id),
            occurred_at=fact.occurred_at,
            payload="{}",
            facts=(fact,),
        )

    def sell(self, count: int, at: datetime, amount_minor: int = 2500, currency: str = "GBP") -> Written:
        return self.write(
            SaleLine("sale", at, 1, amount_minor, currency, ticket_id=f"t{next(self.numbers)}", channel="web")
            for _ in range(count)
        )

    def enter(self, count: int, at: datetime, gate: str | None = "north") -> Written:
        return self.write(Scan(at, f"e{next(self.numbers)}", gate=gate) for _ in range(count))

    def leave(self, count: int, at: datetime, first: int = 0) -> Written:
        """Scan out whose tickets have the numbers from `first` on."""
        return self.write(Scan(at, f"e{first + number}", "exit", gate="north") for number in range(count))

    def mention(self, count: int, at: datetime) -> Written:
        return self.write(SocialMention(at, "x", reach=100, likes=3, shares=1) for _ in range(count))


def open_night(database: Database, tenant_id: UUID, venue_id: UUID, doors: datetime | None = None) -> Night:
    """Insert the event: starts an hour after doors, ends three hours later."""
    night = Night(database, tenant_id, venue_id, doors or datetime.now(UTC).replace(microsecond=0))
    with database.tenant(tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, doors_at, starts_at,"
            " ends_at, on_sale_at, physical_capacity, sellable_capacity, target_tickets, target_minor,"
            " status)"
            " VALUES (%s, %s, %s, %s, 'The Night', %s, %s, %s, %s, 1000, 800, 600, 1500000, 'on_sale')",
            [tenant_id, venue_id, night.event_id, f"night-{night.event_id}", night.doors]
            + [night.doors + timedelta(hours=hours) for hours in (1, 4, -720)],
        )
    return night
