"""Why people were turned away at the doors."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.widget import Widget

WIDGET = Widget(
    name="refusals",
    label="Refused scans",
    group="doors",
    icon="warn",
    description="Why people were turned away at the doors.",
    settings=SplitSettings,
    needs=needs_by("reason"),
    body=body_by("reason"),
    summary=summary_by("reason"),
    tables=tables_by("Refused scans"),
    figure=figure_by(),
    example={"metric": "invalid_scans"},
)
