"""Metrics and dimensions as settings choose them: only names of the catalogue, and how each is called."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, Field

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


def metric_label(name: str) -> str:
    """How people call a metric."""
    return CATALOGUE[name].label if name in CATALOGUE else name.replace("_", " ").capitalize()


def dimension_label(name: str) -> str:
    """How people call a dimension."""
    return DIMENSIONS[name].label if name in DIMENSIONS else name.replace("_", " ").capitalize()


def check_split(metrics: Iterable[str], dimensions: Iterable[str]) -> None:
    """Nothing when every metric can be split by every dimension. Raises ValueError, which names the pair."""
    for metric in metrics:
        for dimension in dimensions:
            if dimension and dimension not in CATALOGUE[metric].dimensions:
                what, by = metric_label(metric), dimension_label(dimension)
                raise ValueError(f"{what} cannot be split by {by.lower()}")
