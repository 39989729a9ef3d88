"""The data set of the dashboard benchmark: twenty venues over three years, straight into the tables.

It is drawn from a seed, copied in as the tables' owner and then rolled up by the product's own rebuild: every
roll-up is what the writer would have left. What is not there are raw messages, which no question reads.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psycopg

from bench import dashboard_draw as drawing
from bench.dashboard_house import CAMPAIGNS, CHANNELS, HOUSES, PLACES, SERIES, TYPES
from data import partitions

UNTIL = date(2026, 11, 1)
"""The data set's own today: nothing was sold from this day on."""
SEED = 20
FEW = 100_000
"""Sales up to which the facts may lie in the default partitions."""
MILLENNIUM = 946_684_800_000_000
"""2000-01-01 UTC in microseconds: PostgreSQL counts from there."""


@dataclass(frozen=True)
class Size:
    """How many tickets are sold or given, and how many are scanned, over all venues."""

    sales: int = 5_000_000
    scans: int = 3_000_000


FULL = Size()


@dataclass(frozen=True)
class DataSet:
    """A tenant filled from a seed; `until` is the first day without sales."""

    tenant_id: UUID
    until: date


def venue_id(number: int) -> UUID:
    """The id of a venue by its place in HOUSES."""
    return drawing.identity(number, 1)


def event_id(number: int) -> UUID:
    """The id of an event by its number in the draw."""
    return drawing.identity(number, 2)


def fill(owner_url: str, tenant_id: UUID, size: Size = FULL, seed: int = SEED) -> DataSet:
    """Draw the set into a migrated database, without roll-ups; the owner must be above row-level security."""
    if size.sales > FEW:
        first = UNTIL - timedelta(days=drawing.PAST_DAYS + 210)
        partitions.ensure(owner_url, first, UNTIL + timedelta(days=drawing.FUTURE_DAYS + 10))
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET synchronous_commit = off; SET work_mem = '256MB'; SET jit = off")
        _house(connection, tenant_id)
        connection.execute(_STAGES)
        for number, (sales, scans) in enumerate(_shares(size)):
            drawn = drawing.draw(number, sales, scans, UNTIL, seed)
            _copy(connection, "drawn_sales", _sales(drawn.sales))
            _copy(connection, "drawn_scans", _scans(drawn.scans))
            _evenings(connection, tenant_id, number, drawn.events)
        parameters = {"tenant": tenant_id}
        connection.execute("ANALYZE drawn_sales; ANALYZE drawn_scans; ANALYZE drawn_events")
        connection.execute(_SALES, parameters | _words())
        connection.execute(_SCANS, parameters)
        connection.execute("DROP TABLE drawn_sales, drawn_scans, drawn_events")
    return DataSet(tenant_id, UNTIL)


def tidy(owner_url: str) -> None:
    """Statistics and visibility as autovacuum leaves them in a database that has been up for a while."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute("VACUUM (ANALYZE)")


def _shares(size: Size) -> Iterator[tuple[int, int]]:
    """Tickets and scans of each venue, by its size; they add up."""
    capacity = [house.capacity for house in HOUSES]
    scanned = [house.capacity * house.scanners for house in HOUSES]
    return zip(_split(size.sales, capacity), _split(size.scans, scanned), strict=True)


def _split(total: int, weights: list[int]) -> list[int]:
    bounds = [total * sum(weights[:count]) // sum(weights) for count in range(len(weights) + 1)]
    return [after - before for before, after in pairwise(bounds)]


def _house(connection: psycopg.Connection, tenant_id: UUID) -> None:
    connection.execute(
        "INSERT INTO tenants (tenant_id, slug, name, customer_key) VALUES (%s, %s, 'Twenty venues', %s)",
        [tenant_id, f"twenty-{tenant_id.hex}", secrets.token_bytes(32)],
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency, business_day_starts,"
            " capacity) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (tenant_id, venue_id(n), h.ref, h.name, h.zone, h.currency, h.day_starts, h.capacity)
                for n, h in enumerate(HOUSES)
            ],
        )
        cursor.executemany(
            "INSERT INTO zones (tenant_id, venue_id, zone, name, capacity, position)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (tenant_id, venue_id(n), zone, name, h.capacity * share // 10, position)
                for n, h in enumerate(HOUSES)
                for position, (zone, name, share) in enumerate(
                    (("floor", "Floor", 6), ("balcony", "Balcony", 4))
                )
            ],
        )
        cursor.executemany(
            "INSERT INTO gates (tenant_id, venue_id, gate, name, zone, position)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (tenant_id, venue_id(n), gate, f"Gate {gate}", "balcony" if at % 3 == 2 else "floor", at)
                for n, h in enumerate(HOUSES)
                for at, gate in enumerate("ABCDEF"[: h.gates])
            ],
        )
        cursor.executemany(
            "INSERT INTO series (tenant_id, venue_id, series_id, external_id, name, genre)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (tenant_id, venue_id(n), _series_id(n, at), f"{h.ref}/{genre}", name, genre)
                for n, h in enumerate(HOUSES)
                for at, (name, genre, _) in enumerate(SERIES)
            ],
        )


def _series_id(house: int, series: int) -> UUID:
    return drawing.identity(house * 100 + series, 3)


def _evenings(
    connection: psycopg.Connection, tenant_id: UUID, number: int, events: list[drawing.Event]
) -> None:
    house, venue = HOUSES[number], venue_id(number)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO events (tenant_id, venue_id, event_id, series_id, external_id, name, doors_at,"
            " starts_at, ends_at, on_sale_at, physical_capacity, sellable_capacity, target_tickets, status)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(tenant_id, venue, *_evening(number, event)) for event in events],
        )
        cursor.executemany(
            "INSERT INTO ticket_types (tenant_id, venue_id, event_id, ticket_type, name, price_minor,"
            " currency) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (tenant_id, venue, event_id(event.number), ticket_type, name, price, house.currency)
                for event in events
                for (ticket_type, name, *_), price in zip(TYPES, event.prices, strict=True)
            ],
        )
        cursor.executemany(
            "INSERT INTO drawn_events VALUES (%s, %s, %s, %s)",
            [(e.number, venue, event_id(e.number), house.currency) for e in events],
        )


def _evening(number: int, event: drawing.Event) -> tuple[object, ...]:
    doors = datetime.fromtimestamp(event.doors_at, UTC)
    over = event.day < (UNTIL - drawing.EPOCH).days
    return (
        event_id(event.number),
        _series_id(number, event.series),
        f"{HOUSES[number].ref}-{event.number}",
        f"{SERIES[event.series][0]} {event.number % 10_000 + 1}",
        doors,
        doors + timedelta(hours=1),
        doors + timedelta(hours=3, minutes=30),
        datetime.fromtimestamp(event.on_sale_at, UTC),
        event.capacity,
        event.capacity,
        event.capacity * 9 // 10,
        "over" if over else "on_sale",
    )


def _sales(drawn: drawing.Columns) -> drawing.Columns:
    names = "line kind ticket order event type quantity amount tax channel campaign place customer"
    return {name: drawn[name] for name in names.split()} | {
        "at": drawn["at"] - MILLENNIUM,
        "key": drawing.identities(drawn["key"], 4),
        "who": drawing.identities(drawn["customer"], 5),
    }


def _scans(drawn: drawing.Columns) -> drawing.Columns:
    names = "ticket event direction effect gate reason"
    return {name: drawn[name] for name in names.split()} | {
        "at": drawn["at"] - MILLENNIUM,
        "key": drawing.identities(drawn["key"], 6),
    }


def _copy(connection: psycopg.Connection, table: str, columns: drawing.Columns) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        copy.write(drawing.binary(columns))
        copy.write(b"\xff\xff")


def _words() -> dict[str, list[str | None]]:
    """The texts that the numbers of a drawn sale stand for."""
    return {
        "kinds": [*drawing.SALE],
        "types": [ticket_type for ticket_type, *_ in TYPES],
        "channels": [*(channel for channel, _ in CHANNELS), "guest list"],
        "campaigns": [campaign for campaign, _ in CAMPAIGNS],
        "countries": [country for country, *_ in PLACES],
        "regions": [region for _, region, *_ in PLACES],
        "cities": [city for _, _, city, _ in PLACES],
    }


_STAGES = """
CREATE TEMPORARY TABLE drawn_events (event bigint PRIMARY KEY, venue_id uuid, event_id uuid, currency text);
CREATE TEMPORARY TABLE drawn_sales (
    at timestamptz, line bigint, kind bigint, ticket bigint, "order" bigint, event bigint, type bigint,
    quantity bigint, amount bigint, tax bigint, channel bigint, campaign bigint, place bigint,
    customer bigint, key uuid, who uuid
);
CREATE TEMPORARY TABLE drawn_scans (
    at timestamptz, ticket bigint, event bigint, direction bigint, effect bigint, gate bigint, reason bigint,
    key uuid
)
"""
_SALES = f"""
INSERT INTO ticket_sales (
    tenant_id, venue_id, event_id, occurred_at, message_key, line, kind, ticket_id, order_id, ticket_type,
    quantity, amount_minor, tax_minor, currency, comp, admission, channel, campaign, country, region, city,
    customer)
SELECT %(tenant)s, e.venue_id, e.event_id, d.at, d.key, d.line, (%(kinds)s::text[])[d.kind + 1],
       'T' || NULLIF(d.ticket, 0), 'O' || d."order", (%(types)s::text[])[d.type + 1],
       d.quantity, d.amount, d.tax, e.currency, d.type = {drawing.GUESTS}, true,
       (%(channels)s::text[])[d.channel + 1], (%(campaigns)s::text[])[d.campaign + 1],
       (%(countries)s::text[])[d.place + 1], (%(regions)s::text[])[d.place + 1],
       (%(cities)s::text[])[d.place + 1], CASE WHEN d.customer > 0 THEN d.who END
FROM drawn_sales d JOIN drawn_events e USING (event) ORDER BY d.at
"""
_SCANS = """
INSERT INTO ticket_scans (
    tenant_id, venue_id, event_id, occurred_at, message_key, line, ticket_id, direction, effect, reason, gate,
    area, scanner, admission)
SELECT %(tenant)s, e.venue_id, e.event_id, d.at, d.key, 0, 'T' || d.ticket,
       CASE d.direction WHEN 0 THEN 'entry' ELSE 'exit' END, d.effect,
       CASE WHEN d.effect = 0 THEN (ARRAY['already_used', 'unknown', 'wrong_event'])[d.reason + 1] END,
       chr(65 + d.gate::integer), '', 'scanner ' || chr(65 + d.gate::integer), true
FROM drawn_scans d JOIN drawn_events e USING (event) ORDER BY d.at
"""
