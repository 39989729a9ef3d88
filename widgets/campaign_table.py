"""Campaigns: what each brought in visits, orders and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import Top
from data.needs import Need
from widgets.answered import has, label, points
from widgets.asking import Ranged, question
from widgets.parts import table
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly, said
from widgets.widget import Answers, Table, Widget

METRICS = ("tickets_sold", "orders", "visitors", "conversion_rate")
_SHORT = {"net_revenue": "Revenue", "tickets_sold": "Tickets", "conversion_rate": "Conv."}


class CampaignSettings(Ranged):
    """How many campaigns are listed."""

    top: int = Field(10, ge=1, le=100, title="How many")


def needs(settings: CampaignSettings, scope: Scope) -> Mapping[str, Need]:
    """Every campaign's figures, most tickets first, and its money: asked together, people of several
    currencies would be told apart."""
    top = Top(limit=settings.top, by="tickets_sold", other=False)
    return {
        "campaigns": question(settings, scope, METRICS, ["campaign"], top=top),
        "money": question(settings, scope, ["net_revenue"], ["campaign"]),
    }


def body(settings: CampaignSettings, answers: Answers, scope: Scope) -> Component:
    """A table; sales without a campaign are named so."""
    lines = [points(answers["campaigns"], name, scope.currency) for name in METRICS]
    most = lines[0]
    money = answers.get("money")
    if money is not None and has(money, "net_revenue"):
        lines.insert(0, points(money, "net_revenue", scope.currency))
    headings = [("Campaign", "")] + [
        (_SHORT.get(each.column.name, each.column.label), "right") for each in lines
    ]
    rows = []
    for key in most.keys:
        cells = [dict(zip(line.keys, line.values, strict=True)).get(key) for line in lines]
        texts = [
            said(value, line.column.unit, line.currency) for value, line in zip(cells, lines, strict=True)
        ]
        rows.append([named(key[0]), *texts])
    return table(headings, rows, "Campaigns", "narrow")


def named(value: object) -> str:
    """A campaign's name; what came without one is said to."""
    return label(value) if value else "No campaign"


def summary(settings: CampaignSettings, answers: Answers, scope: Scope) -> str:
    """The campaign that sold most."""
    sold = points(answers["campaigns"], "tickets_sold", scope.currency)
    rows = [(key[0], value) for key, value in zip(sold.keys, sold.values, strict=True) if key[0]]
    if not rows:
        return "No campaign sold anything"
    best, value = max(rows, key=lambda row: row[1] or 0)
    return f"{len(rows)} campaigns; {best} sold most, {exactly(value, 'tickets')}"


def cut(settings: CampaignSettings, answers: Answers, scope: Scope) -> str:
    """As many as were asked for; where there are fewer, they are all."""
    listed = {row[0] for row in answers["campaigns"].rows}
    return f"the {settings.top} with most" if len(listed) == settings.top else ""


def tables(settings: CampaignSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The campaigns, and their money in every currency."""
    found = [from_answer(answers["campaigns"], "Campaigns")]
    if "money" in answers:
        found.append(from_answer(answers["money"], "Revenue by campaign"))
    return found


WIDGET = Widget(
    name="campaign-table",
    label="Campaigns",
    group="marketing",
    icon="table",
    description="What each campaign brought: revenue, tickets, orders, visitors, conversion.",
    settings=CampaignSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    cut=cut,
    size=(6, 4),
    smallest=(3, 2),
    extras=frozenset({"money"}),
)
