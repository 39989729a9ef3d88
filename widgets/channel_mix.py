"""Where tickets are sold: web, box office, partners."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.chosen import Metric, metric_split_by
from widgets.widget import Widget


class ChannelSettings(SplitSettings):
    """What is split by the channel."""

    metric: Metric = metric_split_by("tickets_sold", "channel")


WIDGET = Widget(
    name="channel-mix",
    label="Sales channels",
    group="marketing",
    icon="bars",
    description="Tickets or money by sales channel, with each one's share or change.",
    settings=ChannelSettings,
    needs=needs_by("channel"),
    body=body_by("channel"),
    summary=summary_by("channel"),
    tables=tables_by("Sales channels"),
    figure=figure_by(),
    example={"metric": "net_revenue"},
)
