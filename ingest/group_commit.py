"""Single messages that arrive together share a transaction; each is answered after its commit.

One thread at a time writes a tenant's messages. While it commits, messages gather; when it is back
it waits a few milliseconds for the senders it has just answered, and takes all that are there. So a
busy door commits some tens of times a second whatever the number of senders, and a sender that is
alone never waits for others. A second thread takes the next tenant, so that one whose events are
locked does not hold up the others.
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
WRITERS = 2


class TooBusy(Exception):
    """More messages wait than will be written soon: try again later."""


class GroupCommit:
    """Writes single messages, many per transaction. `write` may be called from any thread."""

    def __init__(self, database: Database, live: Live, *, wait_seconds: float) -> None:
        self._database = database
        self._live = live
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._lines: dict[UUID, _Line] = {}
        self._ready: deque[_Line] = deque()  # With messages, and without a thread that writes them.
        self._waiting = 0
        self._closed = False
        self._threads: list[threading.Thread] = []

    def write(self, tenant_id: UUID, message: Message) -> Verdict:
        """The verdict, once the message's transaction is committed.

        Raises DatabaseUnavailable, TooBusy or NotStorable; then the message was not accepted, or
        (after a wait of 30 seconds) nobody knows, and sending it again is harmless.
        """
        waiting = _Waiting(message)
        with self._lock:
            if self._closed:
                raise DatabaseUnavailable("this process is stopping")
            if self._waiting >= MOST_WAITING:
                raise TooBusy(f"{MOST_WAITING:,} messages are waiting")
            self._start()
            line = self._lines.get(tenant_id)
            if line is None:
                line = self._lines[tenant_id] = _Line(tenant_id, self._lock)
            self._waiting += 1
            line.queue.append(waiting)
            if line.claimed:
                if len(line.queue) == line.wanted:
                    line.complete.notify()
            elif len(line.queue) == 1:
                self._ready.append(line)
                self._idle.notify()
        return waiting.verdict()

    def waiting(self) -> int:
        """Messages that no transaction has taken up yet."""
        with self._lock:
            return self._waiting

    def close(self) -> None:
        """Take nothing more, write what waits, and end the threads."""
        with self._lock:
            self._closed = True
            self._idle.notify_all()
            for line in self._lines.values():
                line.complete.notify()
        for thread in self._threads:
            thread.join(LONGEST_WAIT_SECONDS)

    def _start(self) -> None:
        while len(self._threads) < WRITERS:
            thread = threading.Thread(
                target=self._run, name=f"group-commit-{len(self._threads)}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while line := self._claim():
            group = self._gather(line)
            self._commit(line.tenant_id, group)
            with self._lock:
                # Whoever was answered just now, or came meanwhile, is likely to be back in a moment.
                line.expected = min(len(group) + len(line.queue), MOST_TOGETHER)
                line.claimed = False
                if line.queue:
                    self._ready.append(line)
                    self._idle.notify()

    def _claim(self) -> "_Line | None":
        """The tenant whose turn it is: from now on no other thread writes its messages. None at the end."""
        with self._lock:
            self._idle.wait_for(lambda: self._ready or self._closed)
            if not self._ready:
                return None
            line = self._ready.popleft()
            line.claimed = True
            return line

    def _gather(self, line: "_Line") -> list["_Waiting"]:
        """The tenant's next messages to commit together.

        Where several senders were at it a moment ago, they are waited for, but not for long: a
        sender that is alone is never kept waiting.
        """
        with self._lock:
            if len(line.queue) < line.expected and not self._closed:
                line.wanted = line.expected  # Senders wake this thread only then, and not each of them.
                line.complete.wait_for(
                    lambda: len(line.queue) >= line.expected or self._closed, self._wait_seconds
                )
                line.wanted = 0
            group = [line.queue.popleft() for _ in range(min(MOST_TOGETHER, len(line.queue)))]
            self._waiting -= len(group)
            return group

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


class _Line:
    """One tenant's messages that wait."""

    __slots__ = ("claimed", "complete", "expected", "queue", "tenant_id", "wanted")

    def __init__(self, tenant_id: UUID, lock: threading.Lock) -> None:
        self.tenant_id = tenant_id
        self.queue: deque[_Waiting] = deque()
        self.claimed = False
        self.expected = 1
        self.wanted = 0  # The length at which a gathering thread is to be woken; 0 while none gathers.
        self.complete = threading.Condition(lock)


class _Waiting:
    """One message and the thread that waits for its commit."""

    __slots__ = ("_done", "_error", "_verdict", "message")

    def __init__(self, message: Message) -> None:
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
