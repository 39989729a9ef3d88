"""Who follows what, and how each follower comes to see it. Runs on the hub's loop.

A newer state, from the venue's channel or from the reconciler, is compared with the event's board
once, and the differences go to everyone who follows. The reconciler asks PostgreSQL whether a
followed event has changes that its board has not seen: it finds what a flushed or restarted Redis,
or a process that died between commit and publication, has swallowed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from api.boards import Boards, Key
from api.sockets import Client
from api.updates import Update, encode, error, snapshot, without_money
from data.audit_entry import Entry
from data.audit_log import Trail
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.live import on_tonight, versions
from data.live_publisher import LivePublisher
from data.live_state import EventState

Answer = TypeVar("Answer")

MOST_EVENTS = 50
"""Events that one socket may follow."""

STALE = timedelta(seconds=10)
"""A followed state is read anew after this time though nothing happened: rates fall, gates stall."""

FRESH = timedelta(seconds=0.5)
"""A state read so lately came along the channel that works: the next round asks about it."""

KEEP_BOARD_SECONDS = 60.0


class Feed(Protocol):
    """The channels of the venues."""

    async def follow(self, channel: str) -> None:
        """Receive what is published there."""

    async def leave(self, channel: str) -> None:
        """Receive it no longer."""


class Loop(Protocol):
    """What the hub does for its subscriptions."""

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something go on beside everything else."""

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Run something that waits for PostgreSQL or Redis on another thread."""


class Subscriptions:
    """The boards of a process and their followers."""

    def __init__(
        self,
        loop: Loop,
        feed: Feed,
        database: Database,
        directory: Directory,
        live: LivePublisher,
        trail: Trail,
    ) -> None:
        self._loop = loop
        self._feed = feed
        self._database = database
        self._directory = directory
        self._live = live
        self._trail = trail
        self._boards = Boards()
        self._opening: dict[Key, asyncio.Task[bool]] = {}
        self._tenants: dict[str, UUID] = {}
        self._standing: dict[str, int] = defaultdict(int)

    # What clients say

    def asked(self, client: Client, message: dict[str, Any]) -> None:
        """Follow or leave an event or a venue, or say why not."""
        kind, event, venue = message["type"], message.get("eventId"), message.get("venueId")
        if kind == "subscribe-event" and isinstance(event, str):
            seq = message.get("seq")
            self._in_turn(client, self._subscribe(client, event, seq if type(seq) is int else None))
        elif kind == "unsubscribe-event" and isinstance(event, str):
            self._in_turn(client, self._unsubscribe(client, event))
        elif kind == "subscribe-venue" and isinstance(venue, str):
            self._in_turn(client, self._subscribe_venue(client, venue))
        else:
            known = "subscribe-event and unsubscribe-event with an eventId, subscribe-venue with a venueId"
            _tell(client, error("unknown-message", f"Understood are {known}."))

    def _in_turn(self, client: Client, work: Coroutine[Any, Any, None]) -> None:
        """One message of a client after the other, in their order, however long the first one takes."""

        async def wait_and_do() -> None:
            async with client.turn:
                await work

        self._loop.start(wait_and_do())

    def caught_up(self, client: Client, missed: Iterable[UUID]) -> None:
        """Give a client that reads again the present state of what it missed."""
        for event_id in missed:
            board = self._boards.get((client.tenant_id, event_id))
            if board is not None:
                client.send(event_id, _encoded([snapshot(board.state)], masked=client.access.masked))

    def gone(self, client: Client) -> None:
        """The client follows nothing any more."""
        client.venues.clear()
        client.left.clear()
        for event_id in list(client.events):
            self._boards.leave((client.tenant_id, event_id), client, _now())

    async def _subscribe(self, client: Client, ref: str, seq: int | None) -> None:
        about = {"eventId": ref[:200]}
        try:
            event_id = await self._loop.ask(lambda: self._event_id(client.tenant_id, ref))
            found = event_id is not None and await self._stand_for(client, event_id)
            if event_id is not None and found and event_id not in client.events:
                await self._recorded(client, f"event:{event_id}", event=event_id)
        except DatabaseUnavailable:
            _tell(client, error("unavailable", "The event cannot be read now; ask again.", **about))
            return
        if event_id is None or not found:
            _tell(client, error("not-found", "There is no such event.", **about))
        else:
            self._follow(client, event_id, seq)

    async def _recorded(
        self, client: Client, what: str, *, venue: UUID | None = None, event: UUID | None = None
    ) -> None:
        """Record that the client follows this, before it is told anything. Raises DatabaseUnavailable."""
        entry = Entry(
            client.actor, "socket", "see-night", "done", what, venue, event, request_id=client.request_id
        )
        await self._loop.ask(lambda: self._trail.record(client.tenant_id, entry))

    async def _unsubscribe(self, client: Client, ref: str) -> None:
        event_id = await self._loop.ask(lambda: self._event_id(client.tenant_id, ref))
        if event_id is not None and event_id in client.events:
            self._boards.leave((client.tenant_id, event_id), client, _now())
            if any(event_id in brought for brought in client.venues.values()):
                client.left.add(event_id)

    async def _subscribe_venue(self, client: Client, ref: str) -> None:
        about = {"venueId": ref[:200]}
        try:
            venue = await self._loop.ask(lambda: self._directory.venue(client.tenant_id, ref))
            if venue is None or not client.access.sees_venue(venue.venue_id):
                _tell(client, error("not-found", "There is no such venue.", **about))
                return
            if venue.venue_id not in client.venues:
                await self._recorded(client, f"venue:{venue.venue_id}", venue=venue.venue_id)
            client.venues.setdefault(venue.venue_id, set())
            client.left.clear()  # Who asks for the whole venue once more wants all of it.
            await self._bring(client, venue.venue_id)
        except DatabaseUnavailable:
            _tell(client, error("unavailable", "The venue cannot be read now; ask again.", **about))

    async def _bring(self, client: Client, venue_id: UUID) -> None:
        """Let a client that follows a venue follow its events of the business day, and those only;
        none that it has left by itself."""
        tenant_id = client.tenant_id
        today = await self._loop.ask(lambda: self._tonight(tenant_id, venue_id))
        brought = client.venues.get(venue_id)
        if brought is None:
            return
        for event_id in brought - today:
            self._boards.leave((tenant_id, event_id), client, _now())
        for event_id in sorted(today - client.events - client.left):
            if await self._stand_for(client, event_id):
                self._follow(client, event_id, None)
        brought &= today
        brought |= today & client.events

    def _follow(self, client: Client, event_id: UUID, seq: int | None) -> None:
        key = (client.tenant_id, event_id)
        board = self._boards.get(key)
        if board is None or not client.open:
            return
        if event_id not in client.events and len(client.events) >= MOST_EVENTS:
            detail = f"A socket may follow {MOST_EVENTS} events."
            _tell(client, error("too-many-events", detail, eventId=str(event_id)))
            return
        self._boards.follow(key, client)
        client.left.discard(event_id)
        client.send(event_id, _encoded(board.resume(seq), masked=client.access.masked))

    # How boards come and go

    async def _stand_for(self, client: Client, event_id: UUID) -> bool:
        """`_stand`, and whether the client may see the event."""
        key = (client.tenant_id, event_id)
        if client.access.events is not None and event_id not in client.access.events:
            return False
        if not await self._stand(key):
            return False
        board = self._boards.get(key)
        return board is not None and client.access.sees_event(board.venue_id, event_id)

    async def _stand(self, key: Key) -> bool:
        """Make sure that the event's board stands and is fresh; False for an event that is not there."""
        board = self._boards.get(key)
        if board is not None and board.followers:
            return True
        if key not in self._opening:
            task = self._opening[key] = asyncio.get_running_loop().create_task(self._open(key))
            task.add_done_callback(lambda _: self._opening.pop(key, None))
        return await asyncio.shield(self._opening[key])

    async def _open(self, key: Key) -> bool:
        state = await self._refreshed(key)
        if state is None:
            return False
        if self._boards.get(key) is None:
            channel = self._live.store.channel(key[0], UUID(state["venueId"]))
            self._boards.put(key, state, _now())
            self._standing[channel] += 1
            if self._standing[channel] == 1:
                self._tenants[channel] = key[0]
                await self._feed.follow(channel)
                # Something may have been published between the reading above and the subscription.
                state = await self._refreshed(key) or state
            self._live.watched(*key)
        self._show(key, state)
        return True

    async def sweep(self) -> None:
        """Take down boards that nobody has followed for a minute."""
        for key, board in self._boards.sweep(_now() - KEEP_BOARD_SECONDS):
            channel = self._live.store.channel(key[0], board.venue_id)
            self._standing[channel] -= 1
            if self._standing[channel] <= 0:
                del self._standing[channel], self._tenants[channel]
                await self._feed.leave(channel)

    def clear(self) -> None:
        """Forget everything: Redis is lost, and what was published since is unknown."""
        self._boards.clear()
        self._standing.clear()
        self._tenants.clear()

    # What is new

    def received(self, channel: str, body: bytes) -> None:
        """A state was published. The channel says whose it is: event ids of two tenants may agree."""
        tenant_id = self._tenants.get(channel)
        if tenant_id is not None:
            state: EventState = msgspec.json.decode(body)
            self._show((tenant_id, UUID(state["eventId"])), state)

    async def reconcile(self) -> None:
        """Show what PostgreSQL has and the followed boards have not. Raises DatabaseUnavailable."""
        followed: dict[UUID, list[tuple[UUID, UUID]]] = defaultdict(list)
        now = datetime.now(UTC)
        for (tenant_id, event_id), board in self._boards:
            if board.followers and now - board.read_at > FRESH:
                followed[tenant_id].append((board.venue_id, event_id))
        for tenant_id, events in followed.items():
            await self._reconcile(tenant_id, events)

    async def _reconcile(self, tenant_id: UUID, events: list[tuple[UUID, UUID]]) -> None:
        before = {event_id: self._state((tenant_id, event_id)) for _, event_id in events}
        committed = await self._loop.ask(lambda: self._versions(tenant_id, events))
        for _, event_id in events:
            key = (tenant_id, event_id)
            board = self._boards.get(key)
            if board is None or board.state is not before[event_id]:
                continue  # What came while PostgreSQL was asked may be newer than its answer.
            version = committed.get(event_id, 0)
            if version != board.state["seq"] or datetime.now(UTC) - board.read_at > STALE:
                state = await self._refreshed(key)
                if state is not None:
                    self._show(key, state, anyway=version < board.state["seq"])

    async def roll(self) -> None:
        """Bring those who follow venues the events of the business day. Raises DatabaseUnavailable."""
        clients = {client for _, board in self._boards for client in board.followers}
        for client in clients:
            for venue_id in list(client.venues):
                await self._bring(client, venue_id)

    def _show(self, key: Key, state: EventState, *, anyway: bool = False) -> None:
        board = self._boards.get(key)
        if board is None:
            return
        messages = board.take(state, anyway=anyway)
        if messages:
            followers = list(board.followers)
            ways = {
                masked: _encoded(messages, masked=masked) for masked in {c.access.masked for c in followers}
            }
            for client in followers:
                client.send(key[1], ways[client.access.masked])

    def _state(self, key: Key) -> EventState | None:
        board = self._boards.get(key)
        return None if board is None else board.state

    # Questions to PostgreSQL, on other threads

    async def _refreshed(self, key: Key) -> EventState | None:
        return await self._loop.ask(lambda: self._live.refresh(*key))

    def _event_id(self, tenant_id: UUID, ref: str) -> UUID | None:
        try:
            return UUID(ref)
        except ValueError:
            event = self._directory.find_event(tenant_id, ref)
            return None if event is None else event.event_id

    def _versions(self, tenant_id: UUID, events: list[tuple[UUID, UUID]]) -> dict[UUID, int]:
        with self._database.tenant(tenant_id) as tenant:
            return versions(tenant, events)

    def _tonight(self, tenant_id: UUID, venue_id: UUID) -> set[UUID]:
        with self._database.tenant(tenant_id) as tenant:
            return set(on_tonight(tenant, venue_id))


def _encoded(messages: Iterable[Update], *, masked: bool) -> list[bytes]:
    """The messages as bytes, for those who may see money or may not."""
    return [encode(message) for message in (without_money(messages) if masked else messages)]


def _tell(client: Client, message: Update) -> None:
    client.send(None, [encode(message)])


def _now() -> float:
    return asyncio.get_running_loop().time()
