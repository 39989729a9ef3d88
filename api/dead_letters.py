"""Refused messages by REST: found, looked at, replayed as they are or edited, discarded, also many at
once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from flask import Blueprint, Flask, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api import board_problems
from api.answers import LARGEST_BODY, answer, asked, cursor, cursor_of, page_size
from api.audit_log import moment
from api.bodies import JSON_TYPES, read_body
from api.problems import problem
from api.viewers import viewers_of
from data import audit_note, letter_jobs, letters
from data.access import Access
from data.board_check import Fault, InvalidDocument, faults_of
from data.instants import iso
from data.letter_jobs import Job, TooManyJobs
from data.letters import Letter, Wanted
from data.permissions import Permission, require_everything
from data.services import Services
from ingest.decoding import plain_object
from ingest.refusal import printable
from ingest.replaying import Replayer, Result, can_be_replayed

PATH = "/api/v1/dead-letters"
MOST_CHOSEN = 200
"""Letters handled within one request; more, and all that match, are a job."""
FILTERS = ("state", "door", "reason", "type", "since", "until")
_LONGEST = 200
_STATES = {str(state): state for state in letters.STATES}


class ReplayedAs(BaseModel):
    """Another payload to be replayed in the letter's place; without one it is replayed as it was kept."""

    model_config = ConfigDict(extra="forbid")
    payload: dict[str, Any] | None = None


class Handled(BaseModel):
    """What is to be done with these letters, or with all open ones that match the filters."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["replay", "discard"]
    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=MOST_CHOSEN)
    filters: dict[Literal["door", "reason", "type", "since", "until"], str] | None = None


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/dead-letters, …/<id>, what is done with one, and …/bulk."""
    views = _Routes(services)
    routes = Blueprint("dead-letters", __name__)
    board_problems.register(routes)
    routes.register_error_handler(TooManyJobs, lambda _: too_many())
    one = f"{PATH}/<uuid:letter_id>"
    for name, method, path, view in (
        ("search", "GET", PATH, views.search),
        ("read", "GET", one, views.read),
        ("replay", "POST", f"{one}/replay", views.replay),
        ("discard", "POST", f"{one}/discard", views.discard),
        ("bulk", "POST", f"{PATH}/bulk", views.bulk),
        ("job", "GET", f"{PATH}/bulk/<uuid:job_id>", views.job),
    ):
        routes.add_url_rule(path, name, view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services, self._viewers = services, viewers_of(services)
        self._replayer = Replayer(services.database, services.directory, services.live)

    def search(self) -> Response:
        access, wanted = self._access("see-sources"), wanted_of(request.args, {"limit", "cursor"})
        limit, after = page_size(), cursor()
        with self._services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = letters.search(tenant, wanted, after=after, limit=limit + 1)
        here = found[:limit]
        following = cursor_of(here[-1].received_at, here[-1].letter_id) if len(found) > limit else None
        return answer({"letters": [shown(each) for each in here], "nextCursor": following})

    def read(self, letter_id: UUID) -> Response:
        letter = letter_of(self._services, self._access("see-sources"), letter_id)
        return _not_there() if letter is None else answer(shown(letter))

    def replay(self, letter_id: UUID) -> Response:
        access, payload = self._access("handle-letters"), _edited()
        letter = letter_of(self._services, access, letter_id)
        if letter is None:
            return _not_there()
        if letter.state != "open":
            return answer({"id": letter_id, "outcome": "gone"})
        result = self._replayer.one(access.tenant_id, letter, access.user_id, payload)
        audit_note.told(outcome=result.outcome, edited=str(payload is not None).lower())
        return answer(told(result))

    def discard(self, letter_id: UUID) -> Response:
        access = self._access("handle-letters")
        if letter_of(self._services, access, letter_id) is None:
            return _not_there()
        with self._services.database.tenant(access.tenant_id) as tenant:
            done = letters.discard(tenant, [letter_id], access.user_id)
        return answer({"id": letter_id, "outcome": "discarded" if done else "gone"})

    def bulk(self) -> Response:
        access, order = self._access("handle-letters"), asked(Handled)
        if (order.ids is None) == (order.filters is None):
            detail = "Send ids, or filters (an empty object for all open letters), and not both."
            raise InvalidDocument([Fault("ids", "", detail)])
        if order.ids is not None:
            results = handle(self._services, self._replayer, access, order.action, order.ids)
            return answer({"results": [told(each) for each in results]})
        wanted = wanted_of({str(name): value for name, value in (order.filters or {}).items()})
        job = begin(self._services, access, order.action, wanted)
        return answer(shown_job(job), 202, {"Location": f"{PATH}/bulk/{job.job_id}"})

    def job(self, job_id: UUID) -> Response:
        access = self._access("see-sources")
        with self._services.database.tenant(access.tenant_id) as tenant:
            job = letter_jobs.by_id(tenant, job_id)
        if job is None:
            return problem(404, "job-not-found", "There is no such job for you.")
        return answer(shown_job(job))

    def _access(self, permission: Permission) -> Access:
        access = self._viewers.access()
        require_everything(access, permission)
        return access


class _Sent(msgspec.Struct):
    payload: msgspec.Raw = msgspec.Raw(b"")


def _edited() -> str | None:
    """The payload that a request sends in the place of what was kept, as it is written there. Raises Refused,
    InvalidDocument."""
    body = read_body(request.environ, LARGEST_BODY, JSON_TYPES) or b"{}"
    try:
        changed = ReplayedAs.model_validate(plain_object(body))
    except ValidationError as error:
        raise InvalidDocument(faults_of(error)) from None
    if changed.payload is None:
        return None
    return bytes(msgspec.json.decode(body, type=_Sent).payload).decode()


def wanted_of(given: Mapping[str, str], more: Collection[str] = ()) -> Wanted:
    """Filters as what is looked for. Raises InvalidDocument for each that is none."""
    faults = [
        Fault(printable(name), printable(value), "There is no such parameter.")
        for name, value in given.items()
        if name not in FILTERS and name not in more
    ]
    found: dict[str, Any] = {}
    for name, value in given.items():
        try:
            if not value:
                continue
            if name == "state":
                found["state"] = None if value == "all" else _STATES[value]
            elif name in ("since", "until"):
                found[name] = moment(value)
            elif name in FILTERS:
                if len(value) > _LONGEST or not value.isprintable():
                    raise ValueError
                found["code" if name == "reason" else name] = value
        except (KeyError, ValueError):
            faults.append(Fault(name, printable(value), _expected(name)))
    if faults:
        raise InvalidDocument(faults)
    return Wanted(**found)


def letter_of(services: Services, access: Access, letter_id: UUID) -> Letter | None:
    """One letter of the tenant."""
    with services.database.tenant(access.tenant_id) as tenant:
        found = letters.by_ids(tenant, [letter_id])
    return found[0] if found else None


def handle(
    services: Services, replayer: Replayer, access: Access, action: str, ids: Sequence[UUID]
) -> list[Result]:
    """Replay or discard these letters at once; of those that are not there nothing is told."""
    with services.database.tenant(access.tenant_id) as tenant:
        chosen = letters.by_ids(tenant, ids)
        if action == "discard":
            still = letters.lock(tenant, [each.letter_id for each in chosen])
            letters.discard(tenant, sorted(still), access.user_id)
    audit_note.told(what=action, letters=len(chosen))
    if action == "discard":
        return [Result(each.letter_id, "discarded" if each.letter_id in still else "gone") for each in chosen]
    return replayer.some(access.tenant_id, chosen, access.user_id)


def begin(services: Services, access: Access, action: Literal["replay", "discard"], wanted: Wanted) -> Job:
    """A job for all open letters that are wanted. Raises TooManyJobs."""
    with services.database.tenant(access.tenant_id) as tenant:
        job = letter_jobs.create(tenant, action, wanted, access.user_id, datetime.now(UTC))
    audit_note.about(f"letter-job:{job.job_id}")
    audit_note.told(what=action, letters=job.total)
    return job


def shown(letter: Letter) -> dict[str, Any]:
    """A letter as JSON."""
    return {
        "id": letter.letter_id,
        "receivedAt": iso(letter.received_at),
        "door": letter.door,
        "type": letter.type,
        "reason": letter.code,
        "field": letter.field,
        "detail": letter.detail,
        "payload": letter.payload,
        "replayable": can_be_replayed(letter),
        "state": letter.state,
        "handledAt": iso(letter.replayed_at or letter.discarded_at),
        "handledBy": letter.handled_by,
        "outcome": letter.outcome,
        "edited": letter.edited,
    }


def told(result: Result) -> dict[str, Any]:
    """What became of a letter, as JSON."""
    refusal = result.refusal
    said = (
        {} if refusal is None else {"reason": refusal.code, "field": refusal.field, "detail": refusal.detail}
    )
    return {"id": result.letter_id, "outcome": result.outcome} | said


def shown_job(job: Job) -> dict[str, Any]:
    """A job as JSON."""
    return {
        "id": job.job_id,
        "action": job.action,
        "status": job.status,
        "total": job.total,
        "done": job.done,
        "accepted": job.accepted,
        "duplicates": job.duplicates,
        "refused": job.refused,
        "discarded": job.discarded,
        "createdAt": iso(job.created_at),
        "finishedAt": iso(job.finished_at),
    }


def too_many() -> Response:
    """409: the jobs that there are have to be done first."""
    detail = f"{letter_jobs.MOST_OPEN} jobs wait or run already: wait until one is done."
    return problem(409, "too-many-jobs", detail)


def _not_there() -> Response:
    return problem(404, "letter-not-found", "There is no such refused message for you.")


def _expected(name: str) -> str:
    if name == "state":
        return f"One of {', '.join((*letters.STATES, 'all'))}."
    if name in ("since", "until"):
        return "A moment with its zone, like 2026-11-26T20:00:00Z."
    return f"At most {_LONGEST} printable characters."
