"""What the sender is told when something about boards, or a question of theirs, cannot be done."""

from __future__ import annotations

from flask import Blueprint, Response

from api.etags import VersionMissing, VersionUnreadable, etag
from api.problems import problem, unavailable
from api.viewers import ForeignOrigin
from data.board_check import InvalidDocument
from data.board_rights import BoardNotFound, NotAllowed
from data.dashboards import MOST_BOARDS, Conflict, TooManyBoards
from data.engine import DatabaseUnavailable
from data.instants import iso
from data.kept_documents import VersionNotFound
from data.notes import NoteNotFound
from data.query_error import QueryError
from ingest.refusal import printable


def register(routes: Blueprint) -> None:
    """Answer the errors of boards, links, notes and questions with problems."""
    routes.register_error_handler(DatabaseUnavailable, unavailable)
    for kind, told in (
        (Conflict, _conflict),
        (InvalidDocument, _invalid),
        (NotAllowed, lambda error: problem(403, "not-permitted", str(error))),
        (BoardNotFound, lambda _: problem(404, "dashboard-not-found", "There is no such dashboard for you.")),
        (
            VersionNotFound,
            lambda error: problem(404, "version-not-found", f"This dashboard has no version {error}."),
        ),
        (
            NoteNotFound,
            lambda _: problem(404, "annotation-not-found", "There is no such annotation for you."),
        ),
        (QueryError, unanswerable),
        (TooManyBoards, _too_many),
        (ForeignOrigin, _foreign),
        (VersionMissing, _version_missing),
        (VersionUnreadable, _version_unreadable),
    ):
        routes.register_error_handler(kind, told)


def unanswerable(error: QueryError, within: str = "") -> Response:
    """422: the question that stands at `within` has no answer, 503: finding it takes too long, 500: something
    went wrong here. `nearest` is the valid name that was probably meant."""
    field = ".".join(filter(None, (within, error.field))) or None
    value = None if error.value is None else printable(error.value)
    more = {"nearest": error.nearest} if error.nearest else None
    status = {"too-slow": 503, "failed": 500}.get(error.code, 422)
    return problem(status, error.code, error.detail, field=field, value=value, more=more)


def _conflict(error: Conflict) -> Response:
    board = error.board
    return problem(
        412,
        "changed-meanwhile",
        str(error),
        field="If-Match",
        headers=etag(board.version),
        more={
            "version": board.version,
            "savedBy": board.author,
            "savedAt": iso(board.updated_at),
            "changes": error.changes,
        },
    )


def _invalid(error: InvalidDocument) -> Response:
    first = error.faults[0]
    faults = [
        {"field": fault.path, "value": printable(fault.value), "detail": fault.detail}
        for fault in error.faults
    ]
    return problem(
        422,
        "not-valid",
        first.detail,
        field=first.path,
        value=printable(first.value),
        more={"faults": faults},
    )


def _too_many(_: TooManyBoards) -> Response:
    detail = f"There are {MOST_BOARDS:,} dashboards already: remove some from the trash for good."
    return problem(409, "too-many-dashboards", detail)


def _foreign(error: ForeignOrigin) -> Response:
    detail = "With a session, changes are taken from pages of this server alone."
    return problem(403, "foreign-origin", detail, field="Origin", value=printable(str(error)))


def _version_missing(_: VersionMissing) -> Response:
    detail = 'Say which version you saw: If-Match: "<version>", as in its ETag.'
    return problem(428, "version-required", detail, field="If-Match")


def _version_unreadable(error: VersionUnreadable) -> Response:
    detail = 'If-Match takes one tag as ETag gave it, such as "7".'
    return problem(400, "bad-version", detail, field="If-Match", value=str(error))
