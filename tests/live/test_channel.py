"""The subscription to Redis outlives whatever goes wrong with a publication."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from redis import Redis

from data.live_channel import LiveChannel
from tests.live.served import fresh_prefix


def test_a_listener_that_fails_is_subscribed_anew(redis_url: str) -> None:
    prefix = fresh_prefix()
    heard: list[bytes] = []
    found: list[bool] = []

    def received(channel: str, body: bytes) -> None:
        heard.append(body)
        raise ValueError(body)

    async def listen() -> None:
        channel = LiveChannel(
            redis_url, prefix, received=received, found=lambda: found.append(True), lost=lambda: None
        )
        running = asyncio.create_task(channel.run())
        with Redis.from_url(redis_url) as redis:
            for times in (1, 2):
                async with asyncio.timeout(10):
                    while len(found) < times:
                        await asyncio.sleep(0.02)
                redis.publish(f"{prefix}:live", b"odd")
        async with asyncio.timeout(10):
            while len(heard) < 2:
                await asyncio.sleep(0.02)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    # In a thread of its own: the browser's tests leave a loop of theirs running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, listen()).result()
    assert heard == [b"odd", b"odd"]
