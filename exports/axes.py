"""Axes of a figure drawn without plotly: where a value stands, and which values are marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from typing import Any, Literal

Kind = Literal["linear", "category", "date", "log"]
Ticks = list[tuple[float, str]]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = 1.0
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # Dates of an axis are wall-clock, as plotly takes them.


class Axis:
    """One axis in the plane of the picture: `start` and `end` are where its range begins and ends, in pixels.

    A category stands at its number, a date at its days since 1970; `place` takes values as the figure has
    them, `at` numbers on the axis.
    """

    def __init__(
        self,
        layout: Mapping[str, Any],
        values: Iterable[Any],
        *,
        from_zero: bool = False,
        bands: bool = False,
    ) -> None:
        """`from_zero` for what is measured from zero, `bands` for what has a width around its place."""
        known = [value for value in values if value is not None]
        self.layout = layout
        self.kind = _kind(layout, known)
        self.categories: list[str] = []
        if self.kind == "category":
            self.categories = _ordered(layout, known)
        self._index = {name: index for index, name in enumerate(self.categories)}
        self._days_only = self.kind == "date" and all(len(str(value)) == 10 for value in known)
        numbers = [n for value in known if (n := self.number(value)) is not None]
        self.low, self.high = self._range(numbers, from_zero, bands)
        self.start, self.end = 0.0, 1.0

    def number(self, value: Any) -> float | None:
        """A value of the figure as a number on this axis; None for what has no place on it."""
        if value is None:
            return None
        if self.kind == "category":
            if str(value) in self._index:
                return float(self._index[str(value)])
            return float(value) if isinstance(value, int | float) else None
        if self.kind == "date":
            return _days(value)
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None
        if self.kind == "log":
            return log10(number) if number > 0 else None
        return number if isfinite(number) else None

    def at(self, number: float) -> float:
        """Where a number stands, in pixels."""
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)

    def place(self, value: Any) -> float | None:
        """Where a value stands, in pixels."""
        number = self.number(value)
        return None if number is None else self.at(number)

    @property
    def zero(self) -> float:
        """Where bars begin."""
        return self.at(min(max(0.0, min(self.low, self.high)), max(self.low, self.high)))

    def ticks(self, most: int) -> Ticks:
        """Marked numbers with their words, at most about `most`."""
        if self.layout.get("visible") is False or self.layout.get("showticklabels") is False:
            return []
        given = self._given()
        if given is None:
            given = self._made(most)
        low, high = sorted((self.low, self.high))
        slack = (high - low) * 1e-6
        return [(number, text) for number, text in given if low - slack <= number <= high + slack]

    def _given(self) -> Ticks | None:
        values = self.layout.get("tickvals")
        if values is None:
            return None
        texts = self.layout.get("ticktext") or [str(value) for value in values]
        pairs = ((self.number(value), str(text)) for value, text in zip(values, texts, strict=False))
        return [(number, text) for number, text in pairs if number is not None]

    def _made(self, most: int) -> Ticks:
        if self.kind == "category":
            every = max(1, ceil(len(self.categories) / most))
            return [(float(i), name) for i, name in enumerate(self.categories) if i % every == 0]
        if self.kind == "date":
            low, high = sorted((self.low, self.high))
            return _date_ticks(low, high, most, self._days_only)
        low, high = sorted((self.low, self.high))
        step = _step((high - low) / max(most - 1, 1))
        first = ceil(low / step - 1e-9)
        numbers = [index * step for index in range(first, floor(high / step + 1e-9) + 1)]
        prefix, suffix = self.layout.get("tickprefix", ""), self.layout.get("ticksuffix", "")
        pattern = str(self.layout.get("tickformat", ""))
        shown = [10**n if self.kind == "log" else n for n in numbers]
        texts = [f"{prefix}{_short(number, pattern)}{suffix}" for number in shown]
        return list(zip(numbers, texts, strict=True))

    def _range(self, numbers: Sequence[float], from_zero: bool, bands: bool) -> tuple[float, float]:
        given = self.layout.get("range")
        if given is not None and len(given) == 2 and None not in given:
            low, high = (float(v) if self.kind == "log" else self.number(v) for v in given)
            if low is not None and high is not None and low != high:
                return low, high
        low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
        if self.kind == "category":
            low, high = -0.5, max(len(self.categories), 1) - 0.5
        elif bands:
            apart = sorted(set(numbers))
            half = min((b - a for a, b in pairwise(apart)), default=1.0) / 2
            low, high = low - half, high + half
        elif self.kind == "linear":
            zero = from_zero or self.layout.get("rangemode") == "tozero"
            low, high = (min(low, 0.0), max(high, 0.0)) if zero else (low, high)
            room = (high - low) * 0.05 or 1.0
            low, high = (
                (low if zero and low == 0 else low - room),
                (high if zero and high == 0 else high + room),
            )
        if low == high:
            low, high = low - 0.5, high + 0.5
        reverse = self.layout.get("autorange") == "reversed"
        return (high, low) if reverse else (low, high)


def _kind(layout: Mapping[str, Any], known: Sequence[Any]) -> Kind:
    named = layout.get("type")
    if named in ("linear", "category", "date", "log"):
        return named  # type: ignore[no-any-return]
    texts = [value for value in known if isinstance(value, str)]
    if any(isinstance(value, date) for value in known) or (
        texts and all(_days(value) is not None for value in texts)
    ):
        return "date"
    return "category" if texts else "linear"


def _ordered(layout: Mapping[str, Any], known: Sequence[Any]) -> list[str]:
    found = list(dict.fromkeys(str(value) for value in known))
    first = [str(name) for name in layout.get("categoryarray") or ()]
    return [*first, *(name for name in found if name not in set(first))]


def _days(value: Any) -> float | None:
    """Days since 1970, by the wall clock."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - _EPOCH) / timedelta(days=1)
    if isinstance(value, date):
        return float(value.toordinal() - _EPOCH.toordinal())
    return None


def _date_ticks(low: float, high: float, most: int, days_only: bool) -> Ticks:
    days = high - low
    first = _EPOCH + timedelta(days=low)
    if days <= 2 and not days_only:
        hours = next((h for h in (1, 2, 3, 6, 12) if days * 24 / h <= most), 24)
        start = first.replace(minute=0, second=0, microsecond=0)
        marks = [start + timedelta(hours=h) for h in range(ceil(days * 24) + 2)]
        return [(_number(m), f"{m:%H:%M}") for m in marks if m.hour % hours == 0]
    if days <= 92:
        every = next((d for d in (1, 2, 7, 14) if days / d <= most), 28)
        start = first.replace(hour=0, minute=0, second=0, microsecond=0)
        if start < first:
            start += timedelta(days=1)
        marks = [start + timedelta(days=d) for d in range(0, ceil(days) + 1, every)]
        return [(_number(m), f"{m.day} {_MONTHS[m.month - 1]}") for m in marks]
    every = next((m for m in (1, 2, 3, 6) if days / 30.4 / m <= most), 12 * ceil(days / 365 / most))
    count = first.year * 12 + first.month
    months = [divmod(number, 12) for number in range(count, count + ceil(days / 28) + 1)]
    starts = [datetime(year, month + 1, 1) for year, month in months]  # noqa: DTZ001
    chosen = [m for m in starts if (m.year * 12 + m.month - 1) % every == 0]
    return [(_number(m), str(m.year) if every >= 12 else f"{_MONTHS[m.month - 1]} {m.year}") for m in chosen]


def _number(moment: datetime) -> float:
    return (moment - _EPOCH) / timedelta(days=_DAY)


def _step(raw: float) -> float:
    if raw <= 0:
        return 1.0
    power = 10.0 ** floor(log10(raw))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)


def _short(number: float, pattern: str) -> str:
    """A number in little room: 12k, 1.5M; `pattern` is a d3 format of which percent and decimals count."""
    if pattern.endswith("%"):
        return f"{number * 100:.0f}%"
    for unit, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= unit and abs(number) >= 10_000 / (10 if unit > 1e3 else 1):
            return f"{number / unit:.1f}".removesuffix(".0").replace("-", "−") + letter
    return f"{number:,.2f}".rstrip("0").rstrip(".").replace("-", "−") or "0"
