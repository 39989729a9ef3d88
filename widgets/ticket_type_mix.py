"""Tickets or money by type of ticket, most first."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.widget import Widget

WIDGET = Widget(
    name="ticket-type-mix",
    label="Ticket types",
    group="sales",
    icon="ticket",
    description="Tickets or money by type of ticket, most first.",
    settings=SplitSettings,
    needs=needs_by("ticket_type"),
    body=body_by("ticket_type"),
    summary=summary_by("ticket type"),
    tables=tables_by("Ticket types"),
    figure=figure_by(),
    example={},
)
