"""Doors in words: what kind each is, how it is, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from data.doors import Door, Kind, State

KINDS: Mapping[Kind, str] = {
    "rest": "REST",
    "cloudevents": "CloudEvents",
    "segment": "Segment's libraries",
    "site": "Website",
    "rabbitmq": "RabbitMQ",
    "bull": "Bull",
    "bullmq": "BullMQ",
    "pretix": "pretix",
}
NAMELESS: Mapping[Kind, str] = {
    "rest": "Messages and batches",
    "cloudevents": "Messages and batches",
    "segment": "Page views and carts",
}
"""What stands in the place of a name, where a tenant has one door of the kind."""
_READ_BY_US = frozenset({"rabbitmq", "bull", "bullmq", "pretix"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A door for the page: `mark` colours its state, `why` says more of it."""

    door: str
    kind: str
    name: str
    state: str
    mark: str
    why: str
    lag: str
    per_minute: str
    per_minute_of_hour: str
    last: datetime | None
    age: str
    refused: int
    total: int


def shown(door: Door, now: datetime, zone: tzinfo) -> Shown:
    """A door at `now`, its times by the clock of `zone`."""
    seen = door.seen
    last = seen.last_message_at
    state, mark = state_words(door.state, door.kind)
    return Shown(
        door.door,
        KINDS[door.kind],
        door.name or NAMELESS.get(door.kind, ""),
        state,
        mark,
        _why(door, zone),
        "" if seen.lag_seconds is None else seconds_words(seen.lag_seconds),
        rate_words(seen.per_minute),
        rate_words(seen.per_minute_of_hour),
        None if last is None else last.astimezone(zone),
        "" if last is None else age_words((now - last).total_seconds()),
        seen.refused_in_a_day,
        seen.accepted + seen.duplicates,
    )


def state_words(state: State, kind: Kind) -> tuple[str, str]:
    """A state, and how it is marked: good, warn, bad or not at all."""
    reads = kind in _READ_BY_US
    return {
        "receiving": ("Reading" if reads else "Receiving", "good"),
        "quiet": ("Quiet", ""),
        "unused": ("Nothing yet", ""),
        "refusing": ("All refused", "bad"),
        "behind": ("Behind", "warn"),
        "connecting": ("Connecting", ""),
        "cannot-connect": ("Cannot connect" if kind != "pretix" else "Cannot be read", "bad"),
        "database-away": ("PostgreSQL away", "bad"),
        "stopped": ("Stopped", "bad"),
        "not-running": ("Not running", "bad"),
        "removed": ("Removed", ""),
    }[state]


def _why(door: Door, zone: tzinfo) -> str:
    if door.state == "not-running":
        return "Nobody reads this queue: the worker is not running, or has just begun."
    if door.state == "refusing":
        return "Whatever came in the last minutes was refused."
    if door.error:
        since = f" ({door.error_at.astimezone(zone):%H:%M})" if door.error_at else ""
        return f"{door.error}{since}"
    if door.state == "behind" and door.waiting:
        return f"{door.waiting:,} to be read."
    return ""


def rate_words(rate: float) -> str:
    """Messages a minute: whole from ten on."""
    if rate >= 10:
        return f"{rate:,.0f}"
    return f"{rate:.1f}" if rate else "0"


def seconds_words(seconds: float) -> str:
    """A short time: `0.02 s`, `4.1 s`, `3 min`."""
    if seconds >= 90:
        return age_words(seconds).removesuffix(" ago")
    if seconds >= 10:
        return f"{seconds:.0f} s"
    if seconds < 0.01:
        return "< 0.01 s"
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds:.2f} s"


def age_words(seconds: float) -> str:
    """How long ago something was."""
    if seconds < 1:
        return "just now"
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and name != "d"):
            return f"{int(seconds // size)} {name} ago"
    return f"{int(seconds)} s ago"
