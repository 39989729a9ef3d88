"""The five cards of the Tonight board: the bodies of the widgets of the same names, each in its frame."""

from collections.abc import Sequence

from dash import html

from components.card import card
from widgets.arrivals import arrivals_chart, arrivals_legend
from widgets.feed import feed_list
from widgets.figures_pages import of_tonight
from widgets.gate_flow import gate_table
from widgets.house_count import house
from widgets.read import Readings, place
from widgets.readings import State
from widgets.sales_pace import pace
from widgets.social_pulse import talk
from widgets.time_notes import Noted


def house_card(state: State, texts: Readings, *, downloads: bool = False) -> html.Section:
    """Who is inside."""
    return card(
        "Inside now",
        house(state, texts),
        name="house",
        area="house",
        aside=place(texts, "inside-of", "muted small num"),
        takes=of_tonight("house-count") if downloads else "",
    )


def arrivals_card(
    state: State, texts: Readings, notes: Sequence[Noted] = (), *, downloads: bool = False
) -> html.Section:
    """Arrivals against the usual curve, with a legend in words."""
    return card(
        "Arrivals",
        arrivals_chart(state, texts, notes, id="arrivals-graph"),
        name="arrivals",
        area="arrivals",
        sub=html.Span(["Per 5 minutes · ", place(texts, "usual-note")], className="muted small"),
        aside=arrivals_legend(),
        takes=of_tonight("arrivals") if downloads else "",
    )


def gates_card(state: State, texts: Readings, *, downloads: bool = False) -> html.Section:
    """A table of gates in the venue's order."""
    sub = place(texts, "doors-note", "muted small num")
    takes = of_tonight("gate-flow") if downloads else ""
    return card("Gates", gate_table(state), name="gates", area="gates", sub=sub, takes=takes)


def sales_card(state: State, texts: Readings, *, downloads: bool = False) -> html.Section:
    """How tickets go."""
    sub = place(texts, "open-note", "muted small num")
    takes = of_tonight("sales-pace") if downloads else ""
    return card("Sales pace", pace(state, texts), name="sales", area="sales", sub=sub, takes=takes)


def feed_card(state: State, texts: Readings, *, downloads: bool = False) -> html.Section:
    """What just happened, and below it the talk about the event."""
    takes = of_tonight("feed") if downloads else ""
    return card("Just now", [feed_list(state), talk(state, texts)], name="feed", area="feed", takes=takes)
