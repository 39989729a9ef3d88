"""Messages that were refused, kept with the reason until somebody looks at them."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID, uuid4

import psycopg

from data import recordset, webhook_outbox
from data.engine import Database, DatabaseUnavailable, TenantConnection
from data.webhook_events import MessagesRefused

log = logging.getLogger(__name__)

LONGEST_PAYLOAD = 64 * 1024
MOST_WAITING = 20_000
MOST_CHARACTERS = 16_000_000
"""Of all waiting payloads together: a few of the longest must not weigh as much as all the others."""
_AT_ONCE = 500
_MOST_TOLD = 20
"""Senders and reasons that webhooks tell of at a time: the dead letters have the others."""
_GATHER_SECONDS = 0.1
_RETRY_SECONDS = 2.0

_COLUMNS = (
    "dead_letter_id",
    "received_at",
    "source",
    "code",
    "field",
    "detail",
    "payload",
    "door",
    "type",
    "identity",
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused message: machine `code`, the field at fault, and its content without personal data.

    `door` is where it came, when that has another name than the source; `type` its message type, as far as it
    is one; `identity` the key under which it would be known without an id of its sender's.
    """

    received_at: datetime
    source: str
    code: str
    field: str | None
    detail: str
    payload: str
    door: str = ""
    type: str | None = None
    identity: UUID | None = None


def keep(tenant: TenantConnection, letters: Sequence[DeadLetter]) -> None:
    """Insert refused messages of the tenant; payloads are cut at 64 Ki characters."""
    rows = [
        {
            "dead_letter_id": uuid4(),
            "received_at": letter.received_at.astimezone(UTC),
            "source": letter.source,
            "code": letter.code,
            "field": letter.field,
            "detail": letter.detail,
            "payload": letter.payload[:LONGEST_PAYLOAD],
            "door": letter.door or letter.source,
            "type": letter.type,
            "identity": letter.identity,
        }
        for letter in letters
    ]
    tenant.execute(
        recordset.insert("dead_letters", _COLUMNS),
        {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
    )
    reasons = {(letter.source, letter.code): letter for letter in reversed(letters)}
    told = [
        MessagesRefused(source=source, code=code, field=letter.field, first_at=letter.received_at)
        for (source, code), letter in islice(sorted(reasons.items(), key=lambda each: each[0]), _MOST_TOLD)
    ]
    webhook_outbox.put(tenant, told, datetime.now(UTC))


class DeadLetterBox:
    """Takes refused messages without making anybody wait; one thread writes them a little later.

    The sender has been told why, so a letter is a convenience: at most 20,000 or 16 million
    characters wait, and when more come (a flood, or PostgreSQL away for long) the newest are counted
    in the log instead.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[UUID, DeadLetter]] = deque()
        self._characters = 0  # Of those that wait and of those being written.
        self._changed = threading.Condition()
        self._writing = False
        self._closed = False
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def put(self, tenant_id: UUID, letters: Sequence[DeadLetter]) -> None:
        """Have these kept soon. Returns at once, never raises."""
        with self._changed:
            for letter in letters:
                size = len(letter.payload)
                if len(self._waiting) < MOST_WAITING and self._characters + size <= MOST_CHARACTERS:
                    self._waiting.append((tenant_id, letter))
                    self._characters += size
                else:
                    self._dropped += 1
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="dead-letters", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was put is written; False when that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._writing, timeout)

    def close(self) -> None:
        """Write what waits, if PostgreSQL lets us, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._closed)
                if not self._waiting:
                    return
                if not self._closed:
                    self._changed.wait_for(lambda: self._closed, _GATHER_SECONDS)
                group = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                dropped, self._dropped = self._dropped, 0
                self._writing = True
            if dropped:
                log.warning("refused messages were not kept: too many at once", extra={"count": dropped})
            unwritten = self._write(group)
            with self._changed:
                self._writing = False
                self._waiting.extendleft(reversed(unwritten))
                self._characters = sum(len(letter.payload) for _, letter in self._waiting)
                self._changed.notify_all()
                if unwritten:
                    if self._closed:
                        return
                    self._changed.wait_for(lambda: self._closed, _RETRY_SECONDS)

    def _write(self, group: Sequence[tuple[UUID, DeadLetter]]) -> list[tuple[UUID, DeadLetter]]:
        """Write each tenant's letters; returns those to try again."""
        unwritten: list[tuple[UUID, DeadLetter]] = []
        for tenant_id in dict.fromkeys(owner for owner, _ in group):
            letters = [letter for owner, letter in group if owner == tenant_id]
            try:
                with self._database.tenant(tenant_id) as tenant:
                    keep(tenant, letters)
            except DatabaseUnavailable:
                unwritten += [(tenant_id, letter) for letter in letters]
            except psycopg.Error:
                log.exception("refused messages could not be kept", extra={"count": len(letters)})
        return unwritten
