"""Who is inside: the ring of the whole house with its warning marks, its zones and its peaks."""

from dash import html

from components.attributes import marks
from components.format import count
from components.read import Readings, bar, card, place
from components.readings import State


def house(state: State, texts: Readings) -> html.Section:
    """The house count as a ring, zone by zone, with the peak so far and the one to come."""
    return card(
        "Inside now",
        [
            html.Div([_ring(state, texts), _zones(state)], className="house"),
            html.Dl(
                [
                    html.Div([html.Dt("Peak so far"), html.Dd(place(texts, "peak"))]),
                    html.Div([html.Dt("Projected peak"), html.Dd(place(texts, "projected-peak"))]),
                ],
                className="facts",
            ),
        ],
        name="house",
        area="house",
        aside=place(texts, "inside-of", "muted small num"),
    )


def _ring(state: State, texts: Readings) -> html.Div:
    capacity = state["capacity"]
    room = capacity["capacity"]
    ring = html.Div(
        className="ring",
        role="meter",
        **marks(
            aria_label="People inside",
            aria_valuemin="0",
            aria_valuemax=str(room or capacity["inside"]),
            aria_valuenow=str(capacity["inside"]),
            aria_valuetext=f"{count(capacity['inside'])} {texts['inside-of'].text}",
        ),
    )
    text = html.Div(
        [place(texts, "inside", "ring-value"), place(texts, "inside-percent", "muted small")],
        className="ring-text",
    )
    return html.Div(
        [ring, html.Div(className="ring-mark amber"), html.Div(className="ring-mark red"), text],
        className=f"ring-frame {capacity['level']}" + ("" if room else " open"),
        style={
            "--share": f"{min(100, capacity['percent'] or 0):g}",
            "--amber-at": f"{capacity['amberPercent']:g}",
            "--red-at": f"{capacity['redPercent']:g}",
        },
        **marks(data_meter="house"),
    )


def _zones(state: State) -> html.Ul:
    """One bar for each zone; a zone without a capacity shows its number alone."""
    return html.Ul(
        [
            html.Li(
                [
                    html.Div(
                        [
                            html.Span(zone["name"], className="grow"),
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
