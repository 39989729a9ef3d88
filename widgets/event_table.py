"""Events one below the other: when, how full, how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.needs import EventList, Need
from data.time_zones import OWN_ZONE
from widgets.answered import moment
from widgets.asking import labelled
from widgets.format import NOTHING, count, day
from widgets.parts import table
from widgets.read import bar
from widgets.scope import Scope
from widgets.tables import made
from widgets.time_zones import with_zones
from widgets.values import decimal, exactly, said, when
from widgets.widget import Answers, Settings, Table, Widget

STATUS = {
    "scheduled": ("Scheduled", ""),
    "on_sale": ("On sale", ""),
    "sold_out": ("Sold out", "good"),
    "cancelled": ("Cancelled", "bad"),
    "postponed": ("Postponed", "warn"),
    "over": ("Over", ""),
}
LOW_STOCK = 90


class EventTableSettings(Settings):
    """Which events are listed."""

    phase: Literal["upcoming", "past", "all"] = Field(
        "upcoming", title="Which", json_schema_extra=labelled(upcoming="Coming up", past="Past", all="All")
    )
    limit: int = Field(12, ge=1, le=100, title="How many")


def needs(settings: EventTableSettings, scope: Scope) -> Mapping[str, Need]:
    """The events of the board's venue."""
    return {"events": EventList(scope.venue, settings.phase, settings.limit)}


def body(settings: EventTableSettings, answers: Answers, scope: Scope) -> Component:
    """A row for each event, with a meter of what is sold; a click opens its night."""
    money = any(event.get("revenue") for event in answers["events"])
    headings = [("Event", ""), ("Date", "when"), ("Sold", "fill"), ("Status", "status")]
    if money:
        headings.insert(3, ("Revenue", "right cash"))
    several = len({event["zone"] for event in answers["events"]}) > 1
    if several:
        headings.insert(2, (OWN_ZONE.label, "zone"))
    rows = []
    for event in answers["events"]:
        row: list[Any] = [_name(event, scope), _when(event)]
        if several:
            row.append(html.Span(event["zone"], className="muted small"))
        row.append(_sold(event))
        if money:
            row.append(_revenue(event, scope))
        rows.append([*row, _status(event)])
    return table(headings, rows, "Events", "event-table")


def _name(event: Mapping[str, Any], scope: Scope) -> Component:
    """The name, which leads to the event's night; sample events have none."""
    if scope.demo:
        return html.Span(event["name"], title=event["name"])
    return html.A(event["name"], href=f"/?event={event['eventId']}", title=event["name"])


def _when(event: Mapping[str, Any]) -> Component:
    at = event["doorsAt"] or event["startsAt"]
    zone = event["zone"]
    words = day(at, zone) if at else NOTHING
    exact = f"{when(moment(at), zone)}, {zone}" if at else "No date is set"
    return html.Span(words, title=exact, className="num")


def _sold(event: Mapping[str, Any]) -> Component:
    full = event["percentSold"]
    exact = f"{count(event['sold'])} of {count(event['capacity'])} tickets sold" if event["capacity"] else ""
    words = f"{decimal(full, 0)}%" if full is not None else count(event["sold"])
    tone = "full" if full is not None and full >= 100 else ""
    return html.Div(
        [bar(full, tone), html.Span(words, className="num muted")],
        className="meter",
        title=exact or f"{count(event['sold'])} tickets sold, no capacity is set",
    )


def _revenue(event: Mapping[str, Any], scope: Scope) -> Component:
    rows = event.get("revenue") or []
    own = sorted(rows, key=lambda row: (row["currency"] != scope.currency, -(row["netMinor"] or 0)))
    if not own:
        return html.Span(NOTHING)
    exact = " · ".join(exactly(row["netMinor"], "money", row["currency"]) for row in own)
    more = " · …" if len(own) > 1 else ""
    return html.Span(
        said(own[0]["netMinor"], "money", own[0]["currency"]) + more, title=exact, className="num"
    )


def _status(event: Mapping[str, Any]) -> Component:
    word, tone = STATUS.get(event["status"], (str(event["status"]).replace("_", " ").capitalize(), ""))
    if event["status"] == "on_sale" and LOW_STOCK <= (event["percentSold"] or 0) < 100:
        word, tone = "Low stock", "warn"
    return html.Span(word, className=f"mark {tone}".strip())


def summary(settings: EventTableSettings, answers: Answers, scope: Scope) -> str:
    """How many, and the fullest."""
    events = answers["events"]
    rated = [event for event in events if event["percentSold"] is not None]
    best = max(rated, key=lambda event: event["percentSold"], default=None)
    lead = f"; {best['name']} is fullest with {decimal(best['percentSold'], 0)}% sold" if best else ""
    return f"{len(events)} event{'s' if len(events) != 1 else ''}{lead}"


def cut(settings: EventTableSettings, answers: Answers, scope: Scope) -> str:
    """As many as were asked for; where there are fewer, they are all."""
    word = {"upcoming": "next", "past": "last", "all": "first"}[settings.phase]
    return f"the {word} {settings.limit}" if len(answers["events"]) == settings.limit else ""


def tables(settings: EventTableSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """A row for each event and currency, its doors by the clock of its venue; what is sold stands in its
    first."""
    columns: list[tuple[str, str, Any]] = [
        ("event", "Event", None),
        ("venue", "Venue", None),
        ("doors", "Doors", None),
        ("status", "Status", None),
        ("sold", "Sold", "tickets"),
        ("capacity", "Capacity", "tickets"),
        ("percent", "Percent sold", "percent"),
    ]
    money = any(event.get("revenue") for event in answers["events"])
    if money:
        columns += [("currency", "Currency", None), ("net", "Net revenue", "money")]
    rows: list[tuple[Any, ...]] = []
    zones: list[str] = []
    for event in answers["events"]:
        at = event["doorsAt"] or event["startsAt"]
        status = STATUS.get(event["status"], (event["status"], ""))[0]
        head: tuple[Any, ...] = (event["name"], event["venueName"], moment(at) if at else None, status)
        head += (event["sold"], event["capacity"] or None, event["percentSold"])
        amounts = event.get("revenue") or [{"currency": "", "netMinor": None}]
        for place, each in enumerate(amounts):
            if place:  # Sums of the columns have to be right.
                head = (*head[:4], None, None, None)
            rows.append((*head, each["currency"], each["netMinor"]) if money else head)
        zones += [event["zone"]] * len(amounts)
    return [with_zones(made("Events", columns, rows, scope.zone), zones)]


WIDGET = Widget(
    name="event-table",
    label="Events",
    group="events",
    icon="calendar",
    description="Coming or past events with date, fill meter, revenue and status.",
    settings=EventTableSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    cut=cut,
    size=(6, 4),
    smallest=(3, 3),
    empty="No event is registered here yet.",
)
