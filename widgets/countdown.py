"""How long until doors, start, or the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.answers import Unit
from widgets.answered import moment
from widgets.asking import labelled
from widgets.attributes import marks
from widgets.format import clock, day
from widgets.night import NightSettings, event_words, night_needs
from widgets.scope import Scope
from widgets.tables import made
from widgets.values import duration
from widgets.widget import Answers, Table, Widget

WORDS = {"doorsAt": ("Doors", "doors"), "startsAt": ("Start", "start"), "endsAt": ("End", "end")}


class CountdownSettings(NightSettings):
    """What is counted down to."""

    to: Literal["next", "doors", "start", "end"] = Field(
        "next",
        title="Until",
        json_schema_extra=labelled(next="Whatever comes next", doors="Doors", start="Start", end="End"),
    )


def target(settings: CountdownSettings, event: dict[str, Any], now: datetime) -> tuple[str, datetime] | None:
    """What is counted down to, and when it is; None when no time is set."""
    times = {key: datetime.fromisoformat(event[key]) for key in WORDS if event[key]}
    if settings.to != "next":
        key = {"doors": "doorsAt", "start": "startsAt", "end": "endsAt"}[settings.to]
        return (WORDS[key][0], times[key]) if key in times else None
    coming = [(WORDS[key][0], at) for key, at in times.items() if at > now]
    return coming[0] if coming else next(((WORDS[k][0], at) for k, at in reversed(times.items())), None)


def remaining(at: datetime, now: datetime) -> str:
    """The time left: days and hours, then hours, minutes and seconds as a clock; after it, how long ago."""
    seconds = round((at - now).total_seconds())
    if seconds < 0:
        return f"{duration(-seconds)} ago"
    if seconds >= 172_800:
        return duration(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def body(settings: CountdownSettings, answers: Answers, scope: Scope) -> Component:
    """The clock; the browser counts on from here."""
    event, now = answers["night"]["event"], moment(answers["night"]["asOf"])
    assert isinstance(now, datetime)
    found = target(settings, event, now)
    if found is None:
        return html.Div(html.Div("No time is set", className="muted"), className="big")
    what, at = found
    zone = event["zone"]
    exact = f"{what} {day(at.isoformat(), zone)} {clock(at.isoformat(), zone)} {zone}"
    counted = html.Span(remaining(at, now), **marks(data_countdown=at.isoformat(), data_now=now.isoformat()))
    return html.Div(
        [
            html.Div(html.Div(counted, className="big-value", title=exact), className="big-row"),
            html.Div(
                [
                    html.Span(what, className="chip"),
                    html.Span(
                        f"{day(at.isoformat(), zone)}, {clock(at.isoformat(), zone)}", className="muted"
                    ),
                ],
                className="big-foot",
            ),
        ],
        className="big",
    )


def summary(settings: CountdownSettings, answers: Answers, scope: Scope) -> str:
    """The moment itself, which does not change by the second."""
    event, now = answers["night"]["event"], moment(answers["night"]["asOf"])
    assert isinstance(now, datetime)
    found = target(settings, event, now)
    if found is None:
        return f"{event['name']}: no time is set"
    what, at = found
    date, time = day(at.isoformat(), event["zone"]), clock(at.isoformat(), event["zone"])
    return f"{event['name']}: {what.lower()} {date} at {time}"


def tables(settings: CountdownSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The times of the event."""
    event = answers["night"]["event"]
    columns: list[tuple[str, str, Unit | None]] = [("what", "What", None), ("at", "When", None)]
    rows = [(word, moment(event[key]) if event[key] else None) for key, (word, _) in WORDS.items()]
    return [made(str(event["name"]), columns, rows, event["zone"])]


WIDGET = Widget(
    name="countdown",
    label="Countdown",
    group="tonight",
    icon="clock",
    description="The time left until doors, start or end of the event.",
    settings=CountdownSettings,
    needs=night_needs,
    body=body,
    summary=summary,
    tables=tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(3, 2),
    live=("event",),
)
