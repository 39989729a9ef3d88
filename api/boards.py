"""What the sockets of one process know: for each followed event its last state and who follows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from api.sockets import Client
from api.updates import SECTIONS, Update, changed, section, snapshot, updates
from data.live_state import EventState

Key = tuple[UUID, UUID]
"""(tenant_id, event_id)"""


@dataclass(slots=True)
class Board:
    """An event as its followers see it.

    `since` holds for each section the sequence number with which it last changed while the board
    stood; before `known_from` nothing is known.
    """

    state: EventState
    known_from: int = field(init=False)
    since: dict[str, int] = field(init=False)
    followers: set[Client] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._begin()

    @property
    def venue_id(self) -> UUID:
        """The venue of the event."""
        return UUID(self.state["venueId"])

    @property
    def read_at(self) -> datetime:
        """When PostgreSQL was asked for the state."""
        return datetime.fromisoformat(self.state["asOf"])

    def take(self, state: EventState, *, anyway: bool = False) -> list[Update]:
        """Show a newer state; the messages for those who followed the old one.

        An older state is passed over, unless `anyway`: what PostgreSQL has is right even if its
        numbers went back because a backup was restored.
        """
        old = self.state
        if anyway and state["seq"] < old["seq"]:
            self.state = state
            self._begin()
            return [snapshot(state)]
        if (state["seq"], state["asOf"]) <= (old["seq"], old["asOf"]):
            return []
        # Asked first: a state in which something is missing raises here, and the old one stays.
        names, messages = changed(old, state), updates(old, state)
        self.state = state
        for name in names:
            self.since[name] = state["seq"]
        return messages

    def resume(self, seq: int | None) -> list[Update]:
        """What brings a client up to date that has seen everything up to `seq`.

        Sections that changed with that very number are sent again: rates change without one.
        """
        if seq is None or not self.known_from <= seq <= self.state["seq"]:
            return [snapshot(self.state)]
        return [section(name, self.state) for name, changed_at in self.since.items() if changed_at >= seq]

    def _begin(self) -> None:
        self.known_from = self.state["seq"]
        self.since = dict.fromkeys(SECTIONS, self.known_from)


class Boards:
    """All boards of a process. A board without followers is kept for a while, for those who return."""

    def __init__(self) -> None:
        self._boards: dict[Key, Board] = {}
        self._left_at: dict[Key, float] = {}

    def __iter__(self) -> Iterator[tuple[Key, Board]]:
        return iter(list(self._boards.items()))

    def get(self, key: Key) -> Board | None:
        """The event's board, if there is one."""
        return self._boards.get(key)

    def put(self, key: Key, state: EventState, now: float) -> Board:
        """A new board, empty from `now` on until somebody follows."""
        board = self._boards[key] = Board(state)
        self._left_at[key] = now
        return board

    def follow(self, key: Key, client: Client) -> None:
        """Add a follower."""
        self._boards[key].followers.add(client)
        self._left_at.pop(key, None)
        client.events.add(key[1])

    def leave(self, key: Key, client: Client, now: float) -> None:
        """Remove a follower; the last one leaves the board standing empty from `now` on."""
        client.forget(key[1])
        board = self._boards.get(key)
        if board is not None:
            board.followers.discard(client)
            if not board.followers:
                self._left_at.setdefault(key, now)

    def sweep(self, before: float) -> list[tuple[Key, Board]]:
        """Take down the boards that everybody left before `before` and return them."""
        empty = [key for key, left_at in self._left_at.items() if left_at < before]
        for key in empty:
            del self._left_at[key]
        return [(key, self._boards.pop(key)) for key in empty if key in self._boards]

    def clear(self) -> None:
        """Take down every board."""
        self._boards.clear()
        self._left_at.clear()
