"""What the widgets of the night share: one live state, of the board's event or of the one that is on."""

from __future__ import annotations

from collections.abc import Mapping

from data.needs import LiveNight, Need
from widgets.format import day
from widgets.readings import State
from widgets.scope import Scope
from widgets.widget import Settings


class NightSettings(Settings):
    """Settings of a widget of the night: none, it follows the board's event, or the one that is on."""


def night_needs(settings: Settings, scope: Scope) -> Mapping[str, Need]:
    """The live state of the board's event, else of the one that is on."""
    return {"night": LiveNight(scope.event, scope.venue)}


def event_words(state: State) -> str:
    """Which event the figures are of: its name and day."""
    event = state["event"]
    at = event["doorsAt"] or event["startsAt"]
    return f"{event['name']}, {day(at, event['zone'])}" if at else str(event["name"])
