"""Which version of a board a request is about: ETag and If-Match (RFC 9110)."""

from __future__ import annotations

import re

from flask import request

from ingest.refusal import printable

_TAG = re.compile(r'"(\d{1,9})"')


class VersionMissing(Exception):
    """The request changes a board without saying which version it saw."""


class VersionUnreadable(Exception):
    """If-Match is none of our tags; the text is what was sent."""


def etag(version: int) -> dict[str, str]:
    """The header that names the version which an answer shows."""
    return {"ETag": f'"{version}"'}


def expected_version() -> int:
    """The version in If-Match. Raises VersionMissing, VersionUnreadable.

    `*` is refused: it would overwrite what its sender never saw.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise VersionMissing
    found = _TAG.fullmatch(given)
    if found is None:
        raise VersionUnreadable(printable(given))
    return int(found[1])


def seen_already(version: int) -> bool:
    """Whether If-None-Match says that the sender has this version."""
    tags = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
    return f'"{version}"' in tags
