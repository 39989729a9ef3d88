"""Refused messages as people find and handle them: searched, replayed through the writer, discarded.

A letter is replayed in the transaction that writes its message, with the letter locked: both hold or neither,
and of two people who replay it at once one finds it handled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from data.conflicts import retried
from data.engine import Database, TenantConnection
from data.facts import Verdict, write_within
from data.messages import Message
from data.rollups import EventKey

State = Literal["open", "replayed", "discarded"]
STATES: tuple[State, ...] = get_args(State)
Outcome = Literal["accepted", "duplicate", "asked"]
"""What became of a replay: it counts now, it counted already, or pretix is asked again."""
Place = tuple[datetime, UUID]
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One refused message and what became of it; `payload` is JSON text without persons, as far as it is
    JSON."""

    letter_id: UUID
    received_at: datetime
    door: str
    source: str
    type: str | None
    code: str
    field: str | None
    detail: str
    payload: str
    identity: UUID | None
    replayed_at: datetime | None
    discarded_at: datetime | None
    handled_by: UUID | None
    outcome: Outcome | None
    edited: bool

    @property
    def state(self) -> State:
        """Whether somebody has dealt with it, and how."""
        if self.replayed_at is not None:
            return "replayed"
        return "open" if self.discarded_at is None else "discarded"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What letters are looked for; None and "" are any. `since` is included, `until` is not."""

    state: State | None = "open"
    door: str = ""
    code: str = ""
    type: str = ""
    since: datetime | None = None
    until: datetime | None = None


_COLUMNS = (
    "dead_letter_id AS letter_id, received_at, door, source, type, code, field, detail, payload, identity,"
    " replayed_at, discarded_at, handled_by, outcome, edited"
)
_STATES: dict[State, str] = {
    "open": "replayed_at IS NULL AND discarded_at IS NULL",
    "replayed": "replayed_at IS NOT NULL",
    "discarded": "discarded_at IS NOT NULL",
}
_CONDITIONS = {
    "door": "door = %(door)s",
    "code": "code = %(code)s",
    "type": "type = %(type)s",
    "since": "received_at >= %(since)s",
    "until": "received_at < %(until)s",
}
_ONE = "tenant_id = %(tenant)s AND dead_letter_id = ANY(%(ids)s)"


def search(
    tenant: TenantConnection, wanted: Wanted, *, after: Place | None = None, limit: int
) -> list[Letter]:
    """The newest `limit` letters that are wanted, older than the one at `after`."""
    condition, values = _condition(tenant, wanted, after)
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE {condition}"
        " ORDER BY received_at DESC, dead_letter_id DESC LIMIT %(limit)s",
        values | {"limit": limit},
    )
    return [Letter(**row) for row in rows]


def count(tenant: TenantConnection, wanted: Wanted, most: int = MOST_COUNTED) -> int:
    """How many letters are wanted; one more than `most` for all that are more."""
    condition, values = _condition(tenant, wanted, None)
    row = tenant.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM dead_letters WHERE {condition} LIMIT %(limit)s) found",
        values | {"limit": most + 1},
    ).fetchone()
    return int(row[0]) if row else 0


def by_ids(tenant: TenantConnection, ids: Iterable[UUID]) -> list[Letter]:
    """Those of these letters that are there, the oldest first."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE {_ONE} ORDER BY received_at, dead_letter_id",
        {"tenant": tenant.tenant_id, "ids": list(ids)},
    )
    return [Letter(**row) for row in rows]


def doors(tenant: TenantConnection) -> list[str]:
    """The doors at which something was ever refused, by name."""
    rows = tenant.execute(_DOORS, {"tenant": tenant.tenant_id})
    return [door for (door,) in rows.fetchall()]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of letters: those that somebody had handled before are in none of both."""

    verdicts: dict[UUID, Verdict]
    versions: dict[EventKey, int]


def replay(
    database: Database,
    tenant_id: UUID,
    messages: Sequence[tuple[UUID, Message]],
    by: UUID | None,
    *,
    edited: bool = False,
) -> Replayed:
    """Write what open letters say (by their ids) and mark them, in one transaction.

    Raises DatabaseUnavailable, and one of `data.engine.REFUSALS` for messages that PostgreSQL does not store;
    then nothing was written or marked.
    """

    def transaction() -> Replayed:
        with database.tenant(tenant_id) as tenant:
            return replay_within(tenant, messages, by, edited=edited)

    return retried(transaction)


def replay_within(
    tenant: TenantConnection,
    messages: Sequence[tuple[UUID, Message]],
    by: UUID | None,
    *,
    edited: bool = False,
) -> Replayed:
    """`replay` in a transaction of the caller's; at most once in it, as `write_within`."""
    still = lock(tenant, [letter_id for letter_id, _ in messages])
    pairs = [(letter_id, message) for letter_id, message in messages if letter_id in still]
    if not pairs:
        return Replayed({}, {})
    written = write_within(tenant, [message for _, message in pairs])
    verdicts = {letter_id: verdict for (letter_id, _), verdict in zip(pairs, written.verdicts, strict=True)}
    for outcome in ("accepted", "duplicate"):
        mark(tenant, [each for each, verdict in verdicts.items() if verdict == outcome], by, outcome, edited)
    return Replayed(verdicts, written.versions)


def lock(tenant: TenantConnection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these letters that nobody has handled, held until the transaction ends."""
    rows = tenant.execute(
        f"SELECT dead_letter_id FROM dead_letters WHERE {_ONE} AND {_STATES['open']}"
        " ORDER BY dead_letter_id FOR UPDATE",
        {"tenant": tenant.tenant_id, "ids": list(ids)},
    )
    return {letter_id for (letter_id,) in rows.fetchall()}


def mark(
    tenant: TenantConnection, ids: Sequence[UUID], by: UUID | None, outcome: str, edited: bool = False
) -> None:
    """Say of locked letters that they were replayed."""
    if ids:
        tenant.execute(
            "UPDATE dead_letters SET replayed_at = now(), handled_by = %(by)s, outcome = %(outcome)s,"
            f" edited = %(edited)s WHERE {_ONE}",
            {"tenant": tenant.tenant_id, "ids": list(ids), "by": by, "outcome": outcome, "edited": edited},
        )


def discard(tenant: TenantConnection, ids: Sequence[UUID], by: UUID | None) -> int:
    """Lay open letters aside; how many were open. They stay to be looked at."""
    cursor = tenant.execute(
        "UPDATE dead_letters SET discarded_at = now(), handled_by = %(by)s"
        f" WHERE {_ONE} AND {_STATES['open']}",
        {"tenant": tenant.tenant_id, "ids": list(ids), "by": by},
    )
    return cursor.rowcount


def next_after(tenant: TenantConnection, wanted: Wanted, after: Place | None, limit: int) -> list[Letter]:
    """The oldest `limit` letters that are wanted, newer than the one at `after`: the way of a job."""
    condition, values = _condition(tenant, wanted, None)
    if after is not None:
        condition += " AND (received_at, dead_letter_id) > (%(at)s, %(id)s)"
        values |= {"at": after[0], "id": after[1]}
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE {condition}"
        " ORDER BY received_at, dead_letter_id LIMIT %(limit)s",
        values | {"limit": limit},
    )
    return [Letter(**row) for row in rows]


def _condition(tenant: TenantConnection, wanted: Wanted, after: Place | None) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {name: value for name in _CONDITIONS if (value := getattr(wanted, name))}
    conditions = ["tenant_id = %(tenant)s", *(_CONDITIONS[name] for name in values)]
    values["tenant"] = tenant.tenant_id
    if wanted.state is not None:
        conditions.append(_STATES[wanted.state])
    if after is not None:
        conditions.append("(received_at, dead_letter_id) < (%(at)s, %(id)s)")
        values |= {"at": after[0], "id": after[1]}
    return " AND ".join(conditions), values


# Doors are few and letters may be many: from each door to the next by the index.
_DOORS = f"""
WITH RECURSIVE found AS (
    (SELECT door FROM dead_letters WHERE tenant_id = %(tenant)s AND {_STATES["open"]} ORDER BY door LIMIT 1)
    UNION ALL
    SELECT (SELECT d.door FROM dead_letters d WHERE d.tenant_id = %(tenant)s AND d.door > f.door
            AND d.{_STATES["open"].replace("AND ", "AND d.")} ORDER BY d.door LIMIT 1)
    FROM found f WHERE f.door IS NOT NULL
)
SELECT door FROM found WHERE door IS NOT NULL
UNION
SELECT door FROM doors WHERE tenant_id = %(tenant)s AND rejected > 0
ORDER BY 1
"""
