"""The warnings above the board: how full the house is, and which gates have stopped.

`notices` is mirrored by `assets/readings.js`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.attributes import marks
from widgets.format import clock, count, moment, percent, rate
from widgets.icon import icon
from widgets.night import NightSettings, event_words, night_needs
from widgets.readings import State
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Settings, Table, Widget

SEVERITY = {"ok": 0, "amber": 1, "red": 2, "over": 3}


class Notice(NamedTuple):
    """One warning. `level` is amber, red or over; `headline` is what a screen reader is told first."""

    subject: str
    level: str
    headline: str
    detail: str
    since: str = ""


def notices(state: State) -> list[Notice]:
    """The capacity warning if there is one, then the stalled gates."""
    return [notice for notice in (_capacity(state), _gates(state)) if notice is not None]


PAST = {
    "capacity_amber": ("amber", "House filling up"),
    "capacity_red": ("red", "House nearly full"),
    "capacity_over": ("over", "House over capacity"),
}
"""Measure of a mark that stays when it was passed once → its level, and what it said."""


def past_notices(state: State) -> list[tuple[str, str, str]]:
    """Level, words and moment (ISO) of what the house has been warned of tonight, the newest first."""
    found = [
        (*PAST[mark["measure"]], str(mark["reachedAt"]))
        for mark in state["sales"]["milestones"]
        if mark["measure"] in PAST
    ]
    return sorted(found, key=lambda notice: notice[2], reverse=True)


def past_rows(state: State) -> list[html.Li]:
    """A line for each of them."""
    return [
        html.Li(
            [
                html.Span(words, className="grow"),
                html.Time(
                    moment(at, state["asOf"], state["event"]["zone"]),
                    dateTime=at,
                    className="muted num",
                ),
            ],
            className=level,
        )
        for level, words, at in past_notices(state)
    ]


def notice_rows(state: State) -> html.Div:
    """The stack of warnings; empty (and taking no room) when all is well."""
    return html.Div(
        [_row(notice) for notice in notices(state)],
        className="banners",
        **marks(data_list="notices"),
    )


def _row(notice: Notice) -> html.Div:
    return html.Div(
        [
            icon("warn"),
            html.Div(
                [
                    html.B(notice.headline),
                    html.Span(f" {notice.detail} "),
                    html.Span(notice.since, className="muted"),
                ],
                className="grow",
            ),
        ],
        className=f"banner {notice.level}",
        **marks(data_subject=notice.subject),
    )


def _capacity(state: State) -> Notice | None:
    """The worst of the whole house and its zones; the house speaks first when they are equal."""
    capacity, zone = state["capacity"], state["event"]["zone"]
    places = [(SEVERITY[capacity["level"]], "", capacity)]
    places += [(SEVERITY[place["level"]], place["name"], place) for place in capacity["zones"]]
    severity, name, place = max(places, key=lambda found: found[0])
    if severity == 0:
        return None
    where = name or "House"
    too_many = place["inside"] - place["capacity"]
    level = place["level"]
    headline = {
        "amber": f"{where} filling up.",
        "red": f"{where} nearly full.",
        "over": f"{where} over capacity.",
    }[level]
    inside = f"{count(place['inside'])} of {count(place['capacity'])} inside"
    share = percent(floor(place["percent"]))  # 79.7 % has not reached 80 %.
    detail = f"{inside}, {count(too_many)} too many." if too_many > 0 else f"{inside}, {share}."
    since = f"Since {clock(capacity['since'], zone)}" if capacity["since"] and not name else ""
    return Notice("capacity", level, headline, detail, since)


def _gates(state: State) -> Notice | None:
    gates: Sequence[dict[str, object]] = state["attendance"]["gates"]
    stalled = [gate for gate in gates if gate["stalled"]]
    if not stalled:
        return None
    names = "; ".join(str(gate["name"]) for gate in stalled)
    others = sum(float(str(gate["perMinute"])) for gate in gates if not gate["stalled"])
    last = max((str(gate["lastScanAt"]) for gate in stalled if gate["lastScanAt"]), default=None)
    since = f"Last scan {clock(last, state['event']['zone'])}" if last else ""
    headline, detail = f"Stalled: {names}.", f"The other gates scan {rate(others)} a minute."
    return Notice("gates", "amber", headline, detail, since)


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    calm = html.Div("All clear.", className="w-calm muted")
    state = answers["night"]
    past = html.Ol(
        past_rows(state), className="past", **marks(data_list="past", aria_label="Earlier tonight")
    )
    return html.Div(
        [notice_rows(state), calm, past],
        className="w-fill w-notices",
        tabIndex="0",  # It scrolls where it is small.
        role="group",
        **marks(aria_label="Alerts"),
    )


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    found = notices(answers["night"])
    return " ".join(f"{each.headline} {each.detail}" for each in found) or "All clear"


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    columns: list[tuple[str, str, Unit | None]] = [
        ("level", "Level", None),
        ("what", "What", None),
        ("detail", "Detail", None),
        ("since", "Since", None),
    ]
    state = answers["night"]
    zone = state["event"]["zone"]
    rows = [(each.level, each.headline, each.detail, each.since) for each in notices(state)]
    rows += [(level, f"{words}.", "Earlier", clock(at, zone)) for level, words, at in past_notices(state)]
    return [made("Alerts", columns, rows, zone)]


WIDGET = Widget(
    name="notices",
    label="Alerts",
    group="tonight",
    icon="bell",
    description="What needs somebody now: the house filling up, gates that have stopped; and when the house"
    " was filling up, nearly full or too full tonight.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(6, 2),
    smallest=(3, 2),
    live=("capacity", "attendance", "event", "sales"),
)
