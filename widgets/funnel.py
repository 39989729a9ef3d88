"""From a page seen to an order: how many go each step of the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from data.needs import Need
from widgets.answered import points
from widgets.asking import Compared, against, question
from widgets.parts import delta
from widgets.scope import Scope
from widgets.tables import made
from widgets.values import change, decimal, exactly, said
from widgets.widget import Answers, Table, Widget

STEPS = ("page_views", "visitors", "carts", "orders")


class FunnelSettings(Compared):
    """A range and a comparison."""


def needs(settings: FunnelSettings, scope: Scope) -> Mapping[str, Need]:
    """All four steps in one question."""
    return {"funnel": question(settings, scope, STEPS)}


def _steps(answers: Answers, scope: Scope) -> list[tuple[str, Any, Any, Any, float | None]]:
    """Label, unit, value, value before, and percent of the step before, for each step."""
    found = [points(answers["funnel"], name, scope.currency) for name in STEPS]
    rows = []
    for index, line in enumerate(found):
        value = line.values[0] or 0
        above = (found[index - 1].values[0] or 0) if index else None
        share = 100 * value / above if above else None
        rows.append(
            (line.column.label, line.column.unit, value, line.before[0] if line.before else None, share)
        )
    return rows


def body(settings: FunnelSettings, answers: Answers, scope: Scope) -> Component:
    """A bar for each step, centred, with the share that went on from the step before."""
    rows = _steps(answers, scope)
    most = max((value for _, _, value, _, _ in rows), default=0) or 1
    items = []
    for name, unit, value, before, share in rows:
        text = f"{decimal(share, 1)}%" if share is not None else ""
        title = f"{exactly(value, unit)}" + (f", {text} of the step before" if text else "")
        chip = delta(change(value, before, unit), f"Before: {exactly(before, unit)}")
        width = max(1.5, 100 * (value / most) ** 0.5)
        items.append(
            html.Li(
                [
                    html.Span(name, className="step-name"),
                    html.Div(html.Div(style={"width": f"{width:.1f}%"}), className="step-bar"),
                    html.Span([html.B(said(value, unit)), chip], className="num step-value"),
                    html.Span(text, className="muted small num step-share"),
                ],
                title=title,
            )
        )
    return html.Ol(items, className="funnel")


def summary(settings: FunnelSettings, answers: Answers, scope: Scope) -> str:
    """The way from first to last."""
    rows = _steps(answers, scope)
    steps = ", ".join(f"{said(value, unit)} {name.lower()}" for name, unit, value, _, _ in rows)
    return f"{steps}{' ' + against(settings, scope) if any(row[3] is not None for row in rows) else ''}"


def tables(settings: FunnelSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """A row for each step."""
    columns: list[tuple[str, str, Unit | None]] = [
        ("step", "Step", None),
        ("number", "Number", "count"),
        ("before", "Before", "count"),
        ("share", "Of the step before", "percent"),
    ]
    rows = [(name, value, before, share) for name, _, value, before, share in _steps(answers, scope)]
    return [made("From page to order", columns, rows, answers["funnel"].zone)]


WIDGET = Widget(
    name="funnel",
    label="From page to order",
    group="marketing",
    icon="funnel",
    description="Page views, visitors, carts and orders, with the share that goes on at each step.",
    settings=FunnelSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    size=(4, 3),
    smallest=(3, 2),
)
