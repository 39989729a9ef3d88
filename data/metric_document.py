"""docs/metrics.md, written from the catalogue: `python -m data.metric_document` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from data.metric_dimensions import DIMENSIONS
from data.metrics import CATALOGUE, Metric

PATH = Path(__file__).parents[1] / "docs" / "metrics.md"

_GROUPS = {
    "sales": "Sales",
    "money": "Money",
    "inventory": "Inventory",
    "attendance": "Attendance",
    "doors": "Doors",
    "funnel": "Funnel",
    "social": "Social",
}
_INTRODUCTION = """\
# Metrics and dimensions

Written from `data/metrics.py` by `python -m data.metric_document`; do not change it by hand. How to ask for
them is said in [queries.md](queries.md).

Money is in minor units of its currency and stands in one row for each currency. Percentages are 0 to 100,
rates are per minute, lengths of time are in seconds. Additive metrics may be summed over every dimension; a
ratio is worked out anew from the sums behind it; a distinct count is counted anew; a state adds up over
events but not over time; a highest value is the highest of all.
"""
_SETS = """
## What can be combined

Metrics of a question share its dimensions and filters, so they must all know them.
"""


def document() -> str:
    """The whole text."""
    return "\n".join([_INTRODUCTION, *_metrics(), _SETS.strip("\n"), "", *_sets(), *_dimensions(), ""])


def _metrics() -> Iterator[str]:
    for group, title in _GROUPS.items():
        yield f"## {title}"
        yield ""
        yield "| metric | name | unit | adds up | meaning | dimensions |"
        yield "|---|---|---|---|---|---|"
        for metric in CATALOGUE.values():
            if metric.group == group:
                yield (
                    f"| `{metric.name}` | {metric.label} | {metric.unit} | {metric.additivity} |"
                    f" {metric.description} | {_letters()[metric.dimensions]} |"
                )
        yield ""


def _letters() -> dict[tuple[str, ...], str]:
    """Each set of dimensions by a letter, in the order in which metrics first have it."""
    sets = dict.fromkeys(metric.dimensions for metric in CATALOGUE.values())
    return {dimensions: chr(ord("A") + number) for number, dimensions in enumerate(sets)}


def _sets() -> Iterator[str]:
    yield "| dimensions | which | metrics |"
    yield "|---|---|---|"
    for dimensions, letter in _letters().items():
        own: Iterable[Metric] = (m for m in CATALOGUE.values() if m.dimensions == dimensions)
        yield f"| {letter} | {_listed(dimensions)} | {_listed(metric.name for metric in own)} |"
    yield ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _dimensions() -> Iterator[str]:
    yield "## Dimensions"
    yield ""
    yield "| dimension | name | values | meaning |"
    yield "|---|---|---|---|"
    for dimension in DIMENSIONS.values():
        yield f"| `{dimension.name}` | {dimension.label} | {dimension.shape} | {dimension.description} |"


if __name__ == "__main__":
    PATH.write_text(document())
