"""/sources/dead-letters: refused messages are found, read, edited, replayed and discarded, one or many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.answers import cursor, cursor_of
from api.dead_letters import FILTERS, MOST_CHOSEN, begin, handle, letter_of, wanted_of
from api.forms import Wrong, page, require_our_form
from api.letter_words import OUTCOMES, REASONS, STATES, advice, door_words, pretty, reason
from api.sources_page import refused, zone_of
from data import audit_note, letter_jobs, letters
from data.audit_search import names
from data.board_check import InvalidDocument
from data.letter_jobs import TooManyJobs
from data.letters import MOST_COUNTED, Letter, Wanted
from data.permissions import NotPermitted, access_of, require_everything
from data.services import Services
from ingest.message import KINDS, LARGEST_MESSAGE
from ingest.refusal import Refused
from ingest.replaying import Replayer, can_be_replayed

PATH = "/sources/dead-letters"
ON_A_PAGE = 50
_DONE = {
    "discarded": "Discarded. It stays to be looked at.",
    **OUTCOMES,
}
_PLURAL = {
    "accepted": "counted",
    "duplicate": "known already",
    "asked": "asked for again",
    "gone": "handled before",
}


def register(server: Flask, services: Services) -> None:
    """Add /sources/dead-letters, a page for each letter and job, and what their forms do."""
    views = _Routes(services)
    routes = Blueprint("letters-page", __name__, template_folder="templates")
    routes.register_error_handler(NotPermitted, refused)
    one = f"{PATH}/<uuid:letter_id>"
    for name, method, path, view in (
        ("show", "GET", PATH, views.show),
        ("letter", "GET", one, views.letter),
        ("check", "POST", f"{one}/check", views.check),
        ("replay", "POST", f"{one}/replay", views.replay),
        ("discard", "POST", f"{one}/discard", views.discard),
        ("bulk", "POST", f"{PATH}/bulk", views.bulk),
        ("job", "GET", f"{PATH}/jobs/<uuid:job_id>", views.job),
    ):
        routes.add_url_rule(path, name, view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services, self._database = services, services.database
        self._replayer = Replayer(services.database, services.directory, services.live)

    def show(self) -> Response:
        """The list, by the filters of the address."""
        return self._list()

    def letter(self, letter_id: UUID) -> Response:
        """One letter."""
        letter = self._found(letter_id, "see-sources")
        told = _DONE.get(request.args.get("done", ""))
        return _nothing() if letter is None else self._one(letter, told=told)

    def check(self, letter_id: UUID) -> AnyResponse:
        """Whether an edited letter would be taken; nothing is done."""
        return self._with_form(letter_id, replays=False)

    def replay(self, letter_id: UUID) -> AnyResponse:
        """Replay a letter, as it is or as it was edited."""
        return self._with_form(letter_id, replays=True)

    def _with_form(self, letter_id: UUID, *, replays: bool) -> AnyResponse:
        letter = self._found(letter_id, "handle-letters")
        if letter is None:
            return _nothing()
        payload = request.form.get("payload")
        try:
            require_our_form()
            if letter.state != "open":
                raise Wrong(OUTCOMES["gone"], 409)
            if not replays:
                self._replayer.check(g.person.tenant_id, letter, payload or "")
                return self._one(letter, payload=payload, told="It would be taken. Nothing was changed yet.")
            result = self._replayer.one(g.person.tenant_id, letter, g.person.user_id, payload)
        except Refused as refusal:
            where = f" ({refusal.field})" if refusal.field else ""
            wrong = f"{reason(refusal.code)}{where}: {refusal.detail}"
            return self._one(letter, payload=payload, wrong=wrong, status=422)
        except Wrong as wrong:
            return self._one(letter, payload=payload, wrong=str(wrong), status=wrong.status)
        audit_note.told(outcome=result.outcome, edited=str(payload is not None).lower())
        return redirect(f"{PATH}/{letter_id}?done={result.outcome}", 303)

    def discard(self, letter_id: UUID) -> AnyResponse:
        """Lay a letter aside."""
        letter = self._found(letter_id, "handle-letters")
        if letter is None:
            return _nothing()
        try:
            require_our_form()
        except Wrong as wrong:
            return self._one(letter, wrong=str(wrong), status=wrong.status)
        with self._database.tenant(g.person.tenant_id) as tenant:
            done = letters.discard(tenant, [letter_id], g.person.user_id)
        return redirect(f"{PATH}/{letter_id}?done={'discarded' if done else 'gone'}", 303)

    def bulk(self) -> AnyResponse:
        """Replay or discard what was chosen, or begin a job for all that match."""
        access = access_of(g.person)
        require_everything(access, "handle-letters")
        action: Literal["replay", "discard"] = (
            "discard" if request.form.get("action") == "discard" else "replay"
        )
        try:
            require_our_form()
            if request.form.get("all"):
                job = begin(
                    self._services,
                    access,
                    action,
                    wanted_of(_with_zone(_given(request.form), zone_of(self._services))),
                )
                return redirect(f"{PATH}/jobs/{job.job_id}", 303)
            ids = [UUID(each) for each in request.form.getlist("letter")[:MOST_CHOSEN]]
        except TooManyJobs:
            return self._list(wrong=f"{letter_jobs.MOST_OPEN} jobs wait or run already.", status=409)
        except (ValueError, InvalidDocument):
            return self._list(wrong="What was chosen is not understood.", status=422)
        except Wrong as wrong:
            return self._list(wrong=str(wrong), status=wrong.status)
        if not ids:
            return self._list(wrong="Choose messages first.", status=422)
        results = handle(self._services, self._replayer, access, action, ids)
        many = [each.outcome for each in results]
        words = [f"{many.count(each)} {_PLURAL.get(each, each)}" for each in dict.fromkeys(many)]
        return self._list(
            told=f"{', '.join(words).capitalize()}." if words else "Nothing was there any more."
        )

    def job(self, job_id: UUID) -> Response:
        """How far a job is."""
        access = access_of(g.person)
        require_everything(access, "see-sources")
        with self._database.tenant(access.tenant_id) as tenant:
            job = letter_jobs.by_id(tenant, job_id)
            called = names(tenant, [job.created_by]) if job else {}
        if job is None:
            return _nothing()
        who = called.get(job.created_by, "") if job.created_by else ""
        answer = page("letters_job.html", job=job, who=who, zone=zone_of(self._services))
        if job.status != "done":
            answer.headers["Refresh"] = "2"
        return answer

    def _list(self, *, told: str | None = None, wrong: str | None = None, status: int = 200) -> Response:
        access, zone = access_of(g.person), zone_of(self._services)
        require_everything(access, "see-sources")
        given = _given(request.values)
        try:
            wanted, after = wanted_of(_with_zone(given, zone)), cursor()
        except InvalidDocument as error:
            wanted, after, status = Wanted(), None, 422
            wrong = wrong or " ".join(f"{each.path}: {each.detail}" for each in error.faults)
        with self._database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = letters.search(tenant, wanted, after=after, limit=ON_A_PAGE + 1)
            many = letters.count(tenant, wanted)
            known, jobs = letters.doors(tenant), letter_jobs.open_jobs(tenant)
            called = names(tenant, [each.handled_by for each in found])
        here = found[:ON_A_PAGE]
        older = cursor_of(here[-1].received_at, here[-1].letter_id) if len(found) > ON_A_PAGE else ""
        return page(
            "letters.html",
            status,
            person=g.person,
            letters=[_row(each, zone, called) for each in here],
            count=f"more than {MOST_COUNTED:,}" if many > MOST_COUNTED else f"{many:,}",
            many=many,
            given=given,
            opened=wanted.state == "open",
            filtered=bool(given),
            older=f"{PATH}?{urlencode(given | {'cursor': older})}" if older else "",
            newest=f"{PATH}?{urlencode(given)}" if after else "",
            jobs=jobs,
            zone=zone.key,
            choices={
                "state": [(state, words) for state, (words, _) in STATES.items()] + [("all", "All")],
                "door": [(each, door_words(each)) for each in dict.fromkeys((*known, *_some(wanted.door)))],
                "reason": [(code, f"{words} ({code})") for code, (words, _) in sorted(REASONS.items())],
                "type": [(each, each) for each in KINDS],
            },
            told=told,
            wrong=wrong,
        )

    def _one(
        self,
        letter: Letter,
        *,
        payload: str | None = None,
        told: str | None = None,
        wrong: str | None = None,
        status: int = 200,
    ) -> Response:
        zone = zone_of(self._services)
        with self._database.tenant(g.person.tenant_id) as tenant:
            called = names(tenant, [letter.handled_by])
        return page(
            "letter.html",
            status,
            one=_row(letter, zone, called),
            letter=letter,
            advice=advice(letter),
            payload=pretty(letter.payload),
            edited=payload if payload is not None else pretty(letter.payload),
            editing=payload is not None,
            replayable=can_be_replayed(letter),
            longest=LARGEST_MESSAGE,
            zone=zone.key,
            told=told,
            wrong=wrong,
        )

    def _found(self, letter_id: UUID, permission: Literal["see-sources", "handle-letters"]) -> Letter | None:
        access = access_of(g.person)
        require_everything(access, permission)
        return letter_of(self._services, access, letter_id)


def _row(letter: Letter, zone: ZoneInfo, called: dict[UUID, str]) -> dict[str, Any]:
    words, mark = STATES[letter.state]
    at = letter.replayed_at or letter.discarded_at
    by = called.get(letter.handled_by, "Somebody who is gone") if letter.handled_by else ""
    return {
        "id": letter.letter_id,
        "at": letter.received_at.astimezone(zone),
        "door": door_words(letter.door),
        "type": letter.type or "",
        "reason": reason(letter.code),
        "field": letter.field or "",
        "detail": letter.detail,
        "state": words,
        "mark": mark,
        "open": letter.state == "open",
        "handled_at": at.astimezone(zone) if at else None,
        "by": by,
        "outcome": OUTCOMES.get(letter.outcome or "", ""),
        "edited": letter.edited,
    }


def _given(parameters: Any) -> dict[str, str]:
    """The filters as they were sent; that of open letters is no other than none."""
    sent = {name: parameters.get(name, "").strip() for name in FILTERS}
    return {name: text for name, text in sent.items() if text and (name, text) != ("state", "open")}


def _some(text: str) -> Sequence[str]:
    return (text,) if text else ()


def _with_zone(given: dict[str, str], zone: ZoneInfo) -> dict[str, str]:
    """The filters with their local times as moments."""
    found = dict(given)
    for name in {"since", "until"} & given.keys():
        try:
            at = datetime.fromisoformat(given[name])
        except ValueError:
            continue
        found[name] = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).isoformat()
    return found


def _nothing() -> Response:
    return page("letter_nothing.html", 404)
