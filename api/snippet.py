"""The snippet that the pages of a venue's websites load: a file that stays what it is under its version."""

from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

SNIPPET = Path(__file__).with_name("snippets") / "v1.js"
PATH = "/snippet/v1.js"
LARGEST = 2_048
"""Bytes, before any compression."""


def register(server: Flask) -> None:
    """Serve it to every website; it is the same for all."""
    content = SNIPPET.read_bytes()
    mark = sha256(content).hexdigest()[:16]

    def snippet() -> AnyResponse:
        answer = Response(content, content_type="text/javascript; charset=utf-8")
        answer.headers["Cache-Control"] = "public, max-age=3600, stale-while-revalidate=86400"
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer.set_etag(mark)
        return answer.make_conditional(request)

    server.add_url_rule(PATH, "snippet", snippet)
