"""The doors that a tenant's messages come in by, and how each of them is at this moment.

A door is there when somebody set it up (a token that may send, a website, a queue, a pretix) or when messages
came through it. What came is read from the counts of a day's minutes (`data/door_counts.py`), never from
messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from data import queue_sources, sites
from data.engine import TenantConnection

Kind = Literal["rest", "cloudevents", "segment", "site", "rabbitmq", "bull", "bullmq", "pretix"]
State = Literal[
    "receiving",
    "quiet",
    "unused",
    "refusing",
    "behind",
    "connecting",
    "cannot-connect",
    "database-away",
    "stopped",
    "not-running",
    "removed",
]
STATES: tuple[State, ...] = get_args(State)

LATELY = 5
"""Minutes, the running one included, within which a message makes a door one that receives."""
BEHIND_SECONDS = 30.0
SILENT_SECONDS = 20.0
"""A reader of a queue says every ten seconds that it is there."""
_HOUR = 60
_TROUBLES: Mapping[queue_sources.State, State] = {
    "broker-away": "cannot-connect",
    "database-away": "database-away",
}
_PUSHED: tuple[Kind, ...] = ("rest", "cloudevents", "segment")


@dataclass(frozen=True, slots=True)
class Seen:
    """What came through a door: messages a minute, and how many were refused within a day.

    `lag_seconds` is the longest of the last minutes from arrival to commit.
    """

    lately: int = 0
    refused_lately: int = 0
    per_minute: float = 0.0
    per_minute_of_hour: float = 0.0
    refused_in_a_day: int = 0
    lag_seconds: float | None = None
    last_message_at: datetime | None = None
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Door:
    """One door. `door` is its name among refused messages and counts; `error` what last went wrong, in words,
    and `waiting` how much is known to wait."""

    door: str
    kind: Kind
    name: str
    state: State
    seen: Seen
    error: str = ""
    error_at: datetime | None = None
    waiting: int | None = None


def doors(tenant: TenantConnection, now: datetime) -> list[Door]:
    """Every door of the tenant as it is at `now`: programs first, then websites, queues and pretix by
    name."""
    seen = _seen(tenant, now)
    found: list[Door] = []
    sends = _may_send(tenant, now)
    there = [kind for kind in _PUSHED if kind in seen or (kind == "rest" and sends)]
    found += [_pushed(kind, kind, "", seen.pop(kind, Seen())) for kind in there]
    for site in sites.listed(tenant):
        door = f"site:{site['name']}"
        found.append(_pushed(door, "site", site["name"], seen.pop(door, Seen())))
    for queue in queue_sources.listed(tenant):
        door = f"{queue['kind']}:{queue['name']}"
        found.append(_queue(door, queue, seen.pop(door, Seen()), now))
    for source in tenant.rows(_PRETIX, {"tenant": tenant.tenant_id, "now": now}):
        door = f"pretix:{source['name']}"
        found.append(_pretix(door, source, seen.pop(door, Seen()), now))
    # What came today through a door that was removed is still somebody's question.
    for door, counted in sorted(seen.items()):
        word, _, name = door.partition(":")
        at = counted.last_message_at
        if word in get_args(Kind) and (counted.refused_in_a_day or (at and now - at < timedelta(days=1))):
            found.append(Door(door, _kind(word), name, "removed", counted))
    return found


def _kind(text: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == text)


def _pushed(door: str, kind: Kind, name: str, seen: Seen) -> Door:
    return Door(door, kind, name, _how(seen), seen)


def _how(seen: Seen) -> State:
    """How a door is that somebody sends to, or that is read without trouble."""
    if seen.lately:
        late = seen.lag_seconds is not None and seen.lag_seconds > BEHIND_SECONDS
        return "behind" if late else "receiving"
    if seen.refused_lately:
        return "refusing"
    return "quiet" if seen.last_message_at else "unused"


def _queue(door: str, row: dict[str, Any], seen: Seen, now: datetime) -> Door:
    said: queue_sources.State = row["state"]
    told = row["seen_at"]
    state: State
    if told is None or (now - told).total_seconds() > SILENT_SECONDS:
        state = "not-running"
    elif said == "consuming":
        state = _how(seen)
    elif said in ("new", "connecting"):
        state = "connecting"
    else:
        state = _TROUBLES.get(said, "stopped")
    trouble = state in ("cannot-connect", "database-away", "stopped", "not-running")
    error = (row["last_error"] or "") if trouble else ""
    return Door(door, row["kind"], row["name"], state, seen, error, row["last_error_at"] if error else None)


def _pretix(door: str, row: dict[str, Any], seen: Seen, now: datetime) -> Door:
    lag = None if row["oldest"] is None else max(0.0, (now - row["oldest"]).total_seconds())
    state = _how(seen)
    if row["last_error"]:
        state = "cannot-connect"
    elif lag is not None and lag > BEHIND_SECONDS:
        state = "behind"
    if lag is not None and lag > (seen.lag_seconds or 0.0):
        seen = _with_lag(seen, lag)
    return Door(door, "pretix", row["name"], state, seen, row["last_error"] or "", waiting=row["waiting"])


def _with_lag(seen: Seen, lag: float) -> Seen:
    return Seen(**{name: getattr(seen, name) for name in Seen.__slots__} | {"lag_seconds": lag})


def _may_send(tenant: TenantConnection, now: datetime) -> bool:
    row = tenant.execute(_SENDERS, {"tenant": tenant.tenant_id, "now": now}).fetchone()
    return row == (True,)


def _seen(tenant: TenantConnection, now: datetime) -> dict[str, Seen]:
    """Door → what came through it."""
    minute = now.replace(second=0, microsecond=0)
    since = {"lately": minute - timedelta(minutes=LATELY - 1), "hour": minute - timedelta(minutes=_HOUR - 1)}
    rows = tenant.rows(
        _COUNTED, {"tenant": tenant.tenant_id, "day": now - timedelta(days=1), "until": now, **since}
    )
    lately, hour = ((now - since[name]).total_seconds() / 60 for name in ("lately", "hour"))
    return {
        row["door"]: Seen(
            row["lately"],
            row["refused_lately"],
            row["lately"] / lately,
            row["hour"] / hour,
            row["refused"],
            None if row["lag_ms"] is None else row["lag_ms"] / 1000,
            row["last_message_at"],
            row["accepted"],
            row["duplicates"],
            row["rejected"],
        )
        for row in rows
    }


_CAME = "m.accepted + m.duplicates"
_COUNTED = f"""
SELECT d.door, d.last_message_at, d.accepted, d.duplicates, d.rejected,
       coalesce(m.lately, 0)::bigint AS lately, coalesce(m.hour, 0)::bigint AS hour,
       coalesce(m.refused, 0)::bigint AS refused, coalesce(m.refused_lately, 0)::bigint AS refused_lately,
       m.lag_ms
FROM (SELECT * FROM doors WHERE tenant_id = %(tenant)s) d
LEFT JOIN (
    SELECT m.door, sum({_CAME}) FILTER (WHERE m.minute >= %(lately)s) AS lately,
           sum({_CAME}) FILTER (WHERE m.minute >= %(hour)s) AS hour,
           sum(m.rejected) AS refused, sum(m.rejected) FILTER (WHERE m.minute >= %(lately)s) AS
           refused_lately, max(m.lag_ms) FILTER (WHERE m.minute >= %(lately)s AND {_CAME} > 0) AS lag_ms
    FROM door_minutes m
    WHERE m.tenant_id = %(tenant)s AND m.minute > %(day)s AND m.minute <= %(until)s
    GROUP BY m.door
) m ON m.door = d.door
ORDER BY d.door
"""
_SENDERS = """
SELECT EXISTS (SELECT FROM api_tokens WHERE tenant_id = %(tenant)s AND 'send' = ANY(scopes)
               AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s))
    OR EXISTS (SELECT FROM signing_keys WHERE tenant_id = %(tenant)s AND 'send' = ANY(scopes)
               AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s))
"""
_PRETIX = """
SELECT s.name, coalesce(p.waiting, 0)::bigint AS waiting, p.oldest, p.last_error
FROM (SELECT source_id, name FROM pretix_sources WHERE tenant_id = %(tenant)s AND disabled_at IS NULL) s
LEFT JOIN (
    SELECT source_id, count(*) AS waiting, min(received_at) AS oldest,
           (array_agg(last_error ORDER BY attempts DESC) FILTER (WHERE last_error IS NOT NULL))[1] AS
           last_error
    FROM pretix_pings WHERE tenant_id = %(tenant)s GROUP BY source_id
) p ON p.source_id = s.source_id
ORDER BY s.name
"""
