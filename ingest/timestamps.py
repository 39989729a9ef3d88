"""Points in time as senders write them: ISO 8601, with an offset or in the venue's own zone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ingest.refusal import Refused

FURTHEST = timedelta(days=3653)
"""Ten years: anything further from the time of receipt is a mistake of the sender's clock or unit."""

AHEAD = timedelta(minutes=15)
"""So far may a sender's clock be ahead of ours. What has not happened yet must not count: a scanner with a
wrong clock or zone would fill the house tonight with people of tomorrow."""

_SHORTEST = len("2026-11-21T19:30")
_LONGEST = 40


def instant(
    value: object, field: str, zone: ZoneInfo, received_at: datetime, *, ahead: timedelta = AHEAD
) -> datetime:
    """The moment in UTC that `value` names; with `ahead` FURTHEST it may be one that is only planned.

    A time without an offset is a wall clock reading in `zone`. Where the autumn hour makes it
    ambiguous, the first of the two is meant; a reading inside the spring gap, which no clock
    showed, counts with the offset before the gap (02:30 becomes 03:30). Senders who need the
    second autumn hour send an offset. Epoch numbers are refused, because seconds and milliseconds
    cannot be told apart safely; so is anything more than ten years before `received_at` or more
    than `ahead` after it.
    """
    if type(value) is not str:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            raise Refused("epoch-timestamp", "A time is an ISO 8601 text, not a number.", field, value)
        raise Refused("wrong-type", "A time is an ISO 8601 text.", field, value)
    try:
        if not _SHORTEST <= len(value) <= _LONGEST or value[10] not in "Tt " or value[7] != "-":
            raise ValueError
        moment = datetime.fromisoformat(value)
    except ValueError:
        if value.strip().lstrip("+-").replace(".", "", 1).isdecimal():
            raise Refused(
                "epoch-timestamp", "A time is an ISO 8601 text, not a number.", field, value
            ) from None
        raise Refused("bad-timestamp", "A time looks like 2026-11-21T19:30:00+01:00.", field, value) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if abs(moment - received_at) > FURTHEST:
        raise Refused("timestamp-out-of-range", "This is more than ten years from now.", field, value)
    if moment - received_at > ahead:
        raise Refused(
            "timestamp-out-of-range", "This is in the future: is the clock or zone right?", field, value
        )
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
