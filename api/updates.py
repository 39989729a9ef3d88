"""From one state of an event to the next: the messages that a client needs to follow."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from data import live_masking
from data.instants import iso
from data.live_state import EventState

Update = dict[str, Any]

SECTIONS = {
    "sales": "sale-update",
    "revenue": "revenue-update",
    "attendance": "attendance-update",
    "capacity": "capacity-alert",
    "social": "social-update",
    "feed": "activity-update",
}
"""Section of the state → type of the message that replaces it on the client."""

_SECTION_OF = {kind: name for name, kind in SECTIONS.items()}
_OF_MONEY = frozenset({"revenue-update", "revenue-milestone"})
_MILESTONES = {
    "sold_capacity": "sales-milestone",
    "sold_target": "sales-milestone",
    "revenue_target": "revenue-milestone",
}


def snapshot(state: EventState) -> Update:
    """The whole state in one message."""
    return _message("snapshot", state, state)


def section(name: str, state: EventState) -> Update:
    """One section of the state, as the message of its type."""
    return _message(SECTIONS[name], state, state[name])


def changed(old: EventState, new: EventState) -> list[str]:
    """The sections in which the states differ, in the order in which they are sent."""
    return [name for name in SECTIONS if old[name] != new[name]]


def updates(old: EventState, new: EventState) -> list[Update]:
    """What to send to a client that has `old` so that it has `new`; empty when nothing changed.

    Sections are sent whole; a change of the event itself (name, times, capacity) is a new snapshot.
    Passed marks and talk that has gone viral are announced besides, after what they are part of.
    """
    if old["event"] != new["event"]:
        messages = [snapshot(new)]
    else:
        messages = [section(name, new) for name in changed(old, new)]
    known = [(mark["measure"], mark["percent"]) for mark in old["sales"]["milestones"]]
    for mark in new["sales"]["milestones"]:
        kind = _MILESTONES.get(mark["measure"])
        if kind is not None and (mark["measure"], mark["percent"]) not in known:
            messages.append(_message(kind, new, mark))
    if new["social"]["viral"] and not old["social"]["viral"]:
        messages.append(_message("viral-trend", new, new["social"]))
    return messages


def without_money(messages: Iterable[Update]) -> Iterator[Update]:
    """The same messages for those who may not see money; what tells of nothing else is left out."""
    for message in messages:
        kind, data = message["type"], message["data"]
        if kind == "snapshot":
            yield message | {"data": live_masking.without_money(data)}
        elif kind not in _OF_MONEY:
            section = _SECTION_OF.get(kind, "")
            yield message | {"data": live_masking.section_without_money(section, data)}


def error(code: str, detail: str, **about: str) -> Update:
    """What a client is told when a frame of its own could not be followed."""
    return {"type": "error", "code": code, "detail": detail, **about}


def alive(now: datetime) -> Update:
    """What a client is told when there is nothing else: the server is there, and its clock."""
    return {"type": "alive", "at": iso(now)}


def encode(message: Update) -> bytes:
    """JSON in UTF-8."""
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:  # Half a surrogate pair in a name that was sent: JSON can escape it.
        return json.dumps(message).encode()


def _message(kind: str, state: EventState, data: object) -> Update:
    return {
        "type": kind,
        "eventId": state["eventId"],
        "venueId": state["venueId"],
        "seq": state["seq"],
        "at": state["asOf"],
        "data": data,
    }
