"""The last state seen of a source's events, orders, positions and check-ins, and the polls' cursors."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from data import recordset
from data.engine import TenantConnection

Rows = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order as it was last fetched; `document` is JSON text of the fields that are kept at all."""

    code: str
    event: str
    status: str
    testmode: bool
    last_modified: datetime
    fetched_at: datetime
    revision: int
    document: str


@dataclass(frozen=True, slots=True)
class SeenPosition:
    """A position and the order it was last seen in. `person`: an admission ticket of its own;
    `valid`: a door would let it in; `pending`: a person's ticket that waits for its payment."""

    position_id: int
    code: str
    event: str
    event_id: UUID
    person: bool
    valid: bool
    testmode: bool
    pending: bool
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class SeenCheckin:
    """A check-in and what the ledger says of it: `successful` ones count, all others do not."""

    checkin_id: int
    event: str
    event_id: UUID
    position_id: int | None
    list_id: int
    direction: str
    successful: bool
    reason: str | None
    gate: str | None
    person: bool
    occurred_at: datetime
    fetched_at: datetime
    revision: int


def lock(tenant: TenantConnection, source_id: UUID) -> None:
    """One writer per source at a time, until the transaction ends: what is compared stays true."""
    tenant.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 20260821))", [str(source_id)])


def order(tenant: TenantConnection, source_id: UUID, code: str) -> SeenOrder | None:
    """The order with this code."""
    rows = tenant.rows(
        "SELECT code, event, status, testmode, last_modified, fetched_at, revision,"
        " document::text AS document FROM pretix_orders"
        " WHERE tenant_id = %s AND source_id = %s AND code = %s",
        [tenant.tenant_id, source_id, code],
    )
    return SeenOrder(**rows[0]) if rows else None


def keep_order(tenant: TenantConnection, source_id: UUID, seen: SeenOrder) -> None:
    """Replace what was known of an order."""
    _upsert(tenant, "pretix_orders", source_id, [asdict(seen)])


def positions(
    tenant: TenantConnection, source_id: UUID, code: str, position_ids: Sequence[int]
) -> dict[int, SeenPosition]:
    """The positions with these ids, and all that were last seen in this order, by id."""
    rows = tenant.rows(
        "SELECT position_id, code, event, event_id, person, valid, testmode, pending, fetched_at"
        " FROM pretix_positions WHERE tenant_id = %s AND source_id = %s"
        " AND (code = %s OR position_id = ANY(%s))",
        [tenant.tenant_id, source_id, code, list(position_ids)],
    )
    return {row["position_id"]: SeenPosition(**row) for row in rows}


def keep_positions(tenant: TenantConnection, source_id: UUID, seen: Iterable[SeenPosition]) -> None:
    """Replace what was known of positions."""
    _upsert(tenant, "pretix_positions", source_id, [asdict(position) for position in seen])


def drop_positions(tenant: TenantConnection, source_id: UUID, position_ids: Sequence[int]) -> None:
    """Forget positions that are no longer in their order: another order may claim them."""
    tenant.execute(
        "DELETE FROM pretix_positions WHERE tenant_id = %s AND source_id = %s AND position_id = ANY(%s)",
        [tenant.tenant_id, source_id, list(position_ids)],
    )


def checkins(
    tenant: TenantConnection, source_id: UUID, checkin_ids: Sequence[int], position_ids: Sequence[int] = ()
) -> dict[int, SeenCheckin]:
    """The check-ins with these ids, and all of these positions, by id."""
    rows = tenant.rows(
        "SELECT checkin_id, event, event_id, position_id, list_id, direction, successful, reason, gate,"
        " person, occurred_at, fetched_at, revision FROM pretix_checkins"
        " WHERE tenant_id = %s AND source_id = %s AND (checkin_id = ANY(%s) OR position_id = ANY(%s))",
        [tenant.tenant_id, source_id, list(checkin_ids), list(position_ids)],
    )
    return {row["checkin_id"]: SeenCheckin(**row) for row in rows}


def keep_checkins(tenant: TenantConnection, source_id: UUID, seen: Iterable[SeenCheckin]) -> None:
    """Replace what was known of check-ins."""
    _upsert(tenant, "pretix_checkins", source_id, [asdict(checkin) for checkin in seen])


def event(tenant: TenantConnection, source_id: UUID, slug: str) -> tuple[str, datetime] | None:
    """(document as JSON text, when it was fetched) of an event."""
    row = tenant.execute(
        "SELECT document::text, fetched_at FROM pretix_events"
        " WHERE tenant_id = %s AND source_id = %s AND event = %s",
        [tenant.tenant_id, source_id, slug],
    ).fetchone()
    return (row[0], row[1]) if row else None


def keep_event(
    tenant: TenantConnection, source_id: UUID, slug: str, document: str, fetched_at: datetime
) -> None:
    """Replace what was known of an event."""
    row = {"event": slug, "document": document, "fetched_at": fetched_at}
    _upsert(tenant, "pretix_events", source_id, [row])


def events(tenant: TenantConnection, source_id: UUID) -> list[str]:
    """The slugs of all events ever seen."""
    rows = tenant.execute(
        "SELECT event FROM pretix_events WHERE tenant_id = %s AND source_id = %s ORDER BY event",
        [tenant.tenant_id, source_id],
    )
    return [slug for (slug,) in rows.fetchall()]


def cursor(tenant: TenantConnection, source_id: UUID, resource: str) -> str | None:
    """How far a resource has been read."""
    row = tenant.execute(
        "SELECT value FROM pretix_cursors WHERE tenant_id = %s AND source_id = %s AND resource = %s",
        [tenant.tenant_id, source_id, resource],
    ).fetchone()
    return str(row[0]) if row else None


def move_cursor(tenant: TenantConnection, source_id: UUID, resource: str, value: str | None) -> None:
    """Note how far a resource has been read; None forgets it."""
    if value is None:
        tenant.execute(
            "DELETE FROM pretix_cursors WHERE tenant_id = %s AND source_id = %s AND resource = %s",
            [tenant.tenant_id, source_id, resource],
        )
    else:
        _upsert(tenant, "pretix_cursors", source_id, [{"resource": resource, "value": value}])


def _upsert(tenant: TenantConnection, table: str, source_id: UUID, rows: list[Rows]) -> None:
    if not rows:
        return
    columns = tuple(rows[0])
    key = columns[0]
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns[1:])
    tenant.execute(
        recordset.insert(
            table,
            ("source_id", *columns),
            f"(tenant_id, source_id, {key}) DO UPDATE SET {changes}",
        ),
        {
            "tenant": tenant.tenant_id,
            "rows": recordset.encode([{"source_id": source_id} | row for row in rows]),
        },
    )
