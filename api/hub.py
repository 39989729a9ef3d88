"""The hub: one event loop and one subscriber to Redis per web process, for all its live sockets."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from websockets.frames import CloseCode

from api.sockets import Client, adopt
from api.subscriptions import Subscriptions
from api.updates import alive, encode
from data.audit_entry import Actor
from data.audit_log import Trail
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.live_channel import LiveChannel
from data.live_publisher import LivePublisher

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

RECONCILE_SECONDS = 1.0
PING_SECONDS = 25.0
BEAT_SECONDS = 5.0
RECHECK_SECONDS = 60.0
"""How often it is asked whether the credentials of sockets still hold, unless sessions are short."""
ROLL_SECONDS = 30.0

MOST_STRANGERS = 32
"""Sockets at a time that stay only to be told why they must close; they take nobody's place."""

SIGNED_OUT = (4401, "the session has ended")
INTERRUPTED = (CloseCode.TRY_AGAIN_LATER, "live updates are interrupted")
RESTARTING = (CloseCode.GOING_AWAY, "the server is restarting")


class Hub:
    """All live sockets of a process; everything about them happens on the hub's own thread."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        live: LivePublisher,
        trail: Trail,
        *,
        prefix: str,
        most_sockets: int,
        ping_seconds: float,
        recheck_seconds: float,
    ) -> None:
        self._telemetry = live.telemetry
        self._most_sockets = most_sockets
        self._ping_seconds = ping_seconds
        self.recheck_seconds = recheck_seconds
        self._closing = False
        self._clients: set[Client] = set()
        self._callers: Counter[UUID | None] = Counter()
        self._strangers: set[Client] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._reading = ThreadPoolExecutor(4, thread_name_prefix="live-read")
        self._channel = LiveChannel(
            live.store.url, prefix, received=self._received, found=self._found, lost=self._lost
        )
        self._subscriptions = Subscriptions(self, self._channel, database, directory, live, trail)
        self._thread = threading.Thread(target=self._run, name="live-hub", daemon=True)
        self._thread.start()

    @property
    def there(self) -> bool:
        """Whether sockets can be served: the subscription to Redis stands."""
        return self._channel.there

    @property
    def full(self) -> bool:
        """Whether the process has as many sockets as it may have."""
        return len(self._clients) - len(self._strangers) >= self._most_sockets

    @property
    def crowded(self) -> bool:
        """Whether as many sockets as may be are still being told goodbye."""
        return len(self._strangers) >= MOST_STRANGERS

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return len(self._clients)

    def sockets_of(self, actor: Actor) -> int:
        """How many of them one person, whatever the session, or one token has."""
        return self._callers[actor.id]

    def add(self, client: Client, connection: socket.socket, goodbye: tuple[int, str] | None = None) -> None:
        """Serve a connection whose handshake was accepted; with a `goodbye`, only to close it so."""
        asyncio.run_coroutine_threadsafe(self._adopt(client, connection, goodbye), self._loop)

    def roll(self) -> None:
        """Bring those who follow venues the events of the business day now instead of in a while."""
        asyncio.run_coroutine_threadsafe(_logged(self._subscriptions.roll()), self._loop)

    def sign_out(self, session_id: UUID) -> None:
        """Close the session's sockets in this process; those elsewhere are found at the next recheck."""
        with contextlib.suppress(RuntimeError):  # The process stops, and its sockets with it.
            self._loop.call_soon_threadsafe(self._sign_out, session_id)

    def close(self) -> None:
        """Say goodbye to every client and stop; a second call does nothing."""
        self._closing = True
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)

    # What sockets tell

    def asked(self, client: Client, message: dict[str, Any]) -> None:
        """Pass it on."""
        self._subscriptions.asked(client, message)

    def caught_up(self, client: Client, missed: Iterable[UUID]) -> None:
        """Pass it on."""
        self._subscriptions.caught_up(client, missed)

    def fell_behind(self, client: Client) -> None:
        """Count it."""
        self._telemetry.socket_drops.inc()

    def sent(self, count: int) -> None:
        """Count them."""
        self._telemetry.socket_messages.inc(count)

    def gone(self, client: Client) -> None:
        """Forget the client."""
        if client in self._clients:
            self._callers[client.actor.id] -= 1
            if not self._callers[client.actor.id]:
                del self._callers[client.actor.id]
        self._clients.discard(client)
        self._strangers.discard(client)
        self._telemetry.sockets.set(len(self._clients))
        self._subscriptions.gone(client)

    # What subscriptions need

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something go on beside everything else; what goes wrong in it is logged."""
        task = self._loop.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Run something that waits for PostgreSQL or Redis on another thread."""
        return await self._loop.run_in_executor(self._reading, question)

    # The loop

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self.start(self._channel.run())
        self.start(_every(RECONCILE_SECONDS, self._subscriptions.reconcile))
        self.start(_every(ROLL_SECONDS, self._subscriptions.roll))
        self.start(_every(BEAT_SECONDS, self._subscriptions.sweep))
        self.start(_every(min(BEAT_SECONDS, self._ping_seconds / 2), self._beat))
        self.start(_every(self.recheck_seconds, self._recheck))
        self._loop.run_forever()
        self._loop.run_until_complete(self._leave())
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._loop.close()

    async def _leave(self) -> None:
        for client in list(self._clients):
            client.close(*RESTARTING)
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for client in list(self._clients):
            client.cut()
        await asyncio.sleep(0)  # Let the transports tell that they are closed.

    async def _adopt(
        self, client: Client, connection: socket.socket, goodbye: tuple[int, str] | None
    ) -> None:
        self._clients.add(client)
        self._callers[client.actor.id] += 1
        if goodbye is not None:
            self._strangers.add(client)
        self._telemetry.sockets.set(len(self._clients))
        try:
            await adopt(client, connection)
        except OSError:
            connection.close()
            self.gone(client)
            return
        if goodbye is not None:
            client.close(*goodbye)
        elif not self.there:
            client.close(*INTERRUPTED)

    async def _beat(self) -> None:
        now, message = time.monotonic(), encode(alive(datetime.now(UTC)))
        for client in list(self._clients):
            client.beat(now, self._ping_seconds, message)

    def _sign_out(self, session_id: UUID) -> None:
        for client in list(self._clients):
            if client.session_id == session_id:
                client.close(*SIGNED_OUT)

    async def _recheck(self) -> None:
        """Close the sockets whose session has ended or whose token was revoked."""
        for client in list(self._clients):
            if client.open and not await self.ask(client.still_valid):
                client.close(*SIGNED_OUT)

    # What Redis tells

    def _received(self, channel: str, body: bytes) -> None:
        try:
            self._subscriptions.received(channel, body)
        except Exception:
            # Whatever it should have said, the reconciler finds.
            log.exception("a publication could not be understood")

    def _found(self) -> None:
        log.info("live updates are on")

    def _lost(self) -> None:
        if not self._closing:
            log.warning("live updates are interrupted: Redis is away")
        self._subscriptions.clear()
        for client in list(self._clients):
            client.close(*INTERRUPTED)


async def _every(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _logged(work())


async def _logged(work: Coroutine[Any, Any, Any]) -> None:
    """Do it to the end, whatever happens. While PostgreSQL is away there is nothing to say: the next
    round tries again, and those who asked for something have been told."""
    try:
        await work
    except DatabaseUnavailable:
        return
    except Exception:
        log.exception("the live hub failed at %r", work)
