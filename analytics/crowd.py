"""How full a place is, and when it became so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

Level = Literal["ok", "amber", "red", "over"]


def percent_full(inside: int, capacity: int | None) -> float | None:
    """People inside in percent of capacity with one decimal; None for a place without a capacity."""
    if not capacity:
        return None
    return round(100 * inside / capacity, 1)


def level(inside: int, capacity: int | None, amber_percent: float, red_percent: float) -> Level:
    """`over` above capacity, else `red` or `amber` from their percentage on, else `ok`.

    The percentages are compared exactly, not as rounded for display. A place without a capacity is
    always `ok`.
    """
    if not capacity:
        return "ok"
    if inside > capacity:
        return "over"
    if 100 * inside >= red_percent * capacity:
        return "red"
    if 100 * inside >= amber_percent * capacity:
        return "amber"
    return "ok"


def reached_since(inside: int, changes: Sequence[tuple[datetime, int]], threshold: float) -> datetime | None:
    """The minute since which at least `threshold` people have been inside without a break.

    `changes` are (minute, net change of people), oldest first, and end at the present count
    `inside`. None when fewer are inside now, or when there never were fewer.
    """
    since = None
    count = inside
    for minute, change in reversed(changes):
        if count < threshold:
            return since
        since = minute
        count -= change
    return since if count < threshold else None
