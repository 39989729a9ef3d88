"""From an answer to what is drawn: one currency at a time, one metric along one dimension."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from data.answers import Answer, Column
from data.metric_dimensions import IN_CURRENCY
from data.metrics import CATALOGUE, Additivity
from data.query_rows import FEWER, OTHER

NOT_KNOWN = "Not known"
_CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
"""A word of machines, as box_office: people read it with spaces."""
ADDITIVE = frozenset({"money", "tickets", "people", "count"})
"""Units of amounts: what is no metric of the catalogue is summed in these alone."""


@dataclass(frozen=True, slots=True)
class Points:
    """One metric along the dimensions of its answer, in one currency: `before` are the compared values."""

    column: Column
    currency: str
    keys: list[tuple[Any, ...]]
    values: list[Any]
    before: list[Any] | None = None

    @property
    def total(self) -> Any:
        """The sum of what is known."""
        return sum(value for value in self.values if value is not None)


def adds_up(of: Column) -> bool:
    """Whether values of the column may be summed: no average, no ratio, no different people or orders."""
    return _additivity(of) == "additive"


def nothing_is_zero(of: Column) -> bool:
    """Whether a bucket without a row is a zero; an average or a percentage of nothing is not known."""
    return _additivity(of) in ("additive", "distinct")


def _additivity(of: Column) -> Additivity:
    metric = CATALOGUE.get(of.name.removesuffix(".compared"))
    if metric is not None:
        return metric.additivity
    return "additive" if of.unit in ADDITIVE else "ratio"


def dimensions(answer: Answer) -> list[Column]:
    """What the rows are of, without the currency of their money."""
    kinds = ("time", "text", "number")
    return [column for column in answer.columns if column.kind in kinds and column.name != "currency"]


def metrics(answer: Answer) -> list[Column]:
    """The measures asked for, without those of the comparison."""
    return [column for column in answer.columns if column.kind == "metric"]


def column(answer: Answer, name: str) -> Column:
    """The column of this name. Raises KeyError."""
    found = next((each for each in answer.columns if each.name == name), None)
    if found is None:
        raise KeyError(name)
    return found


def has(answer: Answer, name: str) -> bool:
    """Whether the answer has a column of this name (it has not when it was masked)."""
    return any(each.name == name for each in answer.columns)


def of_money(of: Column) -> bool:
    """Whether a measure is told for each currency: an amount, or a share of amounts."""
    metric = CATALOGUE.get(of.name.removesuffix(".compared"))
    return of.unit == "money" if metric is None else metric.money


def by_currency(answer: Answer, of: Column) -> bool:
    """Whether a measure stands in the answer for each currency: money, and whatever is split by prices."""
    return of_money(of) or any(each.name in IN_CURRENCY for each in answer.columns)


def currencies(answer: Answer) -> list[str]:
    """The currencies of the rows, most first by the first money metric, without one by the first metric."""
    if not has(answer, "currency"):
        return []
    place = [each.name for each in answer.columns].index("currency")
    measures = [(i, each.unit) for i, each in enumerate(answer.columns) if each.kind == "metric"]
    most = next((i for i, unit in measures if unit == "money"), measures[0][0] if measures else None)
    sums: dict[str, float] = {}
    for row in answer.rows:
        if row[place]:
            amount = row[most] if most is not None else 0
            sums[row[place]] = sums.get(row[place], 0) + abs(amount or 0)
    return sorted(sums, key=lambda code: (-sums[code], code))


def in_currency(answer: Answer, preferred: str) -> tuple[Answer, str, tuple[str, ...]]:
    """The rows of one currency, its code, and the other codes there are: amounts are never mixed.

    The preferred currency where it has rows, else the one with most."""
    codes = currencies(answer)
    if not codes:
        return answer, preferred, ()
    code = preferred if preferred in codes else codes[0]
    place = [each.name for each in answer.columns].index("currency")
    rows = [row for row in answer.rows if row[place] in (code, "", None)]
    return replace(answer, rows=rows, total_rows=len(rows)), code, tuple(c for c in codes if c != code)


def points(answer: Answer, metric: str | None, preferred: str) -> Points:
    """A metric (the first one without a name) along the answer's dimensions, in one currency.

    Several rows of one key, as other currencies leave behind of metrics that are no money, become one where
    the metric allows it: of different people, of a ratio the one value is not known (None). Bands of prices
    in several currencies are never one key, even if called alike: those of one currency are told."""
    chosen = column(answer, metric) if metric else metrics(answer)[0]
    code = ""
    if by_currency(answer, chosen):
        answer, code, _ = in_currency(answer, preferred)
    names = [each.name for each in answer.columns]
    keyed = [names.index(each.name) for each in dimensions(answer)]
    place = names.index(chosen.name)
    compared = f"{chosen.name}.compared"
    other = names.index(compared) if compared in names else None
    merged = _MERGED[_additivity(chosen)]
    values: dict[tuple[Any, ...], Any] = {}
    before: dict[tuple[Any, ...], Any] = {}
    for row in answer.rows:
        key = tuple(row[index] for index in keyed)
        values[key] = merged(values[key], row[place]) if key in values else row[place]
        if other is not None:
            before[key] = merged(before[key], row[other]) if key in before else row[other]
    keys = list(values)
    earlier = [before[key] for key in keys] if other is not None else None
    return Points(chosen, code, keys, [values[key] for key in keys], earlier)


def _sum(one: Any, other: Any) -> Any:
    return one if other is None else other if one is None else one + other


def _highest(one: Any, other: Any) -> Any:
    return one if other is None else other if one is None else max(one, other)


def _unknown(one: Any, other: Any) -> None:
    return None


_MERGED: dict[Additivity, Callable[[Any, Any], Any]] = {
    "additive": _sum,
    "state": _sum,  # Of one moment: who is inside at venues of other currencies is somebody else.
    "highest": _highest,
    "distinct": _unknown,
    "ratio": _unknown,
}
"""What two rows of one key amount to that only their currencies tell apart."""


REST = frozenset({OTHER, FEWER})
"""Values that stand for several: no filter asks for them."""


def filter_value(value: Any) -> str | None:
    """The raw value by which a click filters, "" for what is not known; None for what stands for several."""
    if isinstance(value, date):
        return value.isoformat()
    return None if value in REST else "" if value is None else str(value)


def label(value: Any, of: Column | None = None) -> str:
    """A dimension's value in words; an empty one is not known."""
    if value is None or value == "":
        return NOT_KNOWN
    if value in REST:
        return "Fewer than 5 each" if value == FEWER else str(value).capitalize()
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.replace("_", " ") if _CODE.fullmatch(text) else text


def moment(value: Any) -> datetime | date:
    """A time dimension's value as date or instant, however it travels."""
    if isinstance(value, str):
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    assert isinstance(value, datetime | date)
    return value


STEPS = {
    "minute": timedelta(minutes=1),
    "5min": timedelta(minutes=5),
    "15min": timedelta(minutes=15),
    "30min": timedelta(minutes=30),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}


def filled(line: Points, grain: str) -> Points:
    """The same along one time dimension without gaps: a bucket nobody counted in is a zero of what is
    counted, else unknown. Steps are absolute below a day, so an hour that the clocks repeat stays two."""
    if len(line.keys) < 2 or any(key[0] is None for key in line.keys):
        return line
    nothing = 0 if nothing_is_zero(line.column) else None
    at = {moment(key[0]): index for index, key in enumerate(line.keys)}
    times, last = [min(at)], max(at)
    while times[-1] < last and len(times) < 5000:
        times.append(after(times[-1], grain))
    if not set(at) <= set(times):
        return line
    found = [at.get(time) for time in times]
    return replace(
        line,
        keys=[(time,) for time in times],
        values=[nothing if index is None else line.values[index] for index in found],
        before=None
        if line.before is None
        else [nothing if index is None else line.before[index] for index in found],
    )


def after(time: Any, grain: str) -> Any:
    """The bucket of this grain that follows the one which starts at `time`."""
    if grain in STEPS:
        return time + STEPS[grain]
    months = {"month": 1, "quarter": 3}.get(grain, 12)
    place = time.month - 1 + months
    return time.replace(year=time.year + place // 12, month=place % 12 + 1, day=1)
