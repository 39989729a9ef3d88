"""Why people were turned away at the doors."""

from __future__ import annotations

from pydantic import Field

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.chosen import Metric
from widgets.widget import Widget


class RefusalSettings(SplitSettings):
    """What is split by the reason: scans that let nobody in."""

    metric: Metric = Field("invalid_scans", title="Metric")


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
