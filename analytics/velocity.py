"""How fast something goes: sliding rates from minute buckets, and when the tickets will be gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta


def sliding_sum(counts: Sequence[int], minutes: int, seconds_into_minute: float) -> float:
    """What happened in the last `minutes` minutes, estimated to the second.

    `counts` are minute buckets, oldest first, the last one being the running minute of which
    `seconds_into_minute` (0 to 60) have passed. The oldest bucket that the window still touches
    counts for the part inside it, as in the sliding-window counter of rate limiters: the rate does
    not fall to nothing at each turn of the minute. Missing buckets are zero.
    """
    if minutes < 1:
        raise ValueError(f"minutes must be at least 1, not {minutes}")
    whole = counts[-minutes:]
    before = counts[-minutes - 1] if len(counts) > minutes else 0
    return sum(whole) + before * (1 - seconds_into_minute / 60)


def present_pace(last_hour: float, last_day: float) -> float:
    """What to expect an hour: the mean of the last hour's and the last day's rate (`last_day` is the
    sum of 24 hours), and the last day's alone while the last hour was empty."""
    return (last_hour + last_day / 24) / 2 if last_hour > 0 else last_day / 24


def projected_total(
    now: datetime, so_far: int, last_hour: float, last_day: float, ends: Sequence[datetime | None]
) -> int:
    """`so_far` and what the present pace adds until the first of `ends` (None is no end).

    Never less than `so_far`: more refunds than sales in the last hours promise nothing.
    """
    until = min((end for end in ends if end is not None), default=now)
    hours = max(0.0, (until - now).total_seconds() / 3600)
    return so_far + max(0, round(present_pace(last_hour, last_day) * hours))


def projected_sell_out(
    now: datetime,
    remaining: int,
    last_hour: float,
    last_day: float,
    until: datetime | None,
) -> datetime | None:
    """The moment at which `remaining` tickets will be gone at today's pace, or None.

    The pace is that of `present_pace`. None when nothing is left, nothing sells, or the tickets
    outlast `until` (the start of the event; without one, 365 days).
    """
    if remaining <= 0:
        return None
    hourly = present_pace(last_hour, last_day)
    if hourly <= 0:
        return None
    horizon = until if until is not None else now + timedelta(days=365)
    hours = remaining / hourly
    if hours > (horizon - now).total_seconds() / 3600:
        return None
    return now + timedelta(hours=hours)
