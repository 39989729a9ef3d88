"""The events to choose from: a menu under the title, and the nearest ones at the side."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from widgets.attributes import marks
from widgets.format import clock, day, zone_letters
from widgets.icon import icon
from widgets.readings import State

Event = dict[str, Any]
"""An event as `data.live.tonight` lists it, with `venueName` and `zone`."""

AT_THE_SIDE = 6
MOST_UNREGISTERED = 2
"""Events that nobody registered, beyond which they wait behind "All events"."""


def switcher(state: State, events: Sequence[Event]) -> html.Details:
    """The menu of events: links, so that every event has an address and the keyboard works."""
    near, rest = split(events, state["eventId"], len(events))
    words = _Words(events)
    items = [html.Li(_link(event, state["eventId"], words, when_at_the_end=True)) for event in near]
    if rest:
        more = [html.Li(_link(event, state["eventId"], words, when_at_the_end=True)) for event in rest]
        items.append(html.Li(_more([html.Ul(more)])))
    return html.Details(
        [
            html.Summary(
                [html.H1(state["event"]["name"]), icon("down")],
                **marks(aria_label=f"{state['event']['name']}: choose another event"),
            ),
            html.Ul(items, className="menu", **marks(aria_label="Events")),
        ],
        className="switcher",
    )


def coming_up(state: State, events: Sequence[Event]) -> html.Nav:
    """The first few events at the side, one click away, and the others one click further."""
    near, rest = split(events, state["eventId"], AT_THE_SIDE)
    words = _Words(events)
    links: list[Component] = [_link(event, state["eventId"], words) for event in near]
    if rest:
        links.append(_more([_link(event, state["eventId"], words) for event in rest]))
    return html.Nav(
        [html.H2("Events", className="side-title"), *links],
        className="side-events",
        **marks(aria_label="Events"),
    )


def split(events: Sequence[Event], shown: str, room: int) -> tuple[list[Event], list[Event]]:
    """The first `room` events with the one that is shown, and the rest, each in the given order.

    Unregistered ones take only what room the others leave, and at most two places.
    """
    by_rank = sorted(events, key=lambda event: (event["eventId"] != shown, not event["registered"]))
    near: set[str] = set()
    strangers = 0
    for event in by_rank[:room]:
        strangers += not event["registered"]
        if event["registered"] or strangers <= MOST_UNREGISTERED:
            near.add(event["eventId"])
    kept = [event for event in events if event["eventId"] in near]
    return kept, [event for event in events if event["eventId"] not in near]


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Venue → its first telling word ("Riverside" of "Riverside Hall"), or its name when that word is
    very short or another venue's as well."""
    first = {name: name.removeprefix("The ").split(" ")[0] for name in names}
    used = Counter(first.values())
    return {name: word if len(word) > 3 and used[word] == 1 else name for name, word in first.items()}


class _Words:
    """What has to be said of each event so that those of several venues are told apart."""

    def __init__(self, events: Sequence[Event]) -> None:
        venues = {event["venueName"] for event in events}
        self._venues = short_names(sorted(venues)) if len(venues) > 1 else {}
        self._zoned = len({event["zone"] for event in events}) > 1

    def venue(self, event: Event) -> str:
        return self._venues.get(event["venueName"], "")

    def when(self, event: Event) -> str:
        at, zone = event["doorsAt"] or event["startsAt"], event["zone"]
        if not at:
            return ""
        letters = f" {zone_letters(at, zone)}" if self._zoned else ""
        return f"{day(at, zone)}, {clock(at, zone)}{letters}"


def _more(links: Sequence[Component]) -> html.Details:
    return html.Details([html.Summary("All events", className="menu-item"), *links], className="all-events")


def _link(event: Event, shown: str, words: _Words, *, when_at_the_end: bool = False) -> dcc.Link:
    phase = {"live": "Now", "over": "Over"}.get(event["phase"], "")
    when = words.when(event)
    # At the side there is no room for a column of its own.
    lines = [words.venue(event)] if when_at_the_end else [f"{phase} · {words.venue(event)}".strip(" ·"), when]
    name = [
        html.Span(event["name"], title=event["name"]),
        *[html.Span(line, className="muted small num") for line in lines if line],
        None if event["registered"] else html.Span("Unregistered", className="mark warn"),
    ]
    return dcc.Link(
        [
            html.Span(className=f"phase-dot {event['phase']}", **marks(aria_hidden="true")),
            html.Span([part for part in name if part is not None], className="grow menu-name"),
            *([html.Span(phase or when, className="muted small num")] if when_at_the_end else []),
        ],
        href=f"/?event={event['eventId']}",
        className="menu-item" + (" on" if event["eventId"] == shown else ""),
    )
