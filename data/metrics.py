"""The metric catalogue: one definition of every figure, for widgets, API, alerts, reports and exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from data.answers import Unit
from data.metric_dimensions import DIMENSIONS
from data.metric_list import LIST
from data.metric_measures import MEASURES

Additivity = Literal["additive", "ratio", "distinct", "state", "highest"]
Terms = tuple[tuple[str, int], ...]
"""Measures with the signs with which they are added up."""


CLOCK = "clock"
"""The family of what is no fact: the time that has passed."""
NOT_BY_THE_CLOCK = frozenset(
    name
    for name, dimension in DIMENSIONS.items()
    if dimension.shape == "date" or name in ("weekday", "hour_of_day", "days_to_doors")
)
"""A rate has no such dimension: how many minutes it has differs from venue to venue, or is not one span."""


@dataclass(frozen=True)
class Metric:
    """A named figure. Its value is `scale` × the sum of `plus` ÷ the sum of `over` (1 when empty)."""

    name: str
    label: str
    unit: Unit
    group: str
    description: str
    plus: Terms
    over: Terms = ()
    scale: int = 1

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The names of the base measures it is made of."""
        return tuple(name for name, _ in self.plus + self.over)

    @property
    def additivity(self) -> Additivity:
        """Whether values of it may be summed: a ratio never, a distinct count over nothing, a state
        over events but not over time, a highest value over neither."""
        kinds = {MEASURES[name].kind for name in self.measures}
        if self.over:
            return "ratio"
        if "distinct" in kinds:
            return "distinct"
        if "state" in kinds:
            return "state"
        return "highest" if "highest" in kinds else "additive"

    @cached_property
    def money(self) -> bool:
        """Whether it tells of money: then it has a currency, and a masked reader does not see it."""
        return any(MEASURES[name].money for name in self.measures)

    @property
    def in_currency(self) -> bool:
        """Whether its value is an amount."""
        return self.unit == "money"

    @cached_property
    def families(self) -> frozenset[str]:
        """The families of facts that it is counted in."""
        return frozenset(MEASURES[name].family for name in self.measures) - {CLOCK}

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions by which it can be split and filtered."""
        barred = NOT_BY_THE_CLOCK if "minutes" in self.measures else frozenset()
        return tuple(
            name
            for name, dimension in DIMENSIONS.items()
            if self.families <= dimension.families and name not in barred
        )

    @property
    def grains(self) -> tuple[str, ...]:
        """The grains of time it has."""
        return tuple(name for name in self.dimensions if DIMENSIONS[name].seconds)


def _metric(name: str, row: tuple[str, Unit, str, str, str, str, int]) -> Metric:
    label, unit, group, plus, over, description, scale = row
    return Metric(name, label, unit, group, description, _terms(plus), _terms(over), scale)


def _terms(text: str) -> Terms:
    """`gross_minor fees_minor -refunded_minor` → the measures with their signs."""
    return tuple((part.lstrip("-"), -1 if part.startswith("-") else 1) for part in text.split())


CATALOGUE: Mapping[str, Metric] = {name: _metric(name, row) for name, row in LIST.items()}
