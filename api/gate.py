"""The gate before every address: a request reaches a view when its rule (`api/rules.py`) lets it through.

Strangers are sent to the sign-in; scripts and programs are told 401 or 403.
"""

import logging
from urllib.parse import urlencode

from flask import Flask, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.login import csrf_token, local, signed_in
from api.origins import Origins
from api.problems import problem
from api.rules import PAGES, Rule, rule_of
from api.viewers import Viewers
from data.access import Access
from data.permissions import may, require
from data.services import Services

log = logging.getLogger(__name__)
_NOWHERE = Rule("anyone", "no such address; the answer says so")
_OUTSIDE = Rule("session", "no such page")
_OURS = Origins()


def register(server: Flask, services: Services) -> None:
    """Ask the rule of its address of every request."""
    viewers = Viewers(services.database, services.settings)

    @server.before_request
    def gate() -> AnyResponse | None:
        rule = rule_of(request.endpoint)
        if request.endpoint is None:
            rule = _NOWHERE if request.path.startswith("/api/") else _OUTSIDE
        if rule is None:
            log.error("%s has no rule and stays closed", request.endpoint)
            return problem(403, "closed", "Nobody may ask for this.")
        if rule.way == "session":
            return _session()
        if rule.way == "permitted":
            permission = rule.permission(request.method)
            assert permission is not None
            require(viewers.access(), permission)
        return None


def _session() -> AnyResponse | None:
    """Let signed-in people through; send pages to the sign-in, and scripts a 401."""
    g.person = signed_in()
    if g.person is not None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and not _OURS.ask():
            return problem(403, "cross-site", "Only pages of this server may ask for this.")
        g.csrf = csrf_token()
        access = Access(g.person.tenant_id, g.person.role, g.person.user_id)
        g.pages = frozenset(name for name, needed in PAGES.items() if needed is None or may(access, needed))
        g.exports = may(access, "export")
        return None
    if request.path.startswith("/_") or request.method != "GET":
        return problem(401, "not-signed-in", "Sign in first: there is no session, or it has ended.")
    wanted = local(request.full_path.removesuffix("?"))
    return redirect("/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}")
