"""Values by their names: answers carry ids and say what they are called; the list of events knows those
that an answer does not hold, and tells apart what is called alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from data import price_bands
from data.answers import Answer, Column
from data.needs import EventList
from widgets.answered import label
from widgets.countries import country_name
from widgets.scope import Scope
from widgets.tables import from_answer, worded
from widgets.top_customers import code
from widgets.values import when
from widgets.widget import Answers, Table

MOST_NAMES = 500


def all_events(scope: Scope) -> EventList:
    """The need that names events."""
    return EventList(scope.venue, "all", MOST_NAMES)


def event_names(answers: Answers, need: str = "events") -> dict[str, str]:
    """Event id → name, with the day of its doors where two events are called alike."""
    listed = answers.get(need) or []
    often = Counter(str(event["name"]) for event in listed)
    return {
        str(event["eventId"]): f"{event['name']}, {_day(event)}"
        if often[str(event["name"])] > 1 and event["doorsAt"]
        else str(event["name"])
        for event in listed
    }


def _day(event: Mapping[str, Any]) -> str:
    doors = datetime.fromisoformat(str(event["doorsAt"])).astimezone(ZoneInfo(str(event["zone"])))
    return when(doors.date(), "", "day")


def namer(dimension: str, answers: Answers) -> Callable[[Any], str]:
    """How the values of a dimension are called."""
    if dimension == "event":
        names = event_names(answers)
        return lambda value: (
            names.get(str(value)) or (label(value) if value in ("", None, "other") else "Another event")
        )
    if dimension == "country":
        return country_name
    if dimension == "customer":
        return code
    if dimension == "weekday":
        days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        return lambda value: days[int(value) - 1] if str(value).isdigit() else label(value)
    if dimension == "hour_of_day":
        return lambda value: f"{int(value):02}:00" if str(value).isdigit() else label(value)
    if dimension == "price":
        return _price_band
    named = _given(dimension, answers)
    return lambda value: named.get(str(value)) or label(value)


def value_words(dimension: str, value: str, names: Mapping[str, str]) -> str:
    """A value that figures are filtered by, as they call it; `names` are those of values that are ids."""
    return names.get(value) or namer(dimension, {})(value)


def _price_band(value: Any) -> str:
    if value in (None, price_bands.UNKNOWN):
        return "Fees, refunds, cancellations"
    return "Free" if value == price_bands.FREE else label(value).replace("-", "–")


def _given(dimension: str, answers: Answers) -> dict[str, str]:
    """Value → name, as the answers themselves say."""
    found: dict[str, str] = {}
    for answer in answers.values():
        if isinstance(answer, Answer):
            found |= answer.names.get(dimension, {})
    return found


def words_for(column: Column, answers: Answers, zone: str) -> Callable[[Any], str]:
    """How the values of a column are written: times in the zone, ids as names."""
    if column.kind != "time":
        return namer(column.name, answers)
    return lambda value: when(value, zone, column.name) if value not in (None, "") else label(value)


def named_table(answer: Answer, answers: Answers, title: str) -> Table:
    """An answer as a table in which ids are names."""
    found = from_answer(answer, title)
    ids = {"event", "customer", "country", *answer.names}
    return worded(found, {name: namer(name, answers) for name in ids})
