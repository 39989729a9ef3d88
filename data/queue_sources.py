"""The queues a tenant reads messages from: where they are, and what is seen of each.

The address of a broker holds its password and is kept under the tenant's own key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from data import tenant_keys
from data.engine import Database, TenantConnection

Kind = Literal["rabbitmq", "bull", "bullmq"]
KINDS: tuple[Kind, ...] = get_args(Kind)
State = Literal["new", "connecting", "consuming", "database-away", "broker-away", "stopped"]

LONGEST_ERROR = 300
_PURPOSE = "queue address"


class NameTaken(Exception):
    """The tenant has another queue of this name."""


@dataclass(frozen=True, slots=True)
class QueueSource:
    """One source at one broker. `name` is the tenant's own short name for it; `url` has the password in it.

    `place` is where the messages are, in the words of this kind of broker: exchange and queue, or prefix and
    queues.
    """

    tenant_id: UUID
    source_id: UUID
    kind: Kind
    name: str
    url: str
    place: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a source since it was last told; the counts are what came to them."""

    state: State
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    last_message_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None


def add(tenant: TenantConnection, kind: Kind, name: str, url: str, place: Mapping[str, Any]) -> UUID:
    """Keep a source; returns its id. Raises NameTaken."""
    source_id = uuid4()
    sealed = tenant_keys.seal(tenant, _PURPOSE, url.encode())
    kept = tenant.execute(
        "INSERT INTO queue_sources (tenant_id, source_id, kind, name, sealed_url, place)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, name) WHERE disabled_at IS NULL DO NOTHING",
        [tenant.tenant_id, source_id, kind, name, sealed, Jsonb(dict(place))],
    )
    if not kept.rowcount:
        raise NameTaken(name)
    return source_id


def remove(tenant: TenantConnection, name: str) -> UUID | None:
    """Read a queue no more, and forget its address; None when there is none of this name."""
    row = tenant.execute(
        "UPDATE queue_sources SET disabled_at = now(), sealed_url = '', state = 'stopped'"
        " WHERE tenant_id = %s AND name = %s AND disabled_at IS NULL RETURNING source_id",
        [tenant.tenant_id, name],
    ).fetchone()
    return None if row is None else row[0]


def by_id(tenant: TenantConnection, source_id: UUID) -> QueueSource | None:
    """One source that is not removed. Raises Unsealable."""
    row = tenant.execute(
        "SELECT kind, name, sealed_url, place FROM queue_sources"
        " WHERE tenant_id = %s AND source_id = %s AND disabled_at IS NULL",
        [tenant.tenant_id, source_id],
    ).fetchone()
    if row is None:
        return None
    kind, name, sealed, place = row
    url = tenant_keys.unseal(tenant, _PURPOSE, bytes(sealed)).decode()
    return QueueSource(tenant.tenant_id, source_id, kind, name, url, place)


def listed(tenant: TenantConnection) -> list[dict[str, Any]]:
    """The tenant's sources that are not removed, by name, without their addresses."""
    return tenant.rows(
        "SELECT source_id, kind, name, place, state, seen_at, last_message_at,"
        " last_error, last_error_at, accepted, duplicates, rejected FROM queue_sources"
        " WHERE tenant_id = %s AND disabled_at IS NULL ORDER BY name",
        [tenant.tenant_id],
    )


def everyones(database: Database) -> list[tuple[UUID, UUID, Kind]]:
    """(tenant_id, source_id, kind) of every source that is not removed: whom to serve."""
    with database.job("queue_sources") as connection:
        rows = connection.execute(
            "SELECT tenant_id, source_id, kind FROM queue_sources WHERE disabled_at IS NULL ORDER BY 1, 2"
        )
        return rows.fetchall()


def tell(tenant: TenantConnection, source_id: UUID, seen: Seen) -> None:
    """Keep what was seen of a source; a last message or error stays until there is a newer one."""
    tenant.execute(
        "UPDATE queue_sources SET state = %s, seen_at = now(), accepted = accepted + %s,"
        " duplicates = duplicates + %s, rejected = rejected + %s,"
        " last_message_at = coalesce(%s, last_message_at), last_error = coalesce(%s, last_error),"
        " last_error_at = coalesce(%s, last_error_at)"
        " WHERE tenant_id = %s AND source_id = %s AND disabled_at IS NULL",
        [
            seen.state,
            seen.accepted,
            seen.duplicates,
            seen.rejected,
            seen.last_message_at,
            seen.last_error,
            seen.last_error_at,
            tenant.tenant_id,
            source_id,
        ],
    )
