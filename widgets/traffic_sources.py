"""Where the visitors of the shop came from."""

from __future__ import annotations

from widgets.breakdown import SplitSettings, body_by, figure_by, needs_by, summary_by, tables_by
from widgets.chosen import Metric, metric_split_by
from widgets.widget import Widget


class SourceSettings(SplitSettings):
    """What is split by where people came from."""

    metric: Metric = metric_split_by("visitors", "source")


WIDGET = Widget(
    name="traffic-sources",
    label="Traffic sources",
    group="marketing",
    icon="bars",
    description="Where the visitors of the shop came from.",
    settings=SourceSettings,
    needs=needs_by("source"),
    body=body_by("source"),
    summary=summary_by("source"),
    tables=tables_by("Traffic sources"),
    figure=figure_by(),
    example={},
)
