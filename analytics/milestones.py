"""Which round marks a quantity has passed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

MARKS = (25, 50, 75, 90, 100)
"""Percent of capacity or target at which a milestone is worth a message."""


def passed(value: int, whole: int | None, marks: Sequence[int] = MARKS) -> tuple[int, ...]:
    """The marks, in percent, that `value` has reached of `whole`; none without a whole."""
    if not whole or whole < 0:
        return ()
    return tuple(mark for mark in marks if 100 * value >= mark * whole)


def crossed_at(changes: Iterable[tuple[datetime, int]], whole: float) -> datetime | None:
    """The moment of the change that first brought the running sum to `whole`; None if none did.

    `changes` are (moment, change) in order of time.
    """
    total = 0
    for moment, change in changes:
        total += change
        if total >= whole:
            return moment
    return None
