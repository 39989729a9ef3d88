"""Replaying or discarding many refused messages: a job that the worker does piece by piece.

A piece is one transaction, with the job's row locked: it handles some letters and notes how far it is.
Whatever kills the worker, the next one goes on behind the last piece that holds, and two never do the same
piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from data.engine import Database, TenantConnection
from data.letters import Place, Wanted, count

Action = Literal["replay", "discard"]
MOST_OPEN = 3
"""Jobs of a tenant that may wait or run at a time."""
_COLUMNS = (
    "job_id, action, filters, status, total, done, accepted, duplicates, refused, discarded, cursor_at,"
    " cursor_id, created_by, created_at, finished_at"
)


_MOMENTS = ("since", "until")


class TooManyJobs(Exception):
    """So many of the tenant's jobs wait or run already that another one has to wait."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Of the letters it has come by (`done`) so many were accepted, counted already, were refused
    again or discarded; the rest somebody had handled meanwhile."""

    job_id: UUID
    action: Action
    filters: dict[str, Any]
    status: Literal["waiting", "running", "done"]
    total: int
    done: int
    accepted: int
    duplicates: int
    refused: int
    discarded: int
    cursor_at: datetime | None
    cursor_id: UUID | None
    created_by: UUID | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def wanted(self) -> Wanted:
        """Which letters it is about: none that came after it was asked for."""
        told = self.filters
        since, until = (datetime.fromisoformat(told[name]) if told[name] else None for name in _MOMENTS)
        return Wanted("open", told["door"], told["code"], told["type"], since, until)

    @property
    def after(self) -> Place | None:
        """Behind which letter it goes on."""
        if self.cursor_at is None or self.cursor_id is None:
            return None
        return self.cursor_at, self.cursor_id


def create(tenant: TenantConnection, action: Action, wanted: Wanted, by: UUID | None, now: datetime) -> Job:
    """A job for all open letters that are wanted and have come until `now`. Raises TooManyJobs."""
    tenant.execute("SELECT 1 FROM tenants WHERE tenant_id = %s FOR UPDATE", [tenant.tenant_id])
    row = tenant.execute(
        "SELECT count(*) FROM letter_jobs WHERE tenant_id = %s AND status <> 'done'", [tenant.tenant_id]
    ).fetchone()
    if row is not None and row[0] >= MOST_OPEN:
        raise TooManyJobs
    until = min(wanted.until, now) if wanted.until else now
    filters = asdict(wanted) | {
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": until.isoformat(),
    }
    job_id = uuid4()
    total = count(
        tenant, Wanted("open", wanted.door, wanted.code, wanted.type, wanted.since, until), 10_000_000
    )
    rows = tenant.rows(
        "INSERT INTO letter_jobs (tenant_id, job_id, action, filters, total, created_by)"
        f" VALUES (%s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}",
        [tenant.tenant_id, job_id, action, Jsonb(filters), total, by],
    )
    return Job(**rows[0])


def by_id(tenant: TenantConnection, job_id: UUID) -> Job | None:
    """One job, None when there is none."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM letter_jobs WHERE tenant_id = %s AND job_id = %s", [tenant.tenant_id, job_id]
    )
    return Job(**rows[0]) if rows else None


def open_jobs(tenant: TenantConnection) -> list[Job]:
    """The jobs that are not done, the oldest first."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM letter_jobs WHERE tenant_id = %s AND status <> 'done' ORDER BY created_at",
        [tenant.tenant_id],
    )
    return [Job(**row) for row in rows]


def everyones(database: Database) -> list[tuple[UUID, UUID]]:
    """(tenant_id, job_id) of every job that is not done, the oldest first. Raises DatabaseUnavailable."""
    with database.job("letter_jobs") as connection:
        rows = connection.execute(
            "SELECT tenant_id, job_id FROM letter_jobs WHERE status <> 'done' ORDER BY created_at"
        )
        return rows.fetchall()


@contextmanager
def piece(database: Database, tenant_id: UUID, job_id: UUID) -> Iterator[tuple[TenantConnection, Job] | None]:
    """The transaction of one piece, and the job as it is; None when it is done, or another worker is at
    it."""
    with database.tenant(tenant_id) as tenant:
        rows = tenant.rows(
            f"SELECT {_COLUMNS} FROM letter_jobs WHERE tenant_id = %s AND job_id = %s AND status <> 'done'"
            " FOR UPDATE SKIP LOCKED",
            [tenant_id, job_id],
        )
        yield (tenant, Job(**rows[0])) if rows else None


def note(tenant: TenantConnection, job: Job, counts: dict[str, int], last: Place | None) -> None:
    """Add to a job in the transaction of its piece; without a last letter it is done."""
    tenant.execute(
        "UPDATE letter_jobs SET status = %(status)s, done = done + %(done)s,"
        " accepted = accepted + %(accepted)s, duplicates = duplicates + %(duplicates)s,"
        " refused = refused + %(refused)s, discarded = discarded + %(discarded)s,"
        " cursor_at = coalesce(%(at)s, cursor_at), cursor_id = coalesce(%(id)s, cursor_id),"
        " finished_at = CASE WHEN %(at)s IS NULL THEN now() END"
        " WHERE tenant_id = %(tenant)s AND job_id = %(job)s",
        dict.fromkeys(("done", "accepted", "duplicates", "refused", "discarded"), 0)
        | counts
        | {
            "tenant": tenant.tenant_id,
            "job": job.job_id,
            "status": "done" if last is None else "running",
            "at": None if last is None else last[0],
            "id": None if last is None else last[1],
        },
    )
