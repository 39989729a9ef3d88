"""What a door does with the bytes it was sent: read, write, and say what became of each message."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec

from data.commit import NotStorable, commit
from data.dead_letters import DeadLetter, DeadLetterBox
from data.directory import Directory
from data.door_counts import DoorCounts
from data.engine import Database
from data.facts import Verdict
from data.messages import Message
from data.services import Live, Writer
from ingest.cloudevents import Envelope
from ingest.decoding import message_object
from ingest.group_commit import TooBusy
from ingest.kinds import Kind
from ingest.message import SOURCE, MessageReader, kind_of, sender_id
from ingest.personal_text import scrubbed
from ingest.refusal import Code, Refused

BATCHES_AT_ONCE = 4
"""Batches being read or written at the same time: more would only hold memory."""
WRITES_AT_ONCE = 3
"""Of these, how many write: one computes, PostgreSQL is busy with the second, the disk with the third."""
TRANSACTION = 1_000
"""Messages of a batch in one transaction: single messages of the same event wait no longer than that."""
_WAIT_SECONDS = 20.0

Part = tuple[bytes, Envelope | None]
"""One message of many as it came, and what takes it out of that."""


def door_of(envelope: Envelope | None) -> str:
    """The name of the REST door for messages in such an envelope."""
    return "rest" if envelope is None else "cloudevents"


class Outcome(msgspec.Struct, omit_defaults=True, gc=False):
    """What became of one message. `id` is the sender's own, else the key under which it is known."""

    status: Literal["accepted", "duplicate", "rejected"]
    id: str | None = None
    index: int | None = None
    code: Code | None = None
    field: str | None = None
    value: str | None = None
    detail: str | None = None


class Door:
    """Takes single messages and batches of authenticated senders."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        writer: Writer,
        live: Live,
        dead_letters: DeadLetterBox,
        counts: DoorCounts | None = None,
    ) -> None:
        self._database = database
        self._directory = directory
        self._writer = writer
        self._live = live
        self._dead_letters = dead_letters
        self._counts = counts
        self._batches = threading.BoundedSemaphore(BATCHES_AT_ONCE)
        self._writes = threading.BoundedSemaphore(WRITES_AT_ONCE)

    def single(
        self, tenant_id: UUID, body: bytes, kinds: tuple[Kind, ...] = (), envelope: Envelope | None = None
    ) -> Outcome:
        """The outcome of one message, committed when it is "accepted".

        `kinds` are those the route takes, the first of them by default; all of them without any. `envelope`
        takes the message out of what came.
        Raises Refused, DatabaseUnavailable, TooBusy.
        """
        now, door = datetime.now(UTC), door_of(envelope)
        reader = MessageReader(self._directory, tenant_id, now)
        tried = _Tried(body, reader, kinds, envelope)
        try:
            message = tried.message()
            try:
                verdict: Verdict | NotStorable = self._writer.write(tenant_id, message)
            except NotStorable as error:
                verdict = error
            outcome = tried.outcome(message, verdict)
        except Refused as refusal:
            self._dead_letters.put(tenant_id, [tried.dead_letter(refusal, now, door)])
            self._count(tenant_id, door, ["rejected"], now)
            raise
        self._count(tenant_id, door, [outcome.status], now)
        return outcome

    @contextmanager
    def place_for_a_batch(self) -> Iterator[None]:
        """A batch's turn, to be held from before its body is read: bodies are most of the memory.

        Raises TooBusy.
        """
        if not self._batches.acquire(timeout=_WAIT_SECONDS):
            raise TooBusy(f"{BATCHES_AT_ONCE} batches are under way")
        try:
            yield
        finally:
            self._batches.release()

    def batch(
        self, tenant_id: UUID, parts: Sequence[bytes], envelope: Envelope | None = None
    ) -> list[Outcome]:
        """The outcome of each message of a batch, in order; the good ones are committed.

        Call it in `place_for_a_batch`. Raises DatabaseUnavailable; then some may be, and are
        duplicates the next time.
        """
        parcels = [(part, envelope) for part in parts]
        return self.delivered(tenant_id, parcels, SOURCE, door=door_of(envelope))

    def delivered(
        self,
        tenant_id: UUID,
        parts: Sequence[Part],
        source: str,
        is_last_try: Callable[[int], bool] = lambda _: True,
        door: str = "",
    ) -> list[Outcome]:
        """The same for messages that came each in an envelope of its own, from a source of this name.

        A message that is refused is a dead letter only where it does not come again (by its index). `door` is
        where they are counted, when it has another name than the source.
        """
        now = datetime.now(UTC)
        reader = MessageReader(self._directory, tenant_id, now, source)
        outcomes: list[Outcome] = []
        letters: list[DeadLetter] = []
        # As many are read as are written together: the others stay the bytes they came as.
        for start in range(0, len(parts), TRANSACTION):
            some = parts[start : start + TRANSACTION]
            tries = [_Tried(body, reader, (), envelope, source) for body, envelope in some]
            for index, (tried, outcome) in enumerate(
                zip(tries, self._together(tenant_id, tries), strict=True)
            ):
                if isinstance(outcome, Refused) and is_last_try(start + index):
                    letters.append(tried.dead_letter(outcome, now, door or source))
                outcomes.append(_numbered(start + index, outcome, tried))
        if letters:
            self._dead_letters.put(tenant_id, letters)
        taken = [outcome.status for outcome in outcomes if outcome.status != "rejected"]
        self._count(tenant_id, door or source, [*taken, *["rejected"] * len(letters)], now)
        return outcomes

    def _count(self, tenant_id: UUID, door: str, statuses: Sequence[str], came: datetime) -> None:
        if self._counts is not None and statuses:
            self._counts.add(tenant_id, door, statuses, (datetime.now(UTC) - came).total_seconds())

    def _together(self, tenant_id: UUID, tries: Sequence["_Tried"]) -> list[Outcome | Refused]:
        """Read these and write the good ones in one transaction."""
        outcomes: list[Outcome | Refused] = [_UNKNOWN] * len(tries)
        good: list[tuple[int, Message]] = []
        for index, tried in enumerate(tries):
            try:
                good.append((index, tried.message()))
            except Refused as refusal:
                outcomes[index] = refusal
        if good:
            with self._writes:
                verdicts = commit(self._database, self._live, tenant_id, [message for _, message in good])
            for (index, message), verdict in zip(good, verdicts, strict=True):
                try:
                    outcomes[index] = tries[index].outcome(message, verdict)
                except Refused as refusal:
                    outcomes[index] = refusal
        return outcomes


_UNKNOWN = Outcome("rejected")


class _Tried:
    """One message of a request on its way from bytes to outcome."""

    __slots__ = ("_body", "_envelope", "_kind", "_kinds", "_raw", "_reader", "_source")

    def __init__(
        self,
        body: bytes,
        reader: MessageReader,
        kinds: tuple[Kind, ...],
        envelope: Envelope | None,
        source: str = SOURCE,
    ) -> None:
        self._body = body
        self._reader = reader
        self._kinds = kinds
        self._envelope = envelope
        self._source = source
        self._raw: dict[str, object] | None = None
        self._kind: Kind | None = None

    def message(self) -> Message:
        """The message in the bytes. Raises Refused."""
        self._raw = message_object(self._body)
        if self._envelope is not None:
            self._raw = self._envelope(self._raw)
        self._kind = kind_of(self._raw, self._kinds)
        return self._reader.read(self._raw, self._kind)

    def id(self) -> str | None:
        """The sender's own id."""
        return None if self._raw is None else sender_id(self._raw)

    def outcome(self, message: Message, verdict: Verdict | NotStorable) -> Outcome:
        """What the writer's verdict means for the sender. Raises Refused for a rejection."""
        if isinstance(verdict, NotStorable):
            raise Refused("not-storable", "The database refused this message.")
        if verdict == "other_venue":
            raise Refused("other-venue", "This event is at another venue.", "venueId", message.venue_id)
        return Outcome(verdict, self.id() or str(message.key))

    def dead_letter(self, refusal: Refused, received_at: datetime, door: str) -> DeadLetter:
        """The refused message, fit to be kept; of what is no JSON object only its size."""
        payload = "" if self._raw is None else self._reader.storable(self._raw, self._kind)
        detail = refusal.detail if payload else f"{refusal.detail} ({len(self._body):,} bytes)"
        field = None if refusal.field is None else scrubbed(refusal.field)
        kind = None if self._kind is None else self._kind.type
        identity = None
        if self._raw is not None and self._kind is not None:
            identity = self._reader.identity(self._raw, self._kind)
        return DeadLetter(
            received_at, self._source, refusal.code, field, scrubbed(detail), payload, door, kind, identity
        )


def _numbered(index: int, outcome: Outcome | Refused, tried: _Tried) -> Outcome:
    if isinstance(outcome, Refused):
        return Outcome(
            "rejected", tried.id(), index, outcome.code, outcome.field, outcome.value, outcome.detail
        )
    outcome.index = index
    return outcome
