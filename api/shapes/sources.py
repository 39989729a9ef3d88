"""Doors, as data/doors.py sees them."""

from typing import TypedDict

from api.shapes.values import Moment
from data.doors import Kind, State


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
