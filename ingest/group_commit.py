"""Single messages that arrive together share a transaction; each is answered after its commit.

One thread per process writes. While it commits, messages gather; when it is free again it waits a
few milliseconds for the senders it has just answered, and takes all that are there. So a busy door
commits some tens of times a second whatever the number of senders, and a sender that is alone
never waits for others.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from data.commit import NotStorable, commit
from data.engine import Database, DatabaseUnavailable
from data.facts import Verdict
from data.messages import Message
from data.services import Live

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
MOST_TOGETHER = 1_000
LONGEST_WAIT_SECONDS = 30.0


class TooBusy(Exception):
    """More messages wait than will be written soon: try again later."""


class GroupCommit:
    """Writes single messages, many per transaction. `write` may be called from any thread."""

    def __init__(self, database: Database, live: Live, *, wait_seconds: float) -> None:
        self._database = database
        self._live = live
        self._wait_seconds = wait_seconds
        self._arrived = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._wanted = self._expected = 1
        self._closed = False
        self._thread: threading.Thread | None = None

    def write(self, tenant_id: UUID, message: Message) -> Verdict:
        """The verdict, once the message's transaction is committed.

        Raises DatabaseUnavailable, TooBusy or NotStorable; then the message was not accepted, or
        (after a wait of 30 seconds) nobody knows, and sending it again is harmless.
        """
        waiting = _Waiting(tenant_id, message)
        with self._arrived:
            if self._closed:
                raise DatabaseUnavailable("this process is stopping")
            if len(self._queue) >= MOST_WAITING:
                raise TooBusy(f"{MOST_WAITING:,} messages are waiting")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
                self._thread.start()
            self._queue.append(waiting)
            if len(self._queue) >= self._wanted:
                self._arrived.notify()
        return waiting.verdict()

    def close(self) -> None:
        """Take nothing more, write what waits, and end the thread."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
        if self._thread is not None:
            self._thread.join(LONGEST_WAIT_SECONDS)

    def _run(self) -> None:
        while group := self._gather():
            for tenant_id in dict.fromkeys(waiting.tenant_id for waiting in group):
                self._commit(tenant_id, [waiting for waiting in group if waiting.tenant_id == tenant_id])
            with self._arrived:
                # Whoever was answered just now, or came meanwhile, is likely to be back in a moment.
                self._expected = min(len(group) + len(self._queue), MOST_TOGETHER)

    def _gather(self) -> list["_Waiting"]:
        """The next messages to commit together; empty at the end.

        Where several senders were at it a moment ago, they are waited for, but not for long: a
        sender that is alone is never kept waiting.
        """
        with self._arrived:
            self._wait_for(1, None)
            if self._expected > 1:
                self._wait_for(self._expected, self._wait_seconds)
            return [self._queue.popleft() for _ in range(min(MOST_TOGETHER, len(self._queue)))]

    def _wait_for(self, count: int, seconds: float | None) -> None:
        """Wait until so many messages are there, the time is over, or the door closes."""
        self._wanted = count  # Senders wake this thread only then, and not each of them.
        self._arrived.wait_for(lambda: len(self._queue) >= count or self._closed, seconds)
        self._wanted = 1

    def _commit(self, tenant_id: UUID, group: Sequence["_Waiting"]) -> None:
        """Commit one tenant's messages and let every sender know; never raises."""
        try:
            verdicts = commit(self._database, self._live, tenant_id, [waiting.message for waiting in group])
        except Exception as error:
            if not isinstance(error, DatabaseUnavailable):
                log.exception("a group commit failed")
            for waiting in group:
                waiting.fail(error)
            return
        for waiting, verdict in zip(group, verdicts, strict=True):
            if isinstance(verdict, NotStorable):
                waiting.fail(verdict)
            else:
                waiting.succeed(verdict)


class OneByOne:
    """Writes every message in a transaction of its own (GROUP_COMMIT=false)."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live

    def write(self, tenant_id: UUID, message: Message) -> Verdict:
        """The verdict, once the message is committed. Raises DatabaseUnavailable or NotStorable."""
        verdict = commit(self._database, self._live, tenant_id, [message])[0]
        if isinstance(verdict, NotStorable):
            raise verdict
        return verdict

    def close(self) -> None:
        """Nothing waits here."""


class _Waiting:
    """One message and the thread that waits for its commit."""

    __slots__ = ("_done", "_error", "_verdict", "message", "tenant_id")

    def __init__(self, tenant_id: UUID, message: Message) -> None:
        self.tenant_id = tenant_id
        self.message = message
        self._verdict: Verdict | None = None
        self._error: Exception | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def succeed(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._done.release()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._done.release()

    def verdict(self) -> Verdict:
        if not self._done.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise DatabaseUnavailable("no commit in time; whether it will still come is unknown")
        if self._verdict is not None:
            return self._verdict
        # An exception of one's own: the same object raised in many threads would mix their traces.
        error = self._error
        if isinstance(error, DatabaseUnavailable | NotStorable):
            raise type(error)(str(error)) from error
        raise RuntimeError("the transaction failed") from error
