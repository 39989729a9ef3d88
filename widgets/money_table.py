"""The money of a range, currency by currency: gross, fees, refunds, net, tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash.development.base_component import Component

from data.needs import Need
from widgets.answered import currencies, in_currency, points
from widgets.asking import Ranged, question
from widgets.format import money
from widgets.parts import table
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly, exponent
from widgets.widget import Answers, Table, Widget

METRICS = ("gross_revenue", "fees", "refunded", "net_revenue", "tax", "revenue_without_tax")


class MoneySettings(Ranged):
    """A range."""


def needs(settings: MoneySettings, scope: Scope) -> Mapping[str, Need]:
    """The amounts, one row for each currency."""
    return {"money": question(settings, scope, METRICS)}


def body(settings: MoneySettings, answers: Answers, scope: Scope) -> Component:
    """Amounts down, currencies across; nothing is converted and nothing added over currencies."""
    codes = currencies(answers["money"]) or [scope.currency]
    rows = []
    for name in METRICS:
        amounts = [points(in_currency(answers["money"], code)[0], name, code) for code in codes]
        texts = [
            money(line.values[0] if line.values else None, code, exponent(code), exact=True)
            for line, code in zip(amounts, codes, strict=True)
        ]
        rows.append([amounts[0].column.label, *texts])
    return table([("", ""), *[(code, "right") for code in codes]], rows, "Money by currency", "money-table")


def summary(settings: MoneySettings, answers: Answers, scope: Scope) -> str:
    """Net revenue in each currency."""
    codes = currencies(answers["money"])
    nets = [points(in_currency(answers["money"], code)[0], "net_revenue", code) for code in codes]
    amounts = [exactly(line.values[0], "money", line.currency) for line in nets]
    return f"Net revenue: {' and '.join(amounts)}, never added over currencies"


def tables(settings: MoneySettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """A row for each currency."""
    return [from_answer(answers["money"], "Money by currency")]


WIDGET = Widget(
    name="money-table",
    label="Money by currency",
    group="money",
    icon="money",
    description="Gross, fees, refunds, net and tax to the last unit, each currency for itself.",
    settings=MoneySettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    sub=lambda settings, answers, scope: "",
    size=(4, 3),
    smallest=(3, 2),
    every_currency=lambda settings: True,
)
