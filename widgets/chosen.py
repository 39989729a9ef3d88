"""Metrics and dimensions as settings choose them: only names of the catalogue, and how each is called."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, Field

from data.metric_dimensions import DIMENSIONS
from data.metrics import CATALOGUE


def _metric(name: str) -> str:
    return _known(name, tuple(CATALOGUE), "metric")


def _dimension(name: str) -> str:
    return _known(name, tuple(DIMENSIONS), "dimension") if name else name


def _known(name: str, names: tuple[str, ...], kind: str) -> str:
    if name not in names:
        near = get_close_matches(name, names, 1)
        raise ValueError(f"“{name}” is no {kind}" + (f"; did you mean “{near[0]}”?" if near else ""))
    return name


Metric = Annotated[str, AfterValidator(_metric), Field(json_schema_extra={"picker": "metric"})]
"""The name of a metric."""

Dimension = Annotated[str, AfterValidator(_dimension), Field(json_schema_extra={"picker": "dimension"})]
"""The name of a dimension, or nothing."""


def metric_label(name: str) -> str:
    """How people call a metric."""
    return CATALOGUE[name].label if name in CATALOGUE else name.replace("_", " ").capitalize()


def dimension_label(name: str) -> str:
    """How people call a dimension."""
    return DIMENSIONS[name].label if name in DIMENSIONS else name.replace("_", " ").capitalize()


def split_by(metric: str) -> tuple[str, ...]:
    """The dimensions that a metric can be split by."""
    return tuple(CATALOGUE[metric].dimensions)
