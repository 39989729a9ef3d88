"""From a page seen to an order: how many go each step of the way.

The last step counts only orders that came through the shop: one sold at the box office had no page and no
cart before it, and would make the share of those who go on from their cart look better than it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.answers import Answer, Column, Unit
from data.needs import Need
from widgets.answered import points
from widgets.asking import Compared, against, question
from widgets.parts import delta
from widgets.scope import Scope
from widgets.tables import made
from widgets.values import change, decimal, exactly, said
from widgets.widget import Answers, Table, Widget

STEPS = ("page_views", "visitors", "carts")


class FunnelSettings(Compared):
    """A range, a comparison, and what is not sold through the shop."""

    elsewhere: tuple[str, ...] = Field(
        ("box office", "door", "phone", "guest list"),
        max_length=20,
        title="Not through the shop",
        description="Channels of orders with no page and no cart before them: they are left out.",
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: how many, how many of the compared time, and the percentage of the step above."""

    column: Column
    value: float
    before: float | None
    share: float | None


def needs(settings: FunnelSettings, scope: Scope) -> Mapping[str, Need]:
    """The steps to the cart, and the orders by their channels."""
    return {
        "funnel": question(settings, scope, STEPS),
        "orders": question(settings, scope, ("orders",), ("channel",)),
    }


def _steps(settings: FunnelSettings, answers: Answers, scope: Scope) -> list[Step]:
    found = []
    for name in STEPS:
        line = points(answers["funnel"], name, scope.currency)
        found.append((line.column, line.values[0] or 0, line.before[0] if line.before else None))
    found.append(_ordered(settings, answers["orders"], scope))
    steps: list[Step] = []
    for column, value, before in found:
        above = steps[-1].value if steps else 0
        steps.append(Step(column, value, before, 100 * value / above if above else None))
    return steps


def _ordered(settings: FunnelSettings, orders: Answer, scope: Scope) -> tuple[Column, float, float | None]:
    """An order comes through one channel, so those of different channels add up."""
    line = points(orders, "orders", scope.currency)
    elsewhere = {_plain(name) for name in settings.elsewhere}
    shop = [index for index, (channel,) in enumerate(line.keys) if _plain(channel or "") not in elsewhere]
    before = sum(line.before[index] or 0 for index in shop) if line.before is not None else None
    return line.column, sum(line.values[index] or 0 for index in shop), before


def _plain(channel: str) -> str:
    """However a system writes it: "box office" as box_office or Box-Office."""
    return re.sub(r"[\W_]+", " ", channel).strip().casefold()


def body(settings: FunnelSettings, answers: Answers, scope: Scope) -> Component:
    """A bar for each step, centred, with the share that went on from the step before."""
    steps = _steps(settings, answers, scope)
    most = max(step.value for step in steps) or 1
    items = []
    for step in steps:
        unit = step.column.unit
        text = f"{decimal(step.share, 1)}%" if step.share is not None else ""
        title = f"{exactly(step.value, unit)}" + (f", {text} of the step before" if text else "")
        chip = delta(change(step.value, step.before, unit), f"Before: {exactly(step.before, unit)}")
        width = max(1.5, 100 * (step.value / most) ** 0.5)
        items.append(
            html.Li(
                [
                    html.Span(step.column.label, className="step-name"),
                    html.Div(html.Div(style={"width": f"{width:.1f}%"}), className="step-bar"),
                    html.Span([html.B(said(step.value, unit)), chip], className="num step-value"),
                    html.Span(text, className="muted small num step-share"),
                ],
                title=title,
            )
        )
    return html.Ol(items, className="funnel")


def summary(settings: FunnelSettings, answers: Answers, scope: Scope) -> str:
    """The way from first to last."""
    steps = _steps(settings, answers, scope)
    words = ", ".join(f"{said(step.value, step.column.unit)} {step.column.label.lower()}" for step in steps)
    return f"{words}{' ' + against(settings, scope) if any(s.before is not None for s in steps) else ''}"


def tables(settings: FunnelSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """A row for each step."""
    columns: list[tuple[str, str, Unit | None]] = [
        ("step", "Step", None),
        ("number", "Number", "count"),
        ("before", "Before", "count"),
        ("share", "Of the step before", "percent"),
    ]
    steps = _steps(settings, answers, scope)
    rows = [(step.column.label, step.value, step.before, step.share) for step in steps]
    return [made("From page to order", columns, rows, answers["funnel"].zone)]


WIDGET = Widget(
    name="funnel",
    label="From page to order",
    group="marketing",
    icon="funnel",
    description="Page views, visitors, carts and the shop's orders: how many go on at each step.",
    settings=FunnelSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    size=(4, 3),
    smallest=(3, 2),
)
