"""Events at the same distance to their doors: whose tickets went fastest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import DaysToDoors, Top
from data.needs import Need
from widgets.answered import Points, points
from widgets.asking import question
from widgets.curves import Curve, curves, names
from widgets.figures import Figure
from widgets.named import all_events, named_table, namer
from widgets.parts import chart
from widgets.scope import Scope
from widgets.values import exactly
from widgets.widget import Answers, Settings, Table, Widget


class EventComparisonSettings(Settings):
    """How many events, how far back."""

    top: int = Field(5, ge=2, le=6, title="How many events", description="Those with most tickets.")
    days: int = Field(60, ge=7, le=730, title="Days before doors")


def needs(settings: EventComparisonSettings, scope: Scope) -> Mapping[str, Need]:
    """Tickets by event and days to doors, and what the events are called."""
    span = DaysToDoors(first=settings.days, last=0)
    top = Top(limit=settings.top, by="tickets_sold", other=False)
    dims = ["days_to_doors", "event"]
    asked = question(settings, scope, ["tickets_sold"], dims, span=span, top=top, limit=10_000)
    return {"curves": asked, "events": all_events(scope)}


def drawn(
    settings: EventComparisonSettings, answers: Answers, scope: Scope
) -> tuple[Points, list[Curve], list[int]]:
    """The curves added up, and the days from the first to the doors. A curve ends at its last sale."""
    found = points(answers["curves"], "tickets_sold", scope.currency)
    sold: dict[Any, dict[int, int]] = {}
    for key, value in zip(found.keys, found.values, strict=True):
        sold.setdefault(key[1], {})[int(key[0])] = value or 0
    days = list(
        range(max(max(each) for each in sold.values()), min(min(each) for each in sold.values()) - 1, -1)
    )
    named = namer("event", answers)
    made = []
    for event in sorted(sold, key=lambda event: -sum(sold[event].values()))[: settings.top]:
        total = accumulate(sold[event].get(day, 0) for day in days)
        values = [value if day >= min(sold[event]) else None for day, value in zip(days, total, strict=True)]
        made.append(Curve(named(event), str(event), values))
    return found, made, days


def figure_of(settings: EventComparisonSettings, answers: Answers, scope: Scope) -> Figure:
    """A line for each event, the doors at the right."""
    found, made, days = drawn(settings, answers, scope)
    step = next(s for s in (1, 2, 5, 7, 14, 30, 60, 90, 180) if (days[0] - days[-1]) / s <= 7)
    ticks = [-day for day in range(0, days[0] + 1, step)][::-1]
    axis = {
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": ["doors" if x == 0 else str(-x) for x in ticks],
        "title": {"text": "days to doors", "standoff": 4, "font": {"size": 11}},
        "showgrid": False,
        "fixedrange": True,
    }

    def words(index: int) -> str:
        return f"{days[index]} days to doors"

    return curves(made, [-day for day in days], words, found.column, "", axis, meta={"filter": "event"})


def body(settings: EventComparisonSettings, answers: Answers, scope: Scope) -> Component:
    """The chart under its names."""
    _, made, _ = drawn(settings, answers, scope)
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope), names(made))


def summary(settings: EventComparisonSettings, answers: Answers, scope: Scope) -> str:
    """Who leads at the doors."""
    _, made, _ = drawn(settings, answers, scope)
    best = max(value for value in made[0].values if value is not None)
    return f"{len(made)} events by days to doors; {made[0].name} leads with {exactly(best, 'tickets')}"


def cut(settings: EventComparisonSettings, answers: Answers, scope: Scope) -> str:
    """As many as were asked for; where there are fewer, they are all."""
    made = drawn(settings, answers, scope)[1]
    return f"the {len(made)} with most tickets" if len(made) == settings.top else ""


def tables(settings: EventComparisonSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The tickets of each day and event, not added up."""
    return [named_table(answers["curves"], answers, "Tickets by days to doors")]


WIDGET = Widget(
    name="event-comparison",
    label="Events side by side",
    group="events",
    icon="line",
    description="Booking curves of several events at the same distance to their doors.",
    settings=EventComparisonSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    sub=lambda settings, answers, scope: "Tickets added up",
    cut=cut,
    size=(6, 4),
    smallest=(3, 3),
    extras=frozenset({"events"}),
)
