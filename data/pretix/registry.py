"""Events, series, ticket types and gates of the house, as far as pretix describes them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from data import recordset, rollup_queue
from data.engine import TenantConnection


@dataclass(frozen=True, slots=True)
class TicketType:
    """A product that can be bought for an event; price in minor units."""

    ticket_type: str
    name: str
    price_minor: int | None
    currency: str
    capacity: int | None
    admission: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """An event as the house lists it. `sellable_capacity` None: unlimited or unknown."""

    event_id: UUID
    external_id: str
    series_id: UUID | None
    name: str
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    on_sale_at: datetime | None
    sellable_capacity: int | None
    status: str
    ticket_types: tuple[TicketType, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """What groups the dates of one pretix event."""

    series_id: UUID
    external_id: str
    name: str


def register(
    tenant: TenantConnection, venue_id: UUID, series: Series | None, events: Sequence[Registration]
) -> None:
    """List events, or bring what is listed up to date.

    What pretix does not know is left alone: targets, the physical capacity, and a status that says
    cancelled or postponed. Events are taken in order, as every writer takes them.
    """
    events = sorted(events, key=lambda event: event.event_id)
    if series is not None:
        tenant.execute(
            recordset.insert(
                "series",
                ("venue_id", "series_id", "external_id", "name"),
                "(tenant_id, venue_id, series_id) DO UPDATE SET name = EXCLUDED.name",
            ),
            _rows(tenant, [asdict(series) | {"venue_id": venue_id}]),
        )
    columns = tuple(name for name in Registration.__dataclass_fields__ if name != "ticket_types")
    changing = [name for name in columns if name not in {"event_id", "external_id", "status"}]
    tenant.execute(
        recordset.insert(
            "events",
            ("venue_id", *columns),
            "(tenant_id, venue_id, event_id) DO UPDATE SET registered = true, "
            + ", ".join(f"{name} = EXCLUDED.{name}" for name in changing)
            + ", status = CASE WHEN events.status IN ('cancelled', 'postponed')"
            " THEN events.status ELSE EXCLUDED.status END",
        ),
        _rows(tenant, [{n: getattr(e, n) for n in columns} | {"venue_id": venue_id} for e in events]),
    )
    tenant.execute(
        recordset.insert(
            "ticket_types",
            ("venue_id", "event_id", *TicketType.__dataclass_fields__),
            "(tenant_id, venue_id, event_id, ticket_type) DO UPDATE SET name = EXCLUDED.name,"
            " price_minor = EXCLUDED.price_minor, currency = EXCLUDED.currency,"
            " capacity = EXCLUDED.capacity, admission = EXCLUDED.admission",
        ),
        _rows(
            tenant,
            [
                asdict(kind) | {"venue_id": venue_id, "event_id": event.event_id}
                for event in events
                for kind in event.ticket_types
            ],
        ),
    )
    rollup_queue.put_structure(tenant, [venue_id])


def name_gates(tenant: TenantConnection, venue_id: UUID, names: dict[str, str]) -> None:
    """Give gates their names; a gate that has one keeps it, because people may have changed it."""
    tenant.execute(
        recordset.insert("gates", ("venue_id", "gate", "name")),
        _rows(tenant, [{"venue_id": venue_id, "gate": gate, "name": names[gate]} for gate in sorted(names)]),
    )


def _rows(tenant: TenantConnection, rows: list[dict[str, object]]) -> dict[str, object]:
    return {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)}
