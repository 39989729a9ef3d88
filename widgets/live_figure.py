"""One number of the night, as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.answers import Unit
from widgets.asking import labelled
from widgets.format import NOTHING
from widgets.masking import Hidden
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import place, spark
from widgets.readings import State, primary_money, readings
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Table, Widget

Name = Literal["entered", "inside", "missing", "sold", "today", "hour", "revenue", "mentions"]
_LABELS = labelled(
    entered="Scanned in",
    inside="Inside now",
    missing="No-shows so far",
    sold="Tickets sold",
    today="Sold today",
    hour="Sold in the last hour",
    revenue="Revenue tonight",
    mentions="Mentions",
)
_PLACES: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "entered": ("entered", "entered-of", ("entered-delta", "entered-note"), "arrivals"),
    "inside": ("inside", "inside-of", ("inside-percent",), ""),
    "missing": ("no-shows", "", ("no-shows-percent", "no-shows-note"), "missing"),
    "sold": ("sold", "sold-of", ("sold-percent", "sold-note"), "sold"),
    "today": ("sold-today", "", (), "sold"),
    "hour": ("per-hour", "", ("per-five", "open-note"), "sold"),
    "revenue": ("revenue", "revenue-more", ("revenue-flow", "revenue-note"), "revenue"),
    "mentions": ("mentions", "", ("reach", "engagement"), ""),
}
"""Number → its reading, what it is of, the readings below it (a chip first), its small curve."""


class LiveFigureSettings(NightSettings):
    """Which number of the night."""

    number: Name = Field("entered", title="Number", json_schema_extra=_LABELS)


def label_of(settings: LiveFigureSettings) -> str:
    """How the number is called."""
    return str(_LABELS["labels"][settings.number])


def _allowed(settings: LiveFigureSettings, state: State) -> None:
    if settings.number == "revenue" and not state["revenue"]["currencies"]:
        raise Hidden


def body(settings: LiveFigureSettings, answers: Answers, scope: Scope) -> Component:
    """The number with its curve; the page keeps it up to date by its marks."""
    state = answers["night"]
    _allowed(settings, state)
    said = readings(state)
    name, of, below, curve = _PLACES[settings.number]
    value = [place(said, name), *([place(said, of, "of")] if of else [])]
    foot = [
        place(said, each, "chip" if index == 0 and len(below) > 1 else "muted")
        for index, each in enumerate(below)
    ]
    drawn = spark(curve, _curve(curve, state)) if curve else None
    return html.Div(
        [
            html.Div([html.Div(value, className="big-value"), drawn], className="big-row"),
            html.Div(foot, className="big-foot"),
        ],
        className="big",
    )


def _curve(name: str, state: State) -> list[Any]:
    come = list(accumulate(state["attendance"]["arrivals"]["counts"]))
    if name == "arrivals":
        return come
    if name == "missing":
        return [state["attendance"]["expected"] - people for people in come]
    return list(primary_money(state)["trend"] if name == "revenue" else state["sales"]["trend"]["sold"])


def summary(settings: LiveFigureSettings, answers: Answers, scope: Scope) -> str:
    """The number, exactly."""
    _allowed(settings, answers["night"])
    said = readings(answers["night"])
    name, of, *_ = _PLACES[settings.number]
    return f"{label_of(settings)}: {said[name].text} {said[of].text if of else ''}".strip()


def tables(settings: LiveFigureSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The number itself, and what it means in words."""
    state = answers["night"]
    said, label = readings(state), label_of(settings)
    name, of, below, _ = _PLACES[settings.number]
    words = (said[name].text, said[name].title)
    beside = [(_kind(each), said[each]) for each in (of, *below) if each and said[each].text]
    what, told = ("what", "What", None), [("value", "In words", None), ("exactly", "Exactly", None)]
    columns: list[tuple[str, str, Unit | None]]
    rows: list[tuple[Any, ...]]
    if settings.number == "revenue":
        columns = [what, ("currency", "Currency", None), ("number", label, "money"), *told]
        rows = [
            (label, each["currency"], each["tonightNetMinor"], *(words if index == 0 else ("", "")))
            for index, each in enumerate(_primary_first(state))
        ]
        rows += [(kind, "", None, reading.text, reading.title) for kind, reading in beside]
    else:
        columns = [what, ("number", label, "count"), *told]
        rows = [(label, _number(settings.number, state), *words)]
        rows += [(kind, None, reading.text, reading.title) for kind, reading in beside]
    return [made(label, columns, rows, state["event"]["zone"])]


def _primary_first(state: State) -> list[dict[str, Any]]:
    first = primary_money(state)
    return [first, *(each for each in state["revenue"]["currencies"] if each is not first)]


def _number(number: Name, state: State) -> int | None:
    """What is shown, as it is counted; None while there is nothing to count."""
    attendance, sales = state["attendance"], state["sales"]
    known: dict[str, int] = {
        "entered": attendance["entered"],
        "inside": state["capacity"]["inside"],
        "missing": attendance["noShows"],
        "sold": sales["sold"],
        "today": sales["soldToday"],
        "hour": sales["perHour"],
        "mentions": state["social"]["mentions"],
    }
    unknown = number == "missing" and readings(state)["no-shows"].text == NOTHING
    return None if unknown else known[number]


def _kind(reading: str) -> str:
    """What a line below the number is, by the name of its reading."""
    kinds = {"of": "Out of", "delta": "Against usual", "percent": "Share", "note": "Detail"}
    return kinds.get(reading.rpartition("-")[2], reading.replace("-", " ").capitalize())


WIDGET = Widget(
    name="live-figure",
    label="Live figure",
    group="tonight",
    icon="number",
    description="One number of the night as it happens: scanned in, inside, sold, revenue and more.",
    settings=LiveFigureSettings,
    needs=night_needs,
    body=body,
    summary=summary,
    tables=tables,
    title=lambda settings, scope: label_of(settings),
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(3, 2),
    live=("sales", "revenue", "attendance", "capacity", "social", "event"),
)
