"""Dash's own callback route, closed to bodies that are not a callback: Dash answers those with a crash; and
to people whose role a callback is not for (`api/rules.py`)."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request

from api.problems import problem
from api.rules import CALLBACKS
from data.access import Access
from data.permissions import require

log = logging.getLogger(__name__)

PATH = "/_dash-update-component"


def register(server: Flask, callbacks: Mapping[str, Any]) -> None:
    """Refuse what names none of `callbacks`, which Dash fills at its first request, or one that the person
    may not ask for. Before that none is answered."""

    def refuse() -> Response | None:
        if request.path != PATH or request.method != "POST":
            return None
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("output"), str):
            return problem(400, "not-a-callback", "The body is not a callback of this page.")
        if body["output"] not in callbacks:
            return problem(404, "unknown-callback", "This page has no such callback.", field="output")
        if not all(isinstance(body.get(name, []), list) for name in ("inputs", "state")):
            return problem(400, "not-a-callback", "inputs and state must be lists.", field="inputs")
        return _for_somebody_else(callbacks[body["output"]])

    server.before_request(refuse)


def first_input(callback: Mapping[str, Any]) -> str:
    """How `CALLBACKS` names a callback, of Dash's own record of it."""
    first = callback["inputs"][0]
    return f"{first['id']}.{first['property']}"


def _for_somebody_else(callback: Mapping[str, Any]) -> Response | None:
    name = first_input(callback)
    if name not in CALLBACKS:
        log.error("the callback of %s has no rule and stays closed", name)
        return problem(403, "closed", "Nobody may ask for this.")
    permission = CALLBACKS[name]
    if permission is not None:
        require(Access(g.person.tenant_id, g.person.role, g.person.user_id), permission)
    return None
