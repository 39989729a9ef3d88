"""docs/api.md, written from the descriptions: `python -m api.reference.short` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from api.reference.document import openapi_path
from api.reference.problems import codes_of
from api.reference.subjects import SUBJECTS, rule_named
from api.reference.words import who

PATH = Path(__file__).parents[2] / "docs" / "api.md"
_INTRODUCTION = """\
# The REST API

Written from `api/reference/` by `python -m api.reference.short`; do not change it by hand. A running server
has all of it, bodies and examples included: as a page at `/api/docs`, as OpenAPI 3.1 at `/api/openapi.json`.

Addresses without the version are the same as those with it. Errors are RFC 9457 problems with a `code`
([codes of messages](ingest.md)); lists that can grow are read with `limit` and `cursor`; every POST takes an
`Idempotency-Key`; who may do what is in [permissions](permissions.md).

"""


def document() -> str:
    """The whole file."""
    return _INTRODUCTION + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for number, subject in enumerate(SUBJECTS):
        if number:
            yield ""
        yield f"## {subject.name}"
        yield ""
        yield subject.text
        yield ""
        yield "| address | what | answers | who |"
        yield "|---|---|---|---|"
        for operation in subject.operations:
            rule = rule_named(subject.rule_of(operation))
            statuses = sorted({*operation.answers, *codes_of(operation, rule)})
            yield (
                f"| {operation.method} `{openapi_path(operation.path)}` | {operation.summary}"
                f" | {' '.join(map(str, statuses))} | {who(operation, rule)} |"
            )


if __name__ == "__main__":
    PATH.write_text(document())
