"""The demo tenant: its houses, its programme, its user and the simulator's token. Run as often as you like.

Everything that happened (sales, scans, …) is not written here: the simulator publishes it through the
REST door like any other client. What it needs for that is handed over in a file in the data folder.
"""

from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from data import rollup_queue
from data.demo_boards import add_demo_boards
from data.demo_handover import Demo, hand_over, read_handover, tell_history
from data.demo_house import VENUES, DemoEvent, DemoVenue
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.demo_programme import schedule
from data.engine import Database, TenantConnection
from data.tenants import DEMO_SLUG, insert_tenant
from data.tokens import create_token, token_is_valid
from data.users import add_user
from data.venues import add_venue

TENANT_ID = UUID("d3300000-0000-4000-8000-000000000001")

ON_START = timedelta(minutes=-50)
"""On a start, tonight's doors opened this long ago: there is a night to look at."""
ON_ROLL_OVER = timedelta(minutes=15)
"""While running, the next night opens this long after the last one is over."""


def seed_demo(database: Database, data_dir: Path, now: datetime, ahead: timedelta = ON_START) -> Demo:
    """The demo as it now stands in the database and in the handover file; writes only what is missing.

    A later day brings a new tonight and new evenings on sale. Raises DatabaseUnavailable.
    """
    before = read_handover(data_dir)
    with database.tenant(TENANT_ID) as tenant:
        # Two starts at once would each make a token.
        tenant.execute("SET LOCAL lock_timeout = 0")  # Another seeding may take its time.
        tenant.execute("SELECT pg_advisory_xact_lock(hashtext('housecount demo'))")
        _add_tenant(tenant)
        events = {venue.ref: _programme(tenant, venue, now, ahead) for venue in VENUES}
        if not tenant.execute("SELECT 1 FROM users WHERE tenant_id = %s LIMIT 1", [TENANT_ID]).fetchone():
            add_user(tenant, DEMO_EMAIL, "Demo", "owner", DEMO_PASSWORD)
        add_demo_boards(tenant, DEMO_EMAIL, _venue_id(VENUES[0]), now)
        demo = Demo(_token(tenant, before), events)
    if demo != before:
        if before is None or demo.token != before.token:
            tell_history(data_dir, 0)  # Another database: the simulator has yet to begin.
        hand_over(data_dir, demo)
    return demo


def _add_tenant(tenant: TenantConnection) -> None:
    insert_tenant(tenant, DEMO_SLUG, "Demo venues", demo=True)
    for venue in VENUES:
        _add_venue(tenant, venue)


def _add_venue(tenant: TenantConnection, venue: DemoVenue) -> None:
    """The house with its zones, gates and series; what somebody changed since stays changed."""
    key = [TENANT_ID, _venue_id(venue)]
    add_venue(
        tenant,
        _venue_id(venue),
        venue.ref,
        venue.name,
        zone=venue.zone,
        currency=venue.currency,
        capacity=venue.capacity,
        day_starts=time(6),
    )
    with tenant.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO zones (tenant_id, venue_id, zone, name, capacity, position)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [[*key, zone.zone, zone.name, zone.capacity, place] for place, zone in enumerate(venue.zones)],
        )
        cursor.executemany(
            "INSERT INTO gates (tenant_id, venue_id, gate, name, zone, position)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [[*key, gate.gate, gate.name, gate.zone, place] for place, gate in enumerate(venue.gates)],
        )
        cursor.executemany(
            "INSERT INTO series (tenant_id, venue_id, series_id, external_id, name, genre)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [[*key, _series_id(one.ref), one.ref, one.name, one.genre] for one in venue.series],
        )


def _programme(
    tenant: TenantConnection, venue: DemoVenue, now: datetime, ahead: timedelta
) -> dict[str, datetime]:
    """Doors by reference of all evenings of the venue, after adding the new ones and closing the old."""
    key = [TENANT_ID, _venue_id(venue)]
    known = dict(
        tenant.execute(
            "SELECT external_id, doors_at FROM events WHERE tenant_id = %s AND venue_id = %s"
            " AND registered AND external_id ~ %s",
            [*key, rf"^{venue.ref}-\d{{4}}-\d\d-\d\d(-night-\d+)?$"],
        ).fetchall()
    )
    evenings = schedule(venue, known, now, ahead)
    new = [e for e in evenings.values() if known.get(e.ref) != e.doors_at]
    _add_events(tenant, venue, new, now)
    over = tenant.execute(
        "UPDATE events SET status = 'over' WHERE tenant_id = %s AND venue_id = %s AND external_id = ANY(%s)"
        " AND ends_at < %s AND status IN ('scheduled', 'on_sale', 'sold_out')",
        [*key, list(evenings), now],
    )
    if new or over.rowcount:
        rollup_queue.put_structure(tenant, [_venue_id(venue)])
    return {ref: event.doors_at for ref, event in sorted(evenings.items())}


def _add_events(tenant: TenantConnection, venue: DemoVenue, events: list[DemoEvent], now: datetime) -> None:
    """New evenings, moved ones, and ones of which a message arrived before they were written here."""
    key = [TENANT_ID, _venue_id(venue)]
    with tenant.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO events (tenant_id, venue_id, event_id, series_id, external_id, name, doors_at,"
            " starts_at, ends_at, on_sale_at, physical_capacity, sellable_capacity, target_tickets,"
            " target_minor, status, registered) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " %s, %s, true) ON CONFLICT (tenant_id, venue_id, event_id) DO UPDATE SET"
            " series_id = EXCLUDED.series_id, external_id = EXCLUDED.external_id, name = EXCLUDED.name,"
            " doors_at = EXCLUDED.doors_at, starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at,"
            " on_sale_at = EXCLUDED.on_sale_at, physical_capacity = EXCLUDED.physical_capacity,"
            " sellable_capacity = EXCLUDED.sellable_capacity, target_tickets = EXCLUDED.target_tickets,"
            " target_minor = EXCLUDED.target_minor, status = EXCLUDED.status, registered = true",
            [
                [
                    *key,
                    event_id(event),
                    _series_id(event.series),
                    event.ref,
                    event.name,
                    event.doors_at,
                    event.starts_at,
                    event.ends_at,
                    event.on_sale_at,
                    venue.capacity,
                    venue.sellable,
                    round(event.for_sale * 0.85),
                    round(sum(t.price_minor * t.capacity for t in event.ticket_types) * 0.8),
                    "scheduled" if now < event.on_sale_at else "on_sale",
                ]
                for event in events
            ],
        )
        cursor.executemany(
            "INSERT INTO ticket_types (tenant_id, venue_id, event_id, ticket_type, name, price_minor,"
            " currency, capacity) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                [*key, event_id(event), t.ticket_type, t.name, t.price_minor, venue.currency, t.capacity]
                for event in events
                for t in event.ticket_types
            ],
        )
        cursor.executemany(
            "INSERT INTO holds (tenant_id, venue_id, event_id, hold, quantity, reason)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                [*key, event_id(event), hold, quantity, reason]
                for event in events
                for hold, quantity, reason in venue.holds
            ],
        )


def event_id(event: DemoEvent) -> UUID:
    """The id that the directory gives an event of this name, so that early messages find the same one."""
    return uuid5(TENANT_ID, event.ref)


def _venue_id(venue: DemoVenue) -> UUID:
    return uuid5(TENANT_ID, f"venue {venue.ref}")


def _series_id(ref: str) -> UUID:
    return uuid5(TENANT_ID, f"series {ref}")


def _token(tenant: TenantConnection, before: Demo | None) -> str:
    """The simulator's token: the known one as long as it holds."""
    if before is not None and token_is_valid(tenant, before.token):
        return before.token
    return create_token(tenant, "Demo simulator", ["send"])
