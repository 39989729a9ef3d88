"""What a picture leaves out of the figures it is drawn from, in words: never without saying so."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.answers import Answer
from widgets.answered import by_currency, in_currency, metrics, of_money
from widgets.parts import note
from widgets.widget import Table


def other_currencies(answers: Sequence[object], tables: Sequence[Table], preferred: str) -> str:
    """Which currencies a picture in one of them leaves out, and where they are; "" for none."""
    others: dict[str, None] = {}
    code, told = preferred, False
    for answer in answers:
        if not isinstance(answer, Answer):
            continue
        if any(by_currency(answer, each) for each in metrics(answer)):
            _, code, more = in_currency(answer, preferred)
            others |= dict.fromkeys(more)
            told = told or any(of_money(each) for each in metrics(answer))
    if not others:
        return ""
    words = ", ".join(others)
    if set(others) <= _currencies(tables):
        # Amounts say their currency, tickets in bands of prices do not.
        prices = "" if told else f"Prices in {code}, those in "
        return f"{prices}{words} in the table: currencies are not added."
    return f"{code} alone, without {words}: currencies are not added."


def _currencies(tables: Sequence[Table]) -> set[object]:
    return {
        row[place]
        for table in tables
        for place, column in enumerate(table.columns)
        if column.name == "currency"
        for row in table.rows
    }


def with_note(body: Component, text: str) -> Component:
    """The body with a quiet line below it; the body itself for an empty text."""
    below = note(text)
    if below is None:
        return body
    inside = getattr(body, "children", None)
    if isinstance(inside, list) and getattr(body, "className", "") in ("w-chart", "w-fill", "w-list"):
        setattr(body, "children", [*inside, below])  # noqa: B010
        return body
    return html.Div([body, below], className="w-fill")
