"""The doors: what each gate scans a minute, and which one has stopped."""

from dash import html

from widgets.attributes import marks
from widgets.format import clock, count, rate
from widgets.read import bar
from widgets.readings import State


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
    pace = float(str(gate["perMinute"]))
    place_name = places.get(str(gate["zone"]), _text(gate["zone"]))
    where = html.Span(place_name, className="muted small") if place_name else None
    last = (
        html.Span("Stalled", className="mark warn")
        if gate["stalled"]
        else html.Span(clock(_text(gate["lastScanAt"]), zone), className="num muted")
    )
    return html.Tr(
        [
            html.Th([html.Span(str(gate["name"])), where], scope="row", title=str(gate["name"])),
            html.Td(
                html.Div(
                    [html.Span(rate(pace), className="num pace"), bar(100 * pace / fastest)],
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
