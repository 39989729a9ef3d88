"""The customers who bought most, as codes: nothing here says who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import Top
from data.needs import Need
from widgets.answered import REST, Points, column, has, in_currency, label, points
from widgets.asking import Ranged, question
from widgets.parts import table
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly, said
from widgets.widget import Answers, Table, Widget


class CustomersSettings(Ranged):
    """How many customers are listed."""

    top: int = Field(10, ge=1, le=100, title="How many")


def needs(settings: CustomersSettings, scope: Scope) -> Mapping[str, Need]:
    """Customers by net revenue, with their tickets and orders."""
    top = Top(limit=settings.top, by="net_revenue", other=False)
    metrics = ["net_revenue", "tickets_sold", "orders"]
    return {"customers": question(settings, scope, metrics, ["customer"], top=top)}


def code(value: Any) -> str:
    """The first letters of a hash: enough to tell customers apart, nothing to find them by."""
    if value in REST:
        return label(value)
    return f"Customer {str(value).replace('-', '')[:8]}" if value else "Without an account"


def is_hash(value: Any) -> bool:
    """Whether this is a customer, and not words for one or for all others."""
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


def _lines(answers: Answers, scope: Scope) -> tuple[list[Any], dict[str, Points]]:
    answer, currency, _ = in_currency(answers["customers"], scope.currency)
    names = [name for name in ("net_revenue", "tickets_sold", "orders") if has(answer, name)]
    found = {name: points(answer, name, currency) for name in names}
    return next(iter(found.values())).keys, found


def body(settings: CustomersSettings, answers: Answers, scope: Scope) -> Component:
    """A small table, most first."""
    keys, found = _lines(answers, scope)
    headings = [("Customer", "")] + [(line.column.label, "right") for line in found.values()]
    rows = [
        [code(key[0])]
        + [said(line.values[index], line.column.unit, line.currency) for line in found.values()]
        for index, key in enumerate(keys)
    ]
    return table(headings, rows, "Top customers", "narrow")


def summary(settings: CustomersSettings, answers: Answers, scope: Scope) -> str:
    """What the first one bought."""
    keys, found = _lines(answers, scope)
    first = next(iter(found.values()))
    value = exactly(first.values[0], first.column.unit, first.currency)
    return f"{len(keys)} customers; the first of them: {value}, {first.column.label.lower()}"


def cut(settings: CustomersSettings, answers: Answers, scope: Scope) -> str:
    """As many as were asked for; where there are fewer, they are all."""
    listed = {row[0] for row in answers["customers"].rows}
    return f"the {settings.top} with most" if len(listed) == settings.top else ""


def tables(settings: CustomersSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The customers with every currency, as codes."""
    found = from_answer(answers["customers"], "Top customers")
    place = [each.name for each in found.columns].index(column(answers["customers"], "customer").name)
    rows = [
        tuple(code(value) if index == place else value for index, value in enumerate(row))
        for row in found.rows
    ]
    return [Table(found.columns, rows, found.total_rows, found.zone, found.title)]


WIDGET = Widget(
    name="top-customers",
    label="Top customers",
    group="audience",
    icon="people",
    description="Who bought most, as codes without names, with revenue, tickets and orders.",
    settings=CustomersSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    cut=cut,
    size=(4, 4),
    example={"span": "90d"},
)
