"""Messages as they are kept, to a collection of MongoDB: one document each, under the message's own key.

Customers in them are keyed hashes, as in PostgreSQL (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pymongo import MongoClient, ReplaceOne
from pymongo.errors import PyMongoError

from data.engine import TenantConnection
from data.sink_rows import Copied
from data.sinks import Sink
from jobs.sink_kind import NotTaken

TIMEOUT_MILLISECONDS = 30_000
_LARGEST = 1 << 63
Document = dict[str, Any]


class MongoDB:
    """One collection."""

    payload = True

    def __init__(self, sink: Sink, client: Any = None) -> None:
        """`client` is what is used in place of a client of the sink's address."""
        self._client = client or MongoClient(
            sink.secret["url"],
            timeoutMS=TIMEOUT_MILLISECONDS,
            serverSelectionTimeoutMS=TIMEOUT_MILLISECONDS,
            tz_aware=True,
            appname="housecount",
        )
        self._collection = self._client[sink.place["database"]][sink.place["collection"]]

    def prepare(self, tenant: TenantConnection, found: Sequence[Copied]) -> list[Document]:
        """A document for each message."""
        return [document(tenant.tenant_id, each) for each in found]

    def send(self, prepared: Sequence[Any]) -> None:
        """Put them there, each in place of what may be under its key. Raises NotTaken."""
        if not prepared:
            return
        writes = [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in prepared]
        try:
            self._collection.bulk_write(writes, ordered=False)
        except PyMongoError as error:
            raise NotTaken(f"It was not written: {type(error).__name__}.") from None

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


def document(tenant_id: UUID, message: Copied) -> Document:
    """A message as MongoDB keeps it. Its id has the tenant in it: several may share a collection."""
    return {
        "_id": f"{tenant_id}/{message.message_key}",
        "tenantId": str(tenant_id),
        "venueId": str(message.venue_id),
        "eventId": str(message.event_id),
        "type": message.type,
        "source": message.source,
        "occurredAt": message.occurred_at,
        "receivedAt": message.received_at,
        "payload": storable(message.payload),
    }


def storable(value: Any) -> Any:
    """A JSON value as BSON can hold it: dots and leading dollars in names become wide ones, for they mean
    something in queries; a number beyond 64 bits becomes text."""
    if isinstance(value, Mapping):
        return {_name(str(name)): storable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST <= value < _LARGEST:
        return str(value)
    return value


def _name(name: str) -> str:
    name = name.replace(".", "\N{FULLWIDTH FULL STOP}")
    return f"\N{FULLWIDTH DOLLAR SIGN}{name[1:]}" if name.startswith("$") else name
