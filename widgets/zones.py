"""The house zone by zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.attributes import marks
from widgets.format import count
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import bar
from widgets.readings import State
from widgets.scope import Scope
from widgets.tables import made
from widgets.values import decimal
from widgets.widget import Answers, Settings, Table, Widget


def zone_bars(state: State) -> html.Ul:
    """One bar for each zone; a zone without a capacity shows its number alone."""
    return html.Ul(
        [
            html.Li(
                [
                    html.Div(
                        [
                            html.Span(zone["name"], className="grow", title=zone["name"]),
                            html.Span(count(zone["inside"]), className="num"),
                            html.Span(
                                f" / {count(zone['capacity'])}" if zone["capacity"] else "",
                                className="muted num",
                            ),
                        ],
                        className="zone-row",
                    ),
                    bar(zone["percent"], zone["level"]),
                ]
            )
            for zone in state["capacity"]["zones"]
        ],
        className="zones",
        **marks(data_list="zones", aria_label="Zones"),
    )


def zone_table(title: str, rows: Sequence[tuple[Any, ...]], state: State) -> Table:
    """The whole house and its zones with capacity and percentage; None where no capacity is set."""
    zones = [
        (zone["name"], zone["inside"], zone["capacity"] or None, zone["percent"])
        for zone in state["capacity"]["zones"]
    ]
    columns: list[tuple[str, str, Unit | None]] = [
        ("zone", "Zone", None),
        ("inside", "Inside", "people"),
        ("capacity", "Capacity", "people"),
        ("percent", "Full", "percent"),
    ]
    return made(title, columns, [*rows, *zones], state["event"]["zone"])


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    return html.Div(
        zone_bars(answers["night"]),
        className="w-zones",
        tabIndex="0",  # It scrolls where it is small.
        role="group",
        **marks(aria_label="Zones"),
    )


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    zones = [zone for zone in answers["night"]["capacity"]["zones"] if zone["percent"] is not None]
    if not zones:
        return "No zone has a capacity"
    fullest = max(zones, key=lambda zone: zone["percent"])
    return f"{len(zones)} zones; {fullest['name']} is fullest with {decimal(fullest['percent'], 1)}%"


WIDGET = Widget(
    name="zones",
    label="Zones",
    group="tonight",
    icon="bars",
    description="People inside zone by zone, against each one's capacity.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=lambda settings, answers, scope: [zone_table("Zones", [], answers["night"])],
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(4, 3),
    live=("capacity",),
)
