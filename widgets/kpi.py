"""One number, as large as there is room for, with its curve and its comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dash import html
from dash.development.base_component import Component
from pydantic import Field

from data.metrics import CATALOGUE
from data.needs import Need
from widgets.answered import Points, filled, in_currency, of_money, points
from widgets.asking import Compared, against, grain_of, question, range_of
from widgets.chosen import Metric, metric_label
from widgets.format import few_currencies
from widgets.parts import big_number, delta, note
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import change, exactly, said
from widgets.widget import Answers, Table, Widget


class KpiSettings(Compared):
    """Which metric, over which time, against what."""

    metric: Metric = Field("tickets_sold", title="Metric")
    curve: bool = Field(True, title="Small curve", description="How the number came about, day by day.")
    good: Literal["up", "down", "neither"] = Field(
        "up",
        title="Good news is",
        json_schema_extra={"labels": {"up": "More", "down": "Less", "neither": "Neither"}},
    )


def needs(settings: KpiSettings, scope: Scope) -> Mapping[str, Need]:
    """The number with its comparison, and the same by time for the curve."""
    grain = grain_of(range_of(settings, scope), scope)
    asked: dict[str, Need] = {"now": question(settings, scope, [settings.metric])}
    if settings.curve:
        trend = question(settings, scope, [settings.metric], [grain])
        asked["trend"] = trend.model_copy(update={"compare": None, "compare_event": None})
    return asked


def body(settings: KpiSettings, answers: Answers, scope: Scope) -> Component:
    """The number, its change, and its curve; other currencies stand below, never added."""
    now, before = _now(settings, answers, scope)
    column, code = now.column, now.currency
    earlier = exactly(before, column.unit, code)
    tone = {"up": True, "down": False, "neither": None}[settings.good]
    chip = delta(change(now.values[0], before, column.unit), f"Before: {earlier}", more_is_good=tone)
    versus = note(against(settings, scope)) if chip is not None else None
    return big_number(
        said(now.values[0], column.unit, code),
        exactly(now.values[0], column.unit, code),
        [chip, versus, _beside(_others(settings, answers, scope))],
        _curve(settings, answers, scope),
    )


def summary(settings: KpiSettings, answers: Answers, scope: Scope) -> str:
    """The number with its unit and its comparison, and the same in every other currency."""
    now, before = _now(settings, answers, scope)
    text = f"{now.column.label}: {exactly(now.values[0], now.column.unit, now.currency)}"
    moved = change(now.values[0], before, now.column.unit)
    if moved:
        text += f", {moved} {against(settings, scope)} ({exactly(before, now.column.unit, now.currency)})"
    others = _others(settings, answers, scope)
    return f"{text}; in other currencies {' · '.join(others)}" if others else text


def sub(settings: KpiSettings) -> str:
    """Of what the number is, where it is not of all events together."""
    return "the highest of all events" if CATALOGUE[settings.metric].additivity == "highest" else ""


def tables(settings: KpiSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The number in every currency, and the curve."""
    found = [from_answer(answers["now"], metric_label(settings.metric))]
    if "trend" in answers:
        found.append(from_answer(answers["trend"], "By time"))
    return found


def _now(settings: KpiSettings, answers: Answers, scope: Scope) -> tuple[Points, float | None]:
    found = points(answers["now"], settings.metric, scope.currency)
    return found, found.before[0] if found.before else None


def _beside(others: Sequence[str]) -> Component | None:
    """The first of the other currencies and how many more there are; all of them where it is pointed at."""
    if not others:
        return None
    amounts, more = few_currencies(others)
    said: list[str | Component] = [html.Span(amounts)]
    said += [" ", html.Span(more)] if more else []
    return html.Div(said, className="w-note others muted small", title=" · ".join(others))


def _others(settings: KpiSettings, answers: Answers, scope: Scope) -> list[str]:
    """The same in each of the other currencies, most first: amounts, or shares that name theirs."""
    found = points(answers["now"], settings.metric, scope.currency).column
    if not of_money(found):
        return []
    _, _, codes = in_currency(answers["now"], scope.currency)
    lines = [points(answers["now"], settings.metric, code) for code in codes]
    told = [exactly(line.values[0], found.unit, line.currency) for line in lines]
    # An amount says its currency, a share and what is not known do not.
    says = [found.unit == "money" and line.values[0] is not None for line in lines]
    each = zip(told, codes, says, strict=True)
    return [one if named else f"{one} in {code}" for one, code, named in each]


def _curve(settings: KpiSettings, answers: Answers, scope: Scope) -> list[float]:
    if "trend" not in answers or not answers["trend"].rows:
        return []
    grain = grain_of(range_of(settings, scope), scope)
    line = filled(points(answers["trend"], settings.metric, scope.currency), grain)
    return [float(value) for value in line.values if value is not None]


WIDGET = Widget(
    name="kpi",
    label="Key figure",
    group="sales",
    icon="number",
    description="Any metric as one large number with its change and a small curve.",
    settings=KpiSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    title=lambda settings, scope: metric_label(settings.metric),
    sub=lambda settings, answers, scope: sub(settings),
    size=(3, 2),
    zeros=True,
    every_currency=lambda settings: True,
    extras=frozenset({"trend"}),
    example={"metric": "net_revenue", "compare": "previous_period"},
)
