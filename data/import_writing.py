"""A part of an imported file into the ledger: its messages, its counts and its errors in one transaction.

It is the ledger's own writer that writes. What is noted besides is what an undoing needs: the keys of the
messages that were new, and how the events stood before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from data import facts, recordset
from data.conflicts import retried
from data.engine import REFUSALS, Database, TenantConnection
from data.import_work import keep_errors
from data.imports import Import, RowError
from data.messages import NO_EVENT, Message
from data.rollups import EventKey

EVENT_COLUMNS = (
    "name, doors_at, starts_at, ends_at, on_sale_at, physical_capacity, sellable_capacity, status, registered"
)
"""What an import can change of an event, and an undoing puts back."""
_CLOCKS = timedelta(seconds=2)
"""Added around the time of writing by which messages are found again."""


class NotWanted(Exception):
    """Somebody cancelled it, or another process has it now: nothing of this part was written."""


@dataclass(slots=True)
class Part:
    """Rows of a file, from `first` to `last`: their messages by row number, and those that are refused."""

    first: int
    last: int
    messages: list[tuple[int, Message]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    progress: int = 0


def write(database: Database, found: Import, tenant_id: UUID, part: Part) -> Mapping[EventKey, int]:
    """Commit a part; returns the new versions of the events that changed. Where PostgreSQL refuses a message,
    halves are tried until it stands alone, and its row is refused. Raises NotWanted, DatabaseUnavailable."""
    try:
        return retried(lambda: _write(database, found, tenant_id, part))
    except REFUSALS:
        if len(part.messages) <= 1:
            refused = [
                RowError(row, "not-storable", None, None, "The database refused this row.")
                for row, _ in part.messages
            ]
            if not refused:
                raise
            alone = Part(part.first, part.last, [], [*part.errors, *refused], part.progress)
            return retried(lambda: _write(database, found, tenant_id, alone))
    row = part.messages[len(part.messages) // 2][0]
    lower = Part(part.first, row - 1, progress=part.progress)
    upper = Part(row, part.last, progress=part.progress)
    for number, message in part.messages:
        (lower if number < row else upper).messages.append((number, message))
    for problem in part.errors:
        (lower if problem.row < row else upper).errors.append(problem)
    return {
        **write(database, found, tenant_id, lower),
        **write(database, found, tenant_id, upper),
    }


def _write(database: Database, found: Import, tenant_id: UUID, part: Part) -> dict[EventKey, int]:
    with database.tenant(tenant_id) as tenant:
        begun = datetime.now(UTC) - _CLOCKS
        messages = [message for _, message in part.messages]
        _remember_events(tenant, found, messages)
        if found.kind == "events":
            _enter(tenant, messages)
        written = facts.write_within(tenant, messages)
        errors, new = list(part.errors), []
        for (row, message), verdict in zip(part.messages, written.verdicts, strict=True):
            if verdict == "other_venue":
                errors.append(RowError(row, "other-venue", None, None, "This event is at another venue."))
            elif verdict == "accepted":
                new.append(message)
        if found.kind == "events" and new:
            _register(tenant, new)
        if new:
            tenant.execute(
                "INSERT INTO import_parts (tenant_id, import_id, first_row, message_keys, written_from,"
                " written_until) VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    tenant_id,
                    found.import_id,
                    part.first,
                    [message.key for message in new],
                    begun,
                    datetime.now(UTC) + _CLOCKS,
                ],
            )
        duplicates = len(messages) - len(new) - (len(errors) - len(part.errors))
        count(tenant, found, part, len(new), duplicates, errors)
        return written.versions


def count(
    tenant: TenantConnection,
    found: Import,
    part: Part,
    accepted: int,
    duplicates: int,
    errors: Sequence[RowError],
) -> None:
    """Add what became of a part; the transaction holds only if the import is still wanted from this process.
    Raises NotWanted."""
    row = tenant.execute(
        "UPDATE imports SET rows_done = %(last)s, accepted = accepted + %(accepted)s,"
        " duplicates = duplicates + %(duplicates)s, rejected = rejected + %(rejected)s,"
        " progress = %(progress)s, tries = 1"
        " WHERE tenant_id = %(tenant)s AND import_id = %(id)s AND status = 'running'"
        " AND attempts = %(attempts)s AND rows_done < %(first)s RETURNING rejected",
        {
            "tenant": tenant.tenant_id,
            "id": found.import_id,
            "attempts": found.attempts,
            "first": part.first,
            "last": part.last,
            "accepted": accepted,
            "duplicates": duplicates,
            "rejected": len(errors),
            "progress": part.progress,
        },
    ).fetchone()
    if row is None:
        raise NotWanted
    keep_errors(tenant, found.import_id, sorted(errors), row[0] - len(errors))


def _remember_events(tenant: TenantConnection, found: Import, messages: Sequence[Message]) -> None:
    """Keep how the events of these messages stand before the import first touches them; NULL for those that
    are not there."""
    events = {(m.venue_id, m.event_id) for m in messages if m.event_id != NO_EVENT}
    rows = [{"venue_id": venue, "event_id": event} for venue, event in sorted(events)]
    if rows:
        tenant.execute(
            "INSERT INTO import_events (tenant_id, import_id, venue_id, event_id, before)"
            " SELECT %(tenant)s, %(import)s, r.venue_id, r.event_id, (SELECT to_jsonb(e)"
            f" FROM (SELECT {EVENT_COLUMNS} FROM events WHERE tenant_id = %(tenant)s"
            " AND venue_id = r.venue_id AND event_id = r.event_id) e)"
            " FROM json_to_recordset(%(rows)s::json) AS r (venue_id uuid, event_id uuid)"
            " ON CONFLICT DO NOTHING",
            {"tenant": tenant.tenant_id, "import": found.import_id, "rows": recordset.encode(rows)},
        )


def _enter(tenant: TenantConnection, messages: Sequence[Message]) -> None:
    """Make the events that are not there: somebody enters them, so they are no placeholders."""
    refs = {(m.venue_id, m.event_id): m.event_ref for m in messages}
    rows = [
        {"venue_id": venue, "event_id": event, "external_id": None if ref == str(event) else ref}
        | {"name": ref, "registered": True}
        for (venue, event), ref in sorted(refs.items())
    ]
    if rows:
        columns = ("venue_id", "event_id", "external_id", "name", "registered")
        tenant.execute(
            recordset.insert("events", columns),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
        )


def _register(tenant: TenantConnection, messages: Sequence[Message]) -> None:
    """Somebody entered these events: they are no longer known by messages alone."""
    tenant.execute(
        "UPDATE events SET registered = true WHERE tenant_id = %s AND event_id = ANY(%s) AND NOT registered",
        [tenant.tenant_id, [message.event_id for message in messages]],
    )
