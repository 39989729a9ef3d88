"""What just happened, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.answered import moment as instant_of
from widgets.attributes import marks
from widgets.format import count, moment, money, percent
from widgets.night import NightSettings, event_words, night_needs
from widgets.readings import State
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Settings, Table, Widget

Entry = dict[str, Any]
_VERBS = {
    "sale": "Sold",
    "comp": "Comp",
    "refund": "Refunded",
    "cancellation": "Cancelled",
    "fee": "Fee",
}
_MEASURES = {
    "sold_capacity": "of capacity sold",
    "sold_target": "of the ticket target sold",
    "revenue_target": "of the revenue target reached",
    "capacity_amber": "House filling up",
    "capacity_red": "House nearly full",
    "capacity_over": "House over capacity",
}


def feed_list(state: State) -> html.Ol:
    """The last entries, sales and alerts."""
    return html.Ol(
        feed_items(state),
        className="feed scroll",
        tabIndex="0",
        **marks(data_list="feed", aria_label="Feed"),
    )


def feed_items(state: State) -> list[html.Li]:
    """One line for each thing that happened, or one that says nothing has."""
    items = [_item(entry, state) for entry in state["feed"]]
    return items or [html.Li("Nothing has happened yet.", className="nothing")]


def _item(entry: Entry, state: State) -> html.Li:
    what, value = wording(entry, state)
    return html.Li(
        [
            html.Span(className="feed-dot", **marks(aria_hidden="true")),
            html.Span(what, className="grow", title=what),
            html.Span(value, className="num"),
            html.Time(
                moment(entry["at"], state["asOf"], state["event"]["zone"]),
                dateTime=entry["at"],
                className="muted num",
            ),
        ],
        className=f"feed-{entry['kind']}",
    )


def wording(entry: Entry, state: State) -> tuple[str, str]:
    """What happened in words, and its amount."""
    kind = entry["kind"]
    if kind in ("entry", "exit", "refused"):
        return _scan(entry, {gate["gate"]: gate["name"] for gate in state["attendance"]["gates"]}), ""
    if kind in ("milestone", "alert"):
        words = _MEASURES.get(entry.get("measure", ""), kind.capitalize())
        return (f"{percent(entry['percent'])} {words}" if kind == "milestone" else words), ""
    return _sale(entry, {row["currency"]: row["exponent"] for row in state["revenue"]["currencies"]})


def _scan(entry: Entry, gates: dict[str, str]) -> str:
    several = (entry["quantity"] or 1) > 1
    word = {"entry": "in", "exit": "out", "refused": "refused"}[entry["kind"]]
    what = f"{count(entry['quantity'])} {word}" if several else word.capitalize()
    reason = f" · {entry['reason'].replace('_', ' ')}" if entry["reason"] else ""
    gate = f" · {gates.get(entry['gate'], entry['gate'])}" if entry["gate"] else ""
    return what + (reason if entry["kind"] == "refused" else "") + gate


def _sale(entry: Entry, exponents: dict[str, int]) -> tuple[str, str]:
    tickets = abs(entry["quantity"] or 0)
    what = f" {tickets} ×" if tickets else ""
    ticket = f" {entry['ticketType']}" if entry["ticketType"] else (" ticket" if tickets else "")
    channel = f" · {entry['channel']}" if entry["channel"] else ""
    currency = entry["currency"] or ""

    def exactly(amount: int | None) -> str:
        return money(amount, currency, exponents.get(currency, 2), exact=True) if amount else ""

    fees = exactly(entry.get("feesMinor"))
    what_fees = f", fees {fees}" if fees else ""
    return f"{_VERBS[entry['kind']]}{what}{ticket}{what_fees}{channel}", exactly(entry["amountMinor"])


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    return html.Div(feed_list(answers["night"]), className="w-fill")


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    state = answers["night"]
    if not state["feed"]:
        return "Nothing has happened yet"
    what, value = wording(state["feed"][0], state)
    return f"Newest: {what} {value}".strip()


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    state = answers["night"]
    columns: list[tuple[str, str, Unit | None]] = [
        ("at", "When", None),
        ("what", "What", None),
        ("amount", "Amount", None),
    ]
    rows = [(instant_of(entry["at"]), *wording(entry, state)) for entry in state["feed"]]
    return [made("What just happened", columns, rows, state["event"]["zone"])]


WIDGET = Widget(
    name="feed",
    label="What just happened",
    group="tonight",
    icon="list",
    description="Sales, entries, refusals and alerts as they come, newest first.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(4, 4),
    smallest=(3, 2),
    live=("feed", "event"),
)
