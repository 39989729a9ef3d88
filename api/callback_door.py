"""Dash's own callback route, closed to bodies that are not a callback: Dash answers those with a crash; and
to people whose role a callback is not for (`api/rules.py`)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, g, request

from api.problems import problem
from api.rules import CALLBACKS
from data.permissions import access_of, require

log = logging.getLogger(__name__)

PATH = "/_dash-update-component"
LOCATION = "_pages_location"
"""Where the browser is, which Dash's way from page to page takes for text without a look."""


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
        if not all(isinstance(each, list) for each in (body.get("inputs"), body.get("state", []))):
            return problem(400, "not-a-callback", "inputs and state must be lists.", field="inputs")
        callback = callbacks[body["output"]]
        return _for_somebody_else(callback) or _misshapen(callback, body)

    server.before_request(refuse)


def first_input(callback: Mapping[str, Any]) -> str:
    """How `CALLBACKS` names a callback, of Dash's own record of it."""
    first = callback["inputs"][0]
    return f"{first['id']}.{first['property']}"


def _misshapen(callback: Mapping[str, Any], body: Mapping[str, Any]) -> Response | None:
    """Refuse what Dash would fail over: it takes a callback's parts as they come."""
    if "callback" not in callback:
        return problem(404, "unknown-callback", "The browser answers this callback itself.", field="output")
    wrong = next((name for name, fits in _PARTS.items() if not fits(callback, body)), None)
    if wrong is None:
        return None
    return problem(400, "not-a-callback", f"{wrong} are not those of this callback.", field=wrong)


def _inputs_fit(callback: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    def text(declared: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
        return declared["id"] != LOCATION or isinstance(given.get("value"), str)

    own, given = callback["inputs"], body["inputs"]
    return _named(own, given) and all(text(*pair) for pair in zip(own, given, strict=True))


def _outputs_fit(callback: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    if callback["no_output"]:
        return True
    own, given = callback["output"], body.get("outputs")
    if not isinstance(own, list | tuple):
        own, given = [own], [given]
    if not isinstance(given, list) or not _named(own, given):
        return False
    return [(each["id"], each["property"]) for each in given] == [
        (each.component_id, each.component_property) for each in own
    ]


def _changed_fit(_: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    changed = body.get("changedPropIds", [])
    return isinstance(changed, list) and all(isinstance(each, str) for each in changed)


def _named(own: Sequence[Any], given: Sequence[Any]) -> bool:
    """Whether there are as many as the callback has, each with an id and a property. Dash goes by the place,
    whatever the names are."""
    return len(own) == len(given) and all(
        isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("property"), str)
        for each in given
    )


_PARTS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    "inputs": _inputs_fit,
    "state": lambda callback, body: _named(callback["state"], body.get("state", [])),
    "outputs": _outputs_fit,
    "changedPropIds": _changed_fit,
}


def _for_somebody_else(callback: Mapping[str, Any]) -> Response | None:
    name = first_input(callback)
    if name not in CALLBACKS:
        log.error("the callback of %s has no rule and stays closed", name)
        return problem(403, "closed", "Nobody may ask for this.")
    permission = g.callback_action = CALLBACKS[name]
    g.callback = name
    if permission is not None:
        require(access_of(g.person), permission)
    return None
