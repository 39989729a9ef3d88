"""What is not there under /api: a problem in JSON, where any other path shows the page."""

from typing import NoReturn

from flask import Flask, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def register(server: Flask) -> None:
    """Answer 404 for unknown paths under /api, and 405 where another method would have been right."""

    def unknown(path: str) -> NoReturn:
        routes = server.url_map.bind("")
        allowed = []
        for method in METHODS:
            try:
                endpoint, _ = routes.match(request.path, method)
            except HTTPException:
                continue
            if endpoint != "unknown":
                allowed.append(method)
        raise MethodNotAllowed(allowed) if allowed else NotFound()

    server.add_url_rule("/api/", "unknown", unknown, methods=METHODS, defaults={"path": ""})
    server.add_url_rule("/api/<path:path>", "unknown", unknown, methods=METHODS)
