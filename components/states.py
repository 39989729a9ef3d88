"""What a page shows instead of figures: nothing yet, not allowed, unreadable."""

from dash import html
from dash.development.base_component import Component

from components.header import theme_button
from widgets.attributes import marks
from widgets.icon import icon


def no_event(venue: str | None) -> list[Component]:
    """No event is known: how the first one comes in."""
    where = f" at {venue}" if venue else ""
    return panel(
        "calendar",
        f"No event{where} yet",
        "The board fills by itself with the first sale or scan that arrives. Register the event, or point"
        " your ticketing system or scanners at POST /api/v1/analytics/events with an API token.",
    )


def unknown_event() -> list[Component]:
    """The address names an event that is not this organisation's."""
    return panel(
        "calendar",
        "This event is not here",
        "It may have been removed, or the address was copied in part.",
        back=True,
    )


def not_found() -> list[Component]:
    """The address leads nowhere."""
    return panel(
        "calendar", "There is no such page", "The address was mistyped, or is of a page to come.", back=True
    )


def unreadable() -> list[Component]:
    """PostgreSQL is away; the browser asks until it is back and then loads the page anew."""
    return panel(
        "warn",
        "The figures cannot be read right now",
        "The database does not answer. Scans and sales that were acknowledged are safe."
        " This page comes back by itself.",
        retry=True,
    )


def not_permitted() -> list[Component]:
    """The role does not see the whole night."""
    return panel(
        "lock",
        "This page is not part of your role",
        "Ask the owner of your organisation if you need the figures of the night.",
    )


def panel(
    name: str,
    title: str,
    text: str,
    *,
    retry: bool = False,
    back: bool = False,
    way: tuple[str, str] = ("Go to tonight", "/"),
) -> list[Component]:
    """A page in place of figures: an icon, what is the matter, and what to do about it. With `back` there is
    a `way` out (its words and its address), with `retry` the browser comes back by itself."""
    return [
        html.Header([html.Span(className="grow"), theme_button()], className="top"),
        html.Div(
            [
                html.Span(icon(name), className="state-icon"),
                html.H1(title),
                html.P(text, className="muted"),
                html.A(way[0], href=way[1], className="button-main") if back else None,
            ],
            className="card-x state",
            role="alert" if retry else "status",
            **(marks(data_retry="") if retry else {}),
        ),
    ]
