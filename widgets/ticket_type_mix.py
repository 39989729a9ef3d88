"""Tickets or money by type of ticket, most first."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.chosen import Metric, metric_split_by
from widgets.widget import Widget


class TypeSettings(SplitSettings):
    """What is split by the type of ticket."""

    metric: Metric = metric_split_by("tickets_sold", "ticket_type")


WIDGET = Widget(
    name="ticket-type-mix",
    label="Ticket types",
    group="sales",
    icon="ticket",
    description="Tickets or money by type of ticket, most first.",
    settings=TypeSettings,
    needs=needs_by("ticket_type"),
    body=body_by("ticket_type"),
    summary=summary_by("ticket type"),
    tables=tables_by("Ticket types"),
    figure=figure_by(),
    example={},
)
