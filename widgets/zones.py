"""The house zone by zone."""

from dash import html

from widgets.attributes import marks
from widgets.format import count
from widgets.read import bar
from widgets.readings import State


def zone_bars(state: State) -> html.Ul:
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
