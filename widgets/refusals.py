"""Why people were turned away at the doors."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.chosen import Metric, metric_split_by
from widgets.widget import Widget


class RefusalSettings(SplitSettings):
    """What is split by the reason: scans that let nobody in."""

    metric: Metric = metric_split_by("invalid_scans", "reason")


WIDGET = Widget(
    name="refusals",
    label="Refused scans",
    group="doors",
    icon="warn",
    description="Why people were turned away at the doors.",
    settings=RefusalSettings,
    needs=needs_by("reason"),
    body=body_by("reason"),
    summary=summary_by("reason"),
    tables=tables_by("Refused scans"),
    figure=figure_by(),
    example={},
)
