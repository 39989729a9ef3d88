"""The bar above every page of figures: venue, event, range, comparison, and the clicked filters.

All of it is links. The address is the state, so a link shows the same to whoever opens it, the back
button takes a choice back, and nothing needs a callback. `assets/filter.js` adds what links cannot
do: own dates, finding an event by typing, clicks on charts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from dash import dcc, html
from dash.development.base_component import Component

from widgets.answered import NOT_KNOWN
from widgets.attributes import marks
from widgets.icon import icon
from widgets.named import value_words
from widgets.scope_url import CARRIED, Look, Misread, Query, read_range, write
from widgets.scope_words import COMPARISONS, dimension_words, range_words

RANGES = ("today", "yesterday", "7d", "30d", "90d", "12mo", "this_month", "last_month", "this_year", "all")
TO_DOORS = ("doors-14..0", "doors-60..0", "doors-180..0")
MANY = 8
"""A list longer than this gets a field to find things by typing."""


class Choice(NamedTuple):
    """A venue or an event to choose; `sub` is a second word, such as its day, `zone` that of a venue."""

    id: UUID
    name: str
    sub: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from, the nearest first; `usual` is the range without a choice, `zone` that
    of the board, `venue_of_event` where the chosen event is. `names` are dimension → value → name of clicked
    values that are ids, `carried` is the address that other pages are opened with."""

    venues: Sequence[Choice]
    events: Sequence[Choice]
    usual: str = "30d"
    zone: str = ""
    venue_of_event: UUID | None = None
    names: Mapping[str, Mapping[str, str]] | None = None
    carried: str = ""


def filter_bar(
    look: Look,
    choices: Choices,
    path: str,
    *,
    base: Query | None = None,
    misread: Sequence[Misread] = (),
    children: Sequence[Component | None] = (),
) -> html.Div:
    """The bar of the page at `path`, whose own look is `base`; `children` stand at its end."""

    def to(changed: Look) -> str:
        query = write(changed, base=base)
        return f"{path}?{query}" if query else path

    chosen = [
        _venues(look, choices, to),
        _events(look, choices, to),
        _ranges(look, choices, to),
        _comparisons(look, choices, to),
        html.Span(className="grow"),
        _notes(look, choices),
        *children,
    ]
    filters = marks(
        data_filters=json.dumps(look.picked, ensure_ascii=False),
        data_range=_range_shown(look, choices),
        data_zone=choices.zone,
    )
    return _bar(chosen, choices, [_chips(look, choices, to), _left_out(misread)], filters)


def night_bar(
    look: Look, choices: Choices, path: str, shown: str, *, misread: Sequence[Misread] = ()
) -> html.Div:
    """The same of a page of one event as it happens, called `shown`: whole events have no range, comparison
    or filter. Without a choice it is the event that is on. Range and comparison wait in the address."""
    look = replace(look, picked=())

    def to(changed: Look) -> str:
        query = write(changed)
        return f"{path}?{query}" if query else path

    chosen = [_venues(look, choices, to), _events(look, choices, to, none="What is on now", shown=shown)]
    return _bar(chosen, choices, [_left_out(misread)])


def _bar(
    chosen: Sequence[Component | None],
    choices: Choices,
    below: Sequence[Component | None],
    hooks: Mapping[str, Any] | None = None,
) -> html.Div:
    row = html.Div(
        list(chosen), className="filters", role="group", **marks(aria_label="What the figures are of")
    )
    return html.Div(
        [row, *below],
        className="filter-bar",
        **marks(data_carried=choices.carried, data_carries=" ".join(CARRIED)),
        **(hooks or {}),
    )


def _venues(look: Look, choices: Choices, to: Callable[[Look], str]) -> Component | None:
    if len(choices.venues) < 2:
        return None
    # Another venue has other events: the choice of one goes with it.
    items = [_item("All venues", to(replace(look, venue=None, event=None)), look.venue is None)]
    items += [
        _item(venue.name, to(replace(look, venue=venue.id, event=None)), venue.id == look.venue, venue.sub)
        for venue in choices.venues
    ]
    shown = _name(look.venue, choices.venues, "All venues")
    return _menu("venue", "house", "Venue", shown, items, on=look.venue is not None)


def _events(
    look: Look, choices: Choices, to: Callable[[Look], str], none: str = "All events", shown: str = ""
) -> Component:
    """Without a choice it is `none`; `shown` is what is looked at then, where that is one event."""
    items = [_item(none, to(replace(look, event=None)), look.event is None)]
    items += [
        _item(event.name, to(replace(look, event=event.id)), event.id == look.event, event.sub)
        for event in choices.events
    ]
    shown = shown or _name(look.event, choices.events, none)
    return _menu("event", "ticket", "Event", shown, items, on=look.event is not None)


def _ranges(look: Look, choices: Choices, to: Callable[[Look], str]) -> Component:
    def item(text: str) -> Component:
        span = None if text == choices.usual else read_range(text)
        found = read_range(text)
        assert found is not None
        return _item(range_words(found), to(replace(look, range=span)), span == look.range)

    presets = RANGES if choices.usual in (*RANGES, *TO_DOORS) else (choices.usual, *RANGES)
    own = html.Div(className="own-dates", **marks(data_own_dates=to(replace(look, range=read_range("7d")))))
    return _menu(
        "range",
        "calendar",
        "Range",
        _range_shown(look, choices),
        [item(text) for text in presets],
        [_title("Each event by its days to doors"), html.Ul([item(text) for text in TO_DOORS]), own],
        on=look.range is not None,
    )


def _range_shown(look: Look, choices: Choices) -> str:
    shown = look.range or read_range(choices.usual)
    assert shown is not None
    return range_words(shown, choices.zone)


def _comparisons(look: Look, choices: Choices, to: Callable[[Look], str]) -> Component:
    items = [
        _item(
            "No comparison",
            to(replace(look, compare=None, compare_event=None)),
            look.compare is None and look.compare_event is None,
        )
    ]
    items += [
        _item(words, to(replace(look, compare=name, compare_event=None)), look.compare == name)
        for name, words in COMPARISONS.items()
    ]
    others = [event for event in choices.events if event.id != look.event]
    shown = "No comparison"
    if look.compare is not None:
        shown = f"vs {COMPARISONS[look.compare].lower()}"
    elif look.compare_event is not None:
        shown = f"vs {_name(look.compare_event, choices.events, 'another event')}"
    more: list[Component] = []
    if look.event is not None and others:
        links = [
            _item(
                event.name,
                to(replace(look, compare=None, compare_event=event.id)),
                event.id == look.compare_event,
                event.sub,
            )
            for event in others
        ]
        more = [_title("Another event, at the same distance to its doors"), html.Ul(links)]
    on = look.compare is not None or look.compare_event is not None
    return _menu("compare", "compare", "Compare with", shown, items, more, on=on)


def _chips(look: Look, choices: Choices, to: Callable[[Look], str]) -> Component | None:
    names = choices.names or {}
    chips = [
        dcc.Link(
            [
                html.Span(f"{dimension_words(dimension)}: ", className="muted filter-name"),
                html.Span(
                    value_words(dimension, value, names.get(dimension, {})),
                    className="filter-value",
                    **marks(data_dimension=dimension, data_is=value),
                ),
                html.Span("×", className="chip-x", **marks(aria_hidden="true")),
                html.Span(", remove this filter", className="visually-hidden"),
            ],
            href=to(look.without(dimension, value)),
            className="filter-chip",
        )
        for dimension, values in look.picked
        for value in values
    ]
    if not chips:
        return None
    clear = dcc.Link("Clear all", href=to(replace(look, picked=())), className="text-link")
    return html.Div([*chips, clear], className="filter-chips", role="group", **marks(aria_label="Filters"))


def _notes(look: Look, choices: Choices) -> Component | None:
    """Opens the notes on the time axis (`assets/notes.js`) of what has been chosen."""
    if not choices.venues:
        return None
    event = next((event for event in choices.events if event.id == look.event), None)
    about = {
        "venues": [
            {"id": str(venue.id), "name": venue.name, "zone": venue.zone or choices.zone}
            for venue in choices.venues
        ],
        "venue": str(look.venue or choices.venue_of_event or choices.venues[0].id),
        "event": str(look.event) if look.event else None,
        "eventName": event.name if event else "",
    }
    if look.venue is None and look.event is None and len(choices.venues) > 1:
        about["venue"] = None
    return html.Button(
        [icon("note"), html.Span("Notes")],
        className="button-plain notes-button",
        type="button",
        **marks(data_notes=json.dumps(about, ensure_ascii=False)),
    )


def _left_out(misread: Sequence[Misread]) -> Component | None:
    """What of the address was not understood: the figures are of less than somebody meant."""
    if not misread:
        return None
    parts = [f"{part.name}={part.value} ({part.why})" for part in misread[:3]]
    more = f" and {len(misread) - 3} more" if len(misread) > 3 else ""
    return html.P(
        f"Left out of this address: {', '.join(parts)}{more}.", className="filter-note", role="status"
    )


def _menu(
    name: str,
    picture: str,
    label: str,
    shown: str,
    items: Sequence[Component],
    more: Sequence[Component] = (),
    *,
    on: bool = False,
) -> Component:
    """`on` says whether it is a choice, and not what is looked at without one."""
    inside: list[Component] = [html.Ul(list(items))]
    if len(items) > MANY and name in ("venue", "event"):
        inside.insert(0, html.Div(**marks(data_find=f"Find {label.lower()}")))
    return html.Details(
        [
            html.Summary(
                [icon(picture), html.Span(shown, className="filter-shown"), icon("down")],
                title=shown,
                **marks(aria_label=f"{label}: {shown}"),
            ),
            html.Div([*inside, *more], className="menu", **marks(data_menu_of=label)),
        ],
        className="switcher filter",
        **marks(data_filter=name, **({"data_on": label} if on else {})),
    )


def _item(name: str, href: str, on: bool, sub: str = "") -> Component:
    words = [
        html.Span(name, className="grow menu-name"),
        html.Span(sub, className="muted small num") if sub else None,
        html.Span(", chosen", className="visually-hidden") if on else None,
    ]
    return html.Li(dcc.Link(words, href=href, className="menu-item" + (" on" if on else "")))


def _title(text: str) -> Component:
    return html.Div(text, className="menu-title")


def _name(chosen: UUID | None, choices: Sequence[Choice], none: str) -> str:
    if chosen is None:
        return none
    return next((choice.name for choice in choices if choice.id == chosen), NOT_KNOWN)
