"""An import taken back: its messages, facts and all that followed from them, as if it had never been.

Facts are never changed by the application, which has no right to; this runs as the owner of the tables,
within the tenant's policies, as an erasure does. It goes part by part, the last one first, each in one
transaction with everything that is summed from it; so figures are right at every moment, and a process that
was killed is gone on after. What cannot be taken back: months that are archived, and milestones that were
reached meanwhile.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from data import (
    archived,
    house_count,
    import_events,
    recordset,
    rollup_tables,
    rollups,
    venue_updates,
)
from data.archived import Wanted
from data.conflicts import retried
from data.engine import TenantConnection
from data.erasure import as_owner
from data.imports import Import
from data.keys import MasterKeys
from data.messages import NO_EVENT, Fact, Message, SaleLine, Scan, VenueUpdate
from data.rollups import EventKey

_KINDS: dict[str, type[Fact]] = {
    "ticket_sales": SaleLine,
    "ticket_scans": Scan,
    "venue_updates": VenueUpdate,
}
"""The facts that rows of files become."""


PAUSE_SECONDS = 1.0
"""Within which a writer that had found an event there comes to where it waits for the event's lock."""


class NotUndoable(Exception):
    """Something of the import is not in the tables any more; the text says what."""


class NotWanted(Exception):
    """Another process has it now."""


def check(owner_url: str, master: MasterKeys, tenant_id: UUID, found: Import) -> None:
    """Raises NotUndoable, DatabaseUnavailable."""
    with as_owner(owner_url, master, tenant_id) as tenant:
        rows = tenant.execute(
            "SELECT event_id FROM import_events WHERE tenant_id = %s AND import_id = %s",
            [tenant_id, found.import_id],
        )
        _require_whole(tenant, [event for (event,) in rows.fetchall()])


def take_back_part(
    owner_url: str, master: MasterKeys, tenant_id: UUID, found: Import
) -> dict[EventKey, int] | None:
    """Take back the last part that is left; the new versions of its events, None when no part is left.

    Raises NotUndoable, NotWanted, DatabaseUnavailable; then nothing of the part is changed."""

    def transaction() -> dict[EventKey, int] | None:
        with as_owner(owner_url, master, tenant_id) as tenant:
            return _take_back(tenant, found)

    return retried(transaction)


def finish(owner_url: str, master: MasterKeys, tenant_id: UUID, found: Import) -> None:
    """Remove the events that only the import knew of. Raises DatabaseUnavailable."""

    def forget() -> list[dict[str, Any]]:
        with as_owner(owner_url, master, tenant_id) as tenant:
            removed = import_events.forget_new(tenant, found)
            key = [tenant_id, found.import_id]
            tenant.execute("DELETE FROM import_events WHERE tenant_id = %s AND import_id = %s", key)
            return removed

    removed = retried(forget)
    if not removed:
        return
    time.sleep(PAUSE_SECONDS)

    def look_again() -> None:
        with as_owner(owner_url, master, tenant_id) as tenant:
            import_events.name_again(tenant, removed)

    retried(look_again)


def _take_back(tenant: TenantConnection, found: Import) -> dict[EventKey, int] | None:
    key = {"tenant": tenant.tenant_id, "import": found.import_id}
    row = tenant.execute(_LAST_PART, key).fetchone()
    if row is None:
        return None
    first, keys, since, until = row
    if archived.missing(tenant, [Wanted("messages", since, until)]):
        raise NotUndoable(_ARCHIVED)
    placed = tenant.rows(_MESSAGES, key | {"keys": keys, "since": since, "until": until})
    if len(placed) != len(keys):
        raise NotUndoable("Some of its messages are not there any more.")
    touched = sorted({(row["venue_id"], row["event_id"]) for row in placed if row["event_id"] != NO_EVENT})
    _require_whole(tenant, [event for _, event in touched])
    new = rollup_tables.lock(tenant, touched)
    messages = _messages(tenant, placed)
    for table in _KINDS:
        tenant.execute(
            f"DELETE FROM {table} f USING {_PLACES} WHERE {_SAME}",
            {"tenant": tenant.tenant_id, "rows": _places(placed)},
        )
    tenant.execute(_FORGET_MESSAGES, key | {"keys": keys, "since": since, "until": until})
    tenant.execute(
        "DELETE FROM message_keys WHERE tenant_id = %s AND message_key = ANY(%s)", [tenant.tenant_id, keys]
    )
    events = recordset.Events()
    increments = rollups.of(messages)
    for own in increments.values():
        own.negate()
    house_count.take_back(tenant, events, messages, increments)
    versions = rollup_tables.add(tenant, events, messages, increments, new, taken_back=True)
    import_events.put_back(tenant, found, messages)
    venue_updates.apply(tenant, messages)
    tenant.execute(
        "DELETE FROM import_parts WHERE tenant_id = %(tenant)s AND import_id = %(import)s"
        " AND first_row = %(first)s",
        key | {"first": first},
    )
    noted = tenant.execute(
        "UPDATE imports SET undone = undone + %(many)s, tries = 1,"
        " progress = least(99, 100 * (undone + %(many)s) / greatest(accepted, 1))"
        " WHERE tenant_id = %(tenant)s AND import_id = %(import)s AND status = 'undoing'"
        " AND attempts = %(attempts)s",
        key | {"many": len(keys), "attempts": found.attempts},
    )
    if noted.rowcount == 0:
        raise NotWanted
    return versions


def _require_whole(tenant: TenantConnection, events: Sequence[UUID]) -> None:
    if any(archived.holds(tenant, event) for event in events):
        raise NotUndoable(_ARCHIVED)


def _messages(tenant: TenantConnection, placed: Sequence[dict[str, Any]]) -> list[Message]:
    """The messages with their facts, as the writer had them."""
    facts: dict[UUID, list[Fact]] = defaultdict(list)
    parameters = {"tenant": tenant.tenant_id, "rows": _places(placed)}
    for table, kind in _KINDS.items():
        names = [name for name in kind.__struct_fields__ if name not in ("restores", "metadata")]
        columns = ", ".join(f"f.{name}::text" if name == "value" else f"f.{name}" for name in names)
        for key, *values in tenant.execute(
            f"SELECT f.message_key, {columns} FROM {table} f, {_PLACES} WHERE {_SAME}"
            " ORDER BY f.message_key, f.line",
            parameters,
        ).fetchall():
            facts[key].append(kind(**dict(zip(names, values, strict=True))))
    return [
        Message(
            row["message_key"],
            row["type"],
            row["source"],
            row["venue_id"],
            row["event_id"],
            "",
            row["occurred_at"],
            "{}",
            tuple(facts[row["message_key"]]),
        )
        for row in placed
    ]


def _places(placed: Sequence[dict[str, Any]]) -> str:
    wanted = ("message_key", "venue_id", "event_id", "occurred_at")
    return msgspec.json.encode([{name: row[name] for name in wanted} for row in placed]).decode()


_ARCHIVED = (
    "Some of what it wrote is archived by now. The operator can bring those months back:"
    f" {archived.COMMAND}. Then it can be undone."
)
_LAST_PART = """
SELECT first_row, message_keys, written_from, written_until FROM import_parts
WHERE tenant_id = %(tenant)s AND import_id = %(import)s ORDER BY first_row DESC LIMIT 1 FOR UPDATE
"""
_MESSAGES = """
SELECT message_key, type, source, venue_id, event_id, occurred_at FROM messages
WHERE tenant_id = %(tenant)s AND received_at BETWEEN %(since)s AND %(until)s AND message_key = ANY(%(keys)s)
ORDER BY message_key
"""
_FORGET_MESSAGES = """
DELETE FROM messages
WHERE tenant_id = %(tenant)s AND received_at BETWEEN %(since)s AND %(until)s AND message_key = ANY(%(keys)s)
"""
_PLACES = (
    "json_to_recordset(%(rows)s::json)"
    " AS r (message_key uuid, venue_id uuid, event_id uuid, occurred_at timestamptz)"
)
_SAME = (
    "f.tenant_id = %(tenant)s AND f.venue_id = r.venue_id AND f.event_id = r.event_id"
    " AND f.occurred_at = r.occurred_at AND f.message_key = r.message_key"
)
