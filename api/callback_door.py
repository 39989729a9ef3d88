"""Dash's own callback route, closed to bodies that are not a callback: Dash answers those with a crash."""

from collections.abc import Collection

from flask import Flask, Response, request

from api.problems import problem

PATH = "/_dash-update-component"


def register(server: Flask, callbacks: Collection[str]) -> None:
    """Refuse what names none of `callbacks`, which Dash fills at its first request."""

    def refuse() -> Response | None:
        if request.path != PATH or request.method != "POST":
            return None
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("output"), str):
            return problem(400, "not-a-callback", "The body is not a callback of this page.")
        if callbacks and body["output"] not in callbacks:
            return problem(404, "unknown-callback", "This page has no such callback.", field="output")
        if not all(isinstance(body.get(name, []), list) for name in ("inputs", "state")):
            return problem(400, "not-a-callback", "inputs and state must be lists.", field="inputs")
        return None

    server.before_request(refuse)
