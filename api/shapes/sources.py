"""Doors, and what was refused at them."""

from typing import Literal, NotRequired, TypedDict

from api.shapes.values import Cursor, Id, Moment
from data.doors import Kind, State
from data.letters import Outcome
from data.letters import State as LetterState


class SeenSource(TypedDict):
    """A door and what came through it. Rates are messages a minute, of the last five minutes and of the last
    hour; `lagSeconds` is the longest of the last five minutes from arrival to commit; `error` is there while
    it lasts."""

    door: str
    kind: Kind
    name: str | None
    state: State
    lagSeconds: float | None
    perMinute: float
    perMinuteOfLastHour: float
    lastMessageAt: Moment | None
    refusedInLastDay: int
    accepted: int
    duplicates: int
    rejected: int
    error: str | None
    errorAt: Moment | None
    waiting: int | None


class SeenSources(TypedDict):
    """Every door of the organisation."""

    sources: list[SeenSource]
    asOf: Moment


class RefusedMessage(TypedDict):
    """A message that was refused. `payload` is what was sent, without persons, as JSON text where it was
    JSON; `replayable` is whether enough of it was kept. `outcome` is what became of a replay."""

    id: Id
    receivedAt: Moment
    door: str
    type: str | None
    reason: str
    field: str | None
    detail: str
    payload: str
    replayable: bool
    state: LetterState
    handledAt: Moment | None
    handledBy: Id | None
    outcome: Outcome | None
    edited: bool


class RefusedMessages(TypedDict):
    """Refused messages, newest first."""

    letters: list[RefusedMessage]
    nextCursor: Cursor


class Settled(TypedDict):
    """What became of one refused message; `reason`, `field` and `detail` are there when it was refused
    again."""

    id: Id
    outcome: Literal["accepted", "duplicate", "asked", "refused", "gone", "discarded"]
    reason: NotRequired[str]
    field: NotRequired[str | None]
    detail: NotRequired[str]


class SettledMany(TypedDict):
    """What became of each that was there."""

    results: list[Settled]


class LettersJob(TypedDict):
    """Replaying or discarding all that matched: how many there were, how many it has come by, what became of
    them."""

    id: Id
    action: Literal["replay", "discard"]
    status: Literal["waiting", "running", "done"]
    total: int
    done: int
    accepted: int
    duplicates: int
    refused: int
    discarded: int
    createdAt: Moment
    finishedAt: Moment | None


class UnregisteredEvent(TypedDict):
    """An event that messages name and nobody registered, with what was counted for it; money is net, in minor
    units by currency."""

    id: Id
    venueId: Id
    name: str
    externalId: str | None
    firstSeenAt: Moment
    lastSeenAt: Moment | None
    sold: int
    comps: int
    entries: int
    inside: int
    pageViews: int
    netMinor: dict[str, int]


class SuggestedEvent(TypedDict):
    """A registered event that may have been meant; `likeness` from 0 to 1."""

    eventId: Id
    name: str
    startsAt: Moment | None
    likeness: float


class UnregisteredWithSuggestions(UnregisteredEvent):
    """The same, and which events may have been meant, the likeliest first."""

    suggestions: list[SuggestedEvent]


class UnregisteredEvents(TypedDict):
    """Events that nobody registered, those first that were named last."""

    events: list[UnregisteredEvent]
    nextCursor: Cursor


class EventMatch(TypedDict):
    """An unregistered event and the one that was meant; `moved` counts messages."""

    id: Id
    eventId: Id
    venueId: Id
    name: str
    externalId: str | None
    status: Literal["moving", "matched", "undoing"]
    moved: int
    matchedBy: Id | None
    matchedAt: Moment


class EventMatches(TypedDict):
    """The latest matches, the newest first."""

    matches: list[EventMatch]
