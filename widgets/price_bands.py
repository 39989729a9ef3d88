"""What people paid for a ticket: how many sold in each band of prices."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.chosen import Metric, metric_split_by
from widgets.widget import Widget


class PriceSettings(SplitSettings):
    """What is split by the price of a ticket."""

    metric: Metric = metric_split_by("tickets_sold", "price")


WIDGET = Widget(
    name="price-bands",
    label="Price bands",
    group="money",
    icon="bars",
    description="What people paid for a ticket: how many sold in each band of prices.",
    settings=PriceSettings,
    needs=needs_by("price"),
    body=body_by("price"),
    summary=summary_by("price band"),
    tables=tables_by("Price bands"),
    figure=figure_by(),
    example={"compare": "previous_period"},
)
