"""How an event fills up: tickets sold by days to doors, added up, beside another event at the same
distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import DaysToDoors, Sort
from data.needs import Need
from widgets.answered import Points, points
from widgets.asking import Against, against, question
from widgets.figures import Figure, beside, figure, hover, line, margins, measure, value_axis
from widgets.parts import chart, key_row
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly
from widgets.widget import Answers, Table, Widget


class BookingSettings(Against):
    """How far back the curve goes."""

    days: int = Field(60, ge=3, le=730, title="Days before doors")
    added_up: bool = Field(True, title="Added up", description="The total so far; else each day for itself.")

    def own_range(self) -> DaysToDoors:
        """The way to the doors, whatever range the board has."""
        return DaysToDoors(first=self.days, last=0)


def needs(settings: BookingSettings, scope: Scope) -> Mapping[str, Need]:
    """Tickets by days to doors; with an event chosen on the board those of that event."""
    sort = (Sort(by="days_to_doors", order="desc"),)
    return {"curve": question(settings, scope, ["tickets_sold"], ["days_to_doors"], sort=sort)}


def curve(settings: BookingSettings, answers: Answers, scope: Scope) -> Points:
    """The tickets of every day from the first with a sale to the last, days without one as zero."""
    found = points(answers["curve"], "tickets_sold", scope.currency)
    sold = {int(key[0]): value or 0 for key, value in zip(found.keys, found.values, strict=True)}
    days = list(range(max(sold), min(sold) - 1, -1))
    before = dict(zip([int(key[0]) for key in found.keys], found.before or [], strict=False))
    values = [sold.get(day, 0) for day in days]
    earlier = [before.get(day) or 0 for day in days] if found.before else None
    if settings.added_up:
        values = list(accumulate(values))
        earlier = list(accumulate(earlier)) if earlier else None
    return Points(found.column, "", [(day,) for day in days], values, earlier)


def _day(days: int) -> str:
    if days == 0:
        return "Day of the doors"
    return f"{days} day{'s' if days != 1 else ''} to doors" if days > 0 else f"{-days} days after doors"


def figure_of(settings: BookingSettings, answers: Answers, scope: Scope) -> Figure:
    """The curve towards the doors at the right."""
    found, versus = curve(settings, answers, scope), against(settings, scope)
    xs = [-key[0] for key in found.keys]
    said = []
    for index, key in enumerate(found.keys):
        lines = [measure(found.values[index], found.column, "")]
        if found.before:
            lines.append(f"{exactly(found.before[index], 'tickets')} {versus.removeprefix('vs ')}")
        said.append(hover(_day(key[0]), lines))
    keys: list[Any] = [str(key[0]) for key in found.keys]
    data = [line(xs, found.values, said, keys, area=settings.added_up)]
    data += [beside(xs, found.before)] if found.before else []
    vertical = value_axis([*found.values, *(found.before or [])], found.column, "")
    step = next(s for s in (1, 2, 5, 7, 14, 30, 60, 90, 180) if (xs[-1] - xs[0]) / s <= 7)
    ticks = [-day for day in range(0, -xs[0] + 1, step)][::-1]
    return figure(
        data,
        margin=margins(vertical["ticktext"], bottom=36, right=22),  # Room for "doors" at its end.
        hovermode="x",
        xaxis={
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": ["doors" if x == 0 else str(-x) for x in ticks],
            "title": {"text": "days to doors", "standoff": 4, "font": {"size": 11}},
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis=vertical,
        meta={"filter": "days_to_doors", "time": {"grain": "days_to_doors", "from": xs[0], "to": xs[-1]}},
    )


def body(settings: BookingSettings, answers: Answers, scope: Scope) -> Component:
    """The chart and its key."""
    versus = against(settings, scope)
    keys = (
        key_row(("line", "Tickets"), ("before", versus.removeprefix("vs ").capitalize())) if versus else None
    )
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope), keys)


def summary(settings: BookingSettings, answers: Answers, scope: Scope) -> str:
    """How many tickets by when."""
    found = points(answers["curve"], "tickets_sold", scope.currency)
    last = min(int(key[0]) for key in found.keys)
    text = f"{exactly(found.total, 'tickets')} sold in the last {settings.days} days before doors"
    return f"{text}, up to {_day(last).lower()}"


def tables(settings: BookingSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The tickets of each day, not added up."""
    return [from_answer(answers["curve"], "Tickets by days to doors")]


WIDGET = Widget(
    name="booking-curve",
    label="Booking curve",
    group="sales",
    icon="line",
    description="Tickets by days to doors, added up, beside another event at the same distance.",
    settings=BookingSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    sub=lambda settings, answers, scope: f"Tickets, {settings.days} days to doors",
    size=(6, 4),
    smallest=(3, 3),
    example={"compare": "last_year"},
)
