"""The doors: what each gate scans a minute, and which one has stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.answered import moment
from widgets.attributes import marks
from widgets.format import clock, count, pace
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import bar
from widgets.readings import State
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Settings, Table, Widget


def gate_table(state: State) -> html.Div:
    """A table of gates in the venue's order."""
    rows = state["attendance"]["gates"]
    fastest = max([gate["perMinute"] for gate in rows], default=0) or 1
    heading = html.Tr(
        [
            html.Th("Gate", scope="col"),
            html.Th("Per minute", scope="col"),
            html.Th("In", scope="col", className="right"),
            html.Th("Out", scope="col", className="right"),
            html.Th("Refused", scope="col", className="right"),
            html.Th("Last scan", scope="col", className="right"),
        ]
    )
    places = {zone["zone"]: zone["name"] for zone in state["capacity"]["zones"]}
    body = [_row(gate, places, fastest, state["event"]["zone"]) for gate in rows]
    if state["attendance"]["moreGates"]:
        body.append(_note(f"{count(state['attendance']['moreGates'])} more, less busy."))
    return html.Div(
        html.Table(
            [
                html.Caption("Scans per gate", className="visually-hidden"),
                html.Thead(heading),
                html.Tbody(body or [_note("No gate has scanned yet.")], **marks(data_list="gates")),
            ],
            className="plain-table gates-table",
        ),
        className="scroll",
    )


def _row(gate: dict[str, object], places: dict[str, str], fastest: float, zone: str) -> html.Tr:
    scans = float(str(gate["perMinute"]))
    place_name = places.get(str(gate["zone"]), _text(gate["zone"]))
    where = html.Span(place_name, className="muted small") if place_name else None
    last = [html.Span(clock(_text(gate["lastScanAt"]), zone), className="num muted")]
    if gate["stalled"]:
        last.append(html.Span("Stalled", className="mark warn"))
    return html.Tr(
        [
            html.Th([html.Span(str(gate["name"])), where], scope="row", title=str(gate["name"])),
            html.Td(
                html.Div(
                    [html.Span(pace(scans), className="num pace"), bar(100 * scans / fastest)],
                    className="meter",
                )
            ),
            html.Td(count(_number(gate["entries"])), className="num right"),
            html.Td(count(_number(gate["exits"])), className="num right"),
            html.Td(count(_number(gate["invalid"])), className="num right"),
            html.Td(last, className="right"),
        ],
        className="stalled" if gate["stalled"] else "",
    )


def _note(text: str) -> html.Tr:
    return html.Tr(html.Td(text, colSpan=6, className="nothing"))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int:
    return int(str(value))


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    return html.Div(gate_table(answers["night"]), className="w-fill w-gates")


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    attendance = answers["night"]["attendance"]
    busiest = max(attendance["gates"], key=lambda gate: gate["perMinute"], default=None)
    if busiest is None:
        return "No gate has scanned yet"
    stalled = [str(gate["name"]) for gate in attendance["gates"] if gate["stalled"]]
    named = sum(gate["gate"] is not None for gate in attendance["gates"])
    said = f"{named} gates; busiest is {busiest['name']}, {pace(busiest['perMinute'])} a minute"
    return f"{said}; stalled: {', '.join(stalled)}" if stalled else said


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    state = answers["night"]
    columns: list[tuple[str, str, Unit | None]] = [
        ("gate", "Gate", None),
        ("zone", "Zone", None),
        ("per_minute", "Scans a minute", "rate"),
        ("in", "In", "people"),
        ("out", "Out", "people"),
        ("refused", "Refused", "count"),
        ("last", "Last scan", None),
    ]
    places = {zone["zone"]: zone["name"] for zone in state["capacity"]["zones"]}
    rows = [
        (
            gate["name"],
            places.get(gate["zone"]) or gate["zone"] or "",
            gate["perMinute"],
            gate["entries"],
            gate["exits"],
            gate["invalid"],
            moment(gate["lastScanAt"]) if gate["lastScanAt"] else None,
        )
        for gate in state["attendance"]["gates"]
    ]
    table = made("Gates", columns, rows, state["event"]["zone"])
    return [replace(table, total_rows=len(rows) + state["attendance"]["moreGates"])]


WIDGET = Widget(
    name="gate-flow",
    label="Gate flow",
    group="tonight",
    icon="gate",
    description="Scans a minute at each gate, in, out and refused, and which gate has stopped.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(6, 4),
    smallest=(3, 3),
    live=("attendance",),
)
