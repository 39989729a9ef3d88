"""Listening to the venues' channels: the one subscriber of a web process, on its event loop."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.25
CONNECT_SECONDS = 2.0
PING_SECONDS = 1.0
SILENCE_SECONDS = 3.0
"""After so long without an answer to a ping Redis counts as away, even if the connection stands."""


class LiveChannel:
    """Says when Redis is there and when it is lost, and hands over what is published in between.

    All callbacks run on the loop and must not wait; `received` is given channel and message. After
    a loss nothing is followed any more.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        *,
        received: Callable[[str, bytes], None],
        found: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._url = url
        self._own_name = f"{prefix}:live"  # A subscriber without any channel cannot wait for messages.
        self._received, self._found, self._lost = received, found, lost
        self._pubsub: PubSub | None = None
        self._heard_at = 0.0

    @property
    def there(self) -> bool:
        """Whether the subscription stands."""
        return self._pubsub is not None

    async def follow(self, channel: str) -> None:
        """Receive what is published on the channel from now on."""
        await self._tell(lambda pubsub: pubsub.subscribe(channel))

    async def leave(self, channel: str) -> None:
        """Receive nothing from the channel any more."""
        await self._tell(lambda pubsub: pubsub.unsubscribe(channel))

    async def run(self) -> None:
        """Keep a subscription until cancelled; whenever it breaks, start anew."""
        while True:
            try:
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    await self._listen()
            except Exception:
                # Nobody else would start it again, and without it there is nothing live.
                log.exception("the subscription to Redis broke")
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        client: Redis = Redis.from_url(
            self._url,
            protocol=2,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        pubsub = client.pubsub()
        pings = None
        try:
            await asyncio.wait_for(pubsub.subscribe(self._own_name), CONNECT_SECONDS)
            confirmed = await asyncio.wait_for(pubsub.get_message(timeout=CONNECT_SECONDS), CONNECT_SECONDS)
            if confirmed is None:
                return
            loop = asyncio.get_running_loop()
            self._pubsub, self._heard_at = pubsub, loop.time()
            self._found()
            pings = asyncio.create_task(self._ping(pubsub))
            while loop.time() - self._heard_at < SILENCE_SECONDS and not pings.done():
                message = await pubsub.get_message(timeout=PING_SECONDS)
                if message is None:
                    continue
                self._heard_at = loop.time()
                if message["type"] == "message":
                    self._received(message["channel"].decode(), message["data"])
        finally:
            if pings is not None:
                pings.cancel()
            if self._pubsub is not None:
                self._pubsub = None
                self._lost()
            with contextlib.suppress(Exception):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            with contextlib.suppress(Exception):
                await client.aclose()

    async def _ping(self, pubsub: PubSub) -> None:
        """Ask for a sign of life each second; a failure ends the task and with it the subscription."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            await pubsub.ping()

    async def _tell(self, command: Callable[[PubSub], object]) -> None:
        pubsub = self._pubsub
        if pubsub is None:
            return
        # A connection that breaks here breaks for the listener as well, who deals with it.
        with contextlib.suppress(RedisError, OSError):
            await command(pubsub)  # type: ignore[misc]
