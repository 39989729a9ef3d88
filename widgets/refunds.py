"""What went back: money refunded over time, and its share of what was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from data.needs import Need
from widgets.answered import points
from widgets.asking import Compared, against, grain_of, question, range_of
from widgets.figures import Figure
from widgets.masking import require
from widgets.parts import chart, delta, note
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.timeline import timeline
from widgets.values import change, exactly, said
from widgets.widget import Answers, Table, Widget


class RefundSettings(Compared):
    """A range and a comparison."""


def _grain(settings: RefundSettings, scope: Scope) -> str:
    return grain_of(range_of(settings, scope), scope)


def needs(settings: RefundSettings, scope: Scope) -> Mapping[str, Need]:
    """Refunded money by time, and its totals."""
    over_time = question(settings, scope, ["refunded"], [_grain(settings, scope)])
    plain = over_time.model_copy(update={"compare": None, "compare_event": None})
    return {"refunds": plain, "totals": question(settings, scope, ["refunded", "refunds", "refund_rate"])}


def figure(settings: RefundSettings, answers: Answers, scope: Scope) -> Figure:
    """A bar for each day or week."""
    require(answers["refunds"], "refunded")
    return timeline(answers["refunds"], "refunded", scope.currency, _grain(settings, scope), kind="bar")


def body(settings: RefundSettings, answers: Answers, scope: Scope) -> Component:
    """The totals above the bars; less is good news."""
    require(answers["totals"], "refunded", "refund_rate")
    amount, rate, times = (
        points(answers["totals"], name, scope.currency) for name in ("refunded", "refund_rate", "refunds")
    )
    moved = change(rate.values[0], rate.before[0], "percent") if rate.before else ""
    before = exactly(rate.before[0], "percent") if rate.before else ""
    head = html.Div(
        [
            html.B(
                said(amount.values[0], "money", amount.currency),
                title=exactly(amount.values[0], "money", amount.currency),
            ),
            html.Span(
                f"{said(rate.values[0], 'percent')} of what was taken",
                className="muted",
                title=exactly(rate.values[0], "percent"),
            ),
            delta(moved, f"Before: {before}", more_is_good=False),
            note(f"{said(times.values[0], 'count')} refunds"),
        ],
        className="w-head-line num",
    )
    drawn = chart(figure(settings, answers, scope), summary(settings, answers, scope))
    return html.Div([head, drawn], className="w-fill")


def summary(settings: RefundSettings, answers: Answers, scope: Scope) -> str:
    """Amount, share and change."""
    amount, rate = (points(answers["totals"], name, scope.currency) for name in ("refunded", "refund_rate"))
    text = f"{exactly(amount.values[0], 'money', amount.currency)} refunded"
    text += f", {exactly(rate.values[0], 'percent')} of what was taken"
    moved = change(rate.values[0], rate.before[0], "percent") if rate.before else ""
    return f"{text}, {moved} {against(settings, scope)}" if moved else text


def tables(settings: RefundSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """Totals and buckets, every currency."""
    return [from_answer(answers["totals"], "Refunds"), from_answer(answers["refunds"], "By time")]


WIDGET = Widget(
    name="refunds",
    label="Refunds",
    group="money",
    icon="money",
    description="Money refunded over time and its share of what was taken.",
    settings=RefundSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure,
    sub=lambda settings, answers, scope: "",
    size=(4, 4),
    smallest=(3, 3),
    empty="No money was given back in this range.",
    example={"compare": "previous_period"},
)
