"""Names that senders use for an event which somebody matched to a real one: what comes under them goes there.

A name keeps its placeholder's id, which follows from it, so doors need not know: the writer finds no event of
this id, and looks here. What it sends on is remembered, so that a match can be undone to the last message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec
import psycopg

from data import recordset
from data.engine import TenantConnection
from data.messages import Message

ACTIVE = "status IN ('moving', 'matched')"
Aliases = Mapping[UUID, tuple[UUID, UUID]]
"""Placeholder → (venue_id, event_id) of the real event."""


class Moved(psycopg.errors.SerializationFailure):
    """An event was matched, or a match undone, while the transaction ran: it begins anew."""


def of(tenant: TenantConnection, events: Iterable[UUID]) -> Aliases:
    """Where what names these placeholders belongs; those that nobody matched are not there."""
    rows = tenant.execute(
        "SELECT event_id, venue_id, real_event_id FROM event_aliases"
        f" WHERE tenant_id = %s AND event_id = ANY(%s) AND {ACTIVE}",
        [tenant.tenant_id, list(events)],
    )
    return {event: (venue, real) for event, venue, real in rows.fetchall()}


def sent_on(messages: Sequence[Message], aliases: Aliases) -> Sequence[Message]:
    """The messages, with the real event in the place of its placeholder."""
    if not aliases:
        return messages
    return [
        msgspec.structs.replace(message, event_id=aliases[message.event_id][1])
        if message.event_id in aliases
        else message
        for message in messages
    ]


def remember(tenant: TenantConnection, messages: Iterable[tuple[UUID, Message]]) -> None:
    """Keep which messages (each with the placeholder that it named) were sent on."""
    rows = [
        {"event_id": event, "message_key": message.key, "occurred_at": message.occurred_at}
        for event, message in messages
    ]
    if rows:
        tenant.execute(
            recordset.insert("moved_messages", ("event_id", "message_key", "occurred_at")),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
        )


def require_unchanged(tenant: TenantConnection, aliases: Aliases, new: Iterable[UUID]) -> None:
    """Look again once the events' locks are held: raises Moved when an event of which nothing was counted was
    matched meanwhile, or one that was sent on is no alias any more."""
    events = {*aliases, *new}
    if events and of(tenant, events) != aliases:
        raise Moved("an event was matched meanwhile")
