"""How full coming events are: a bar each, with what is left to sell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.answers import Unit
from data.needs import EventList, Need
from widgets.asking import labelled
from widgets.figures import Figure
from widgets.flat import flat_bars
from widgets.format import count, day
from widgets.parts import Rank, ranked
from widgets.scope import Scope
from widgets.tables import made
from widgets.values import decimal
from widgets.widget import Answers, Settings, Table, Widget

NEARLY = 90


class CapacitySettings(Settings):
    """Which events, in which order."""

    phase: Literal["upcoming", "past", "all"] = Field(
        "upcoming", title="Which", json_schema_extra=labelled(upcoming="Coming up", past="Past", all="All")
    )
    order: Literal["date", "full", "empty"] = Field(
        "date",
        title="First",
        json_schema_extra=labelled(date="The next", full="The fullest", empty="The emptiest"),
    )
    limit: int = Field(10, ge=1, le=60, title="How many")


def needs(settings: CapacitySettings, scope: Scope) -> Mapping[str, Need]:
    """The events of the board's venue; enough of them to find the fullest."""
    return {"events": EventList(scope.venue, settings.phase, max(settings.limit, 60))}


def _rated(answers: Answers) -> list[dict[str, Any]]:
    return [event for event in answers["events"] if event["percentSold"] is not None]


def _events(settings: CapacitySettings, answers: Answers) -> list[dict[str, Any]]:
    rated = _rated(answers)
    if settings.order != "date":
        rated.sort(key=lambda event: event["percentSold"], reverse=settings.order == "full")
    return rated[: settings.limit]


def body(settings: CapacitySettings, answers: Answers, scope: Scope) -> Component:
    """Bars to a hundred per cent: amber when nearly full, green when sold out."""
    ranks = []
    for event in _events(settings, answers):
        full, sold, room = (
            float(str(event["percentSold"])),
            int(str(event["sold"])),
            int(str(event["capacity"])),
        )
        at = event["doorsAt"] or event["startsAt"]
        when = day(str(at), str(event["zone"])) if at else ""
        left = max(0, room - sold - int(str(event["comps"] or 0)))
        ranks.append(
            Rank(
                str(event["name"]),
                f"{decimal(full, 0)}%",
                f"{event['name']}, {when}: {count(sold)} of {count(room)} tickets sold, {count(left)} left",
                full,
                f"{count(left)} left" if full < 100 else "Sold out",
                str(event["eventId"]),
                "full" if full >= 100 else "warn" if full >= NEARLY else "",
            )
        )
    return html.Div(ranked(ranks, "event"), className="w-list")


def figure(settings: CapacitySettings, answers: Answers, scope: Scope) -> Figure:
    """The same as flat bars."""
    events = _events(settings, answers)
    column = made("", [("percent", "Sold", "percent")], []).columns[0]
    names = [(str(event["name"]),) for event in events]
    return flat_bars(names, [event["percentSold"] for event in events], column, "")


def cut(settings: CapacitySettings, answers: Answers, scope: Scope) -> str:
    """How many events of those that were looked at are shown."""
    known = len(_rated(answers))
    more = " or more" if len(answers["events"]) >= max(settings.limit, 60) else ""
    return f"{settings.limit} of {known}{more} events" if known > settings.limit else ""


def summary(settings: CapacitySettings, answers: Answers, scope: Scope) -> str:
    """How many are nearly full."""
    events = _events(settings, answers)
    near = [event for event in events if float(str(event["percentSold"])) >= NEARLY]
    if not events:
        return "No event has a capacity"
    return f"{len(events)} events with a capacity, {len(near)} of them sold to {NEARLY}% or more"


def tables(settings: CapacitySettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """Sold, capacity and percentage of each."""
    columns: list[tuple[str, str, Unit | None]] = [
        ("event", "Event", None),
        ("sold", "Sold", "tickets"),
        ("capacity", "Capacity", "tickets"),
        ("percent", "Percent sold", "percent"),
    ]
    rows = [(e["name"], e["sold"], e["capacity"], e["percentSold"]) for e in _events(settings, answers)]
    return [made("How full", columns, rows, scope.zone)]


WIDGET = Widget(
    name="capacity-bars",
    label="How full events are",
    group="events",
    icon="bars",
    description="A bar to a hundred per cent for each coming event, with what is left to sell.",
    settings=CapacitySettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure,
    sub=lambda settings, answers, scope: "Tickets sold of capacity",
    cut=cut,
    empty="No event is registered here yet.",
)
