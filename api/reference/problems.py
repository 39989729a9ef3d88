"""What can go wrong at any operation of a kind, by status: who asks, the body, the key, the version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from api.problems import STATUS_OF_REFUSAL, status_of_refusal
from api.reference.operation import Codes, Content, Operation
from api.rules import Rule
from data.permissions import PERMISSIONS
from ingest.refusal import CODES

NOBODY: Codes = {401: ("missing-token", "invalid-token", "invalid-signature")}
_NOT_SIGNED_IN: Codes = {401: ("not-signed-in",)}
_FORBIDDEN: Codes = {403: ("not-permitted",)}
_FOREIGN: Codes = {403: ("foreign-origin",)}
AWAY: Codes = {503: ("database-unavailable",)}
KEY: Codes = {
    400: ("bad-idempotency-key", "incomplete-body"),
    409: ("request-in-flight",),
    413: ("body-too-large",),
    422: ("idempotency-key-reused",),
}
_BODY: Codes = {
    400: ("not-json", "not-unicode", "incomplete-body", "bad-encoding", "duplicate-field", "too-deep"),
    413: ("body-too-large",),
    415: ("unsupported-media-type", "unsupported-encoding"),
    422: ("wrong-type",),
}
_VERSION: Codes = {400: ("bad-version",), 412: ("changed-meanwhile",), 428: ("version-required",)}
_NO_SUCH_ADDRESS: Codes = {404: ("not-found",)}
NOT_VALID: Codes = {422: ("not-valid",)}

QUESTION: Codes = {
    422: (
        "bad-cursor",
        "bad-date",
        "bad-filter",
        "archived",
        "bad-range",
        "bad-value",
        "empty-range",
        "event-not-found",
        "missing-field",
        "naive-time",
        "named-twice",
        "no-dimension",
        "no-doors",
        "no-limits",
        "not-additive",
        "not-a-number",
        "not-for-you",
        "not-in-question",
        "not-splittable",
        "nothing-to-compare",
        "range-too-long",
        "too-deep",
        "too-few-people",
        "too-many-rows",
        "unknown-column",
        "unknown-dimension",
        "unknown-field",
        "unknown-metric",
        "venue-not-found",
    ),
    503: ("too-slow",),
}
"""Why a question has no answer (data/query_error.py)."""

REFUSALS: Codes = {
    status: tuple(code for code in CODES if status_of_refusal(code) == status)
    for status in sorted({*STATUS_OF_REFUSAL.values(), status_of_refusal("wrong-type")})
}
"""Why a message is not taken."""


TOO_MANY: Codes = {429: ("too-many-requests",)}
"""Whoever asks more often than they may (data/rates.py)."""


def joined(*groups: Codes) -> Codes:
    """The codes of all these groups."""
    found: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for group in groups:
        for status, codes in group.items():
            found[status] |= dict.fromkeys(codes)
    return {status: tuple(codes) for status, codes in sorted(found.items())}


def codes_of(operation: Operation, rule: Rule) -> Mapping[int, tuple[str, ...]]:
    """Everything that can go wrong: status → codes, in order of the status."""
    return joined(*_groups(operation, rule))


def takes_session(operation: Operation, rule: Rule) -> bool:
    """Whether people ask here as well as programs."""
    permission = rule.permission(operation.method)
    return rule.way == "known" or (permission is not None and bool(PERMISSIONS[permission].roles))


def _groups(operation: Operation, rule: Rule) -> Iterator[Codes]:
    if rule.way in ("permitted", "known"):
        yield from (NOBODY, AWAY)
        if rule.way == "permitted":
            yield _FORBIDDEN
        yield from (_NOT_SIGNED_IN, TOO_MANY)
        if operation.method != "GET":
            yield _FOREIGN
        if operation.method == "POST":
            yield KEY
    if operation.body is not None and not isinstance(operation.body, Content):
        yield from (_BODY, NOT_VALID)
    if operation.versioned:
        yield _VERSION
    if "<uuid:" in operation.path or "<int:" in operation.path:
        yield _NO_SUCH_ADDRESS
    yield operation.problems
