"""Metrics and dimensions as settings choose them: only names of the catalogue, and how each is called."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from data.metric_dimensions import DIMENSIONS
from data.metrics import CATALOGUE


def known_metric(name: str) -> str:
    """The name, when it is one of a metric. Raises ValueError, which names the nearest."""
    return _known(name, tuple(CATALOGUE), "metric")


def known_dimension(name: str) -> str:
    """The name, when it is one of a dimension or empty. Raises ValueError, which names the nearest."""
    return _known(name, tuple(DIMENSIONS), "dimension") if name else name


def _known(name: str, names: tuple[str, ...], kind: str) -> str:
    if name not in names:
        near = get_close_matches(name, names, 1)
        raise ValueError(f"“{name}” is no {kind}" + (f"; did you mean “{near[0]}”?" if near else ""))
    return name


Metric = Annotated[str, AfterValidator(known_metric), Field(json_schema_extra={"picker": "metric"})]
"""The name of a metric."""

Dimension = Annotated[str, AfterValidator(known_dimension), Field(json_schema_extra={"picker": "dimension"})]
"""The name of a dimension, or nothing."""


def check_ranks(metric: str) -> None:
    """Nothing when values can be ranked by the metric over several times. Raises ValueError."""
    if CATALOGUE[metric].additivity in ("distinct", "state"):
        raise ValueError(f"{metric_label(metric)} does not add up over time, so the most cannot be told")


def metric_split_by(default: str, *dimensions: str) -> Any:
    """The field of a metric that its widget always splits by these dimensions: only such metrics are offered
    and accepted (`check_fixed`)."""
    return Field(default, title="Metric", json_schema_extra={"picker": "metric", "split": list(dimensions)})


def check_fixed(settings: BaseModel) -> None:
    """Nothing when every metric can be split as its widget does. Raises ValueError, which names the pair."""
    for name, field in type(settings).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and isinstance(dimensions := extra.get("split"), list):
            check_split([getattr(settings, name)], map(str, dimensions))


def event_id(text: str) -> str:
    """The id of an event, or nothing. Raises ValueError for anything else."""
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise ValueError(f"“{text[:40]}” is no id of an event") from None


Event = Annotated[str, AfterValidator(event_id), Field(json_schema_extra={"picker": "event"})]
"""The id of an event, or nothing."""


def metric_label(name: str) -> str:
    """How people call a metric."""
    return CATALOGUE[name].label if name in CATALOGUE else name.replace("_", " ").capitalize()


def dimension_label(name: str) -> str:
    """How people call a dimension."""
    return DIMENSIONS[name].label if name in DIMENSIONS else name.replace("_", " ").capitalize()


def check_split(metrics: Iterable[str], dimensions: Iterable[str]) -> None:
    """Nothing when every metric can be split by every dimension. Raises ValueError, which names the pair."""
    asked = list(dimensions)
    for metric in metrics:
        for dimension in asked:
            if dimension and dimension not in CATALOGUE[metric].dimensions:
                what, by = metric_label(metric), dimension_label(dimension)
                raise ValueError(f"{what} cannot be split by {by.lower()}")
