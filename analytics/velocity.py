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


def projected_sell_out(
    now: datetime,
    remaining: int,
    last_hour: float,
    last_day: float,
    until: datetime | None,
) -> datetime | None:
    """The moment at which `remaining` tickets will be gone at today's pace, or None.

    The pace is the mean of the last hour's (`last_hour` tickets) and the last day's rate
    (`last_day` tickets in 24 h), and the last day's alone while the last hour was empty. None when
    nothing is left, nothing sells, or the tickets outlast `until` (the start of the event; without
    one, 365 days).
    """
    if remaining <= 0:
        return None
    hourly = (last_hour + last_day / 24) / 2 if last_hour > 0 else last_day / 24
    if hourly <= 0:
        return None
    horizon = until if until is not None else now + timedelta(days=365)
    hours = remaining / hourly
    if hours > (horizon - now).total_seconds() / 3600:
        return None
    return now + timedelta(hours=hours)
