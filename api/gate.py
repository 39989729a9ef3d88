"""The gate before every address: a request reaches a view when its rule (`api/rules.py`) lets it through.

Strangers are sent to the sign-in; scripts and programs are told 401 or 403.
"""

import logging
from urllib.parse import urlencode

from flask import Flask, g, redirect, request
from structlog.contextvars import bind_contextvars
from werkzeug.wrappers import Response as AnyResponse

from api.admission import local
from api.browser_session import csrf_token, signed_in
from api.forms import page
from api.limits import Limits
from api.origins import Origins
from api.problems import for_programs, problem
from api.rules import PAGES, Rule, rule_of
from api.second_factor import PATH as SECOND_FACTOR
from api.viewers import SECOND_FACTOR_NEEDED, Viewers, viewers_of
from data.permissions import NotPermitted, access_of, may, require, sees_everything
from data.services import Services

log = logging.getLogger(__name__)
_NOWHERE = Rule("anyone", "no such address; the answer says so")
_OUTSIDE = Rule("session", "no such page")
_OURS = Origins()
_FIRST = frozenset({"login", "account", "second_factor"})
"""Blueprints that are there for who still has to set up a second factor."""


def register(server: Flask, services: Services) -> None:
    """Ask the rule of its address of every request."""
    viewers = viewers_of(services)
    limits = Limits(services.settings, services.counters)

    @server.before_request
    def gate() -> AnyResponse | None:
        limits.of_address()
        rule = rule_of(request.endpoint)
        if request.endpoint is None:
            rule = _NOWHERE if for_programs(request.path) else _OUTSIDE
        if rule is None:
            log.error("%s has no rule and stays closed", request.endpoint)
            return problem(403, "closed", "Nobody may ask for this.")
        if rule.way == "session":
            return _session(limits) or _held()
        if rule.way == "page":
            return _page(rule, viewers, limits)
        if rule.way == "known":
            browses = "Authorization" not in request.headers and "text/html" in request.headers.get(
                "Accept", ""
            )
            if browses and signed_in() is None:
                return _session(limits)
            limits.of_caller(viewers.access())
        if rule.way == "permitted":
            permission = rule.permission(request.method)
            assert permission is not None
            access = viewers.access()
            bind_contextvars(tenant=str(access.tenant_id))
            limits.of_caller(access)
            require(access, permission)
        return None


def _page(rule: Rule, viewers: Viewers, limits: Limits) -> AnyResponse | None:
    """Let those through who are signed in and have the permission; programs never have it."""
    permission = rule.permission(request.method)
    assert permission is not None
    if "Authorization" in request.headers:
        require(viewers.access(), permission)
    answer = _session(limits) or _held()
    if answer is not None:
        return answer
    try:
        require(access_of(g.person), permission)
    except NotPermitted as refusal:
        if "text/html" not in request.headers.get("Accept", ""):
            raise
        return page("not_permitted.html", 403, why=str(refusal))
    return None


def _held() -> AnyResponse | None:
    """Send who has to set up a second factor there first, whatever else they ask for."""
    if not g.person.held or (request.endpoint or "").partition(".")[0] in _FIRST:
        return None
    if request.path.startswith("/_") or request.method != "GET":
        return problem(403, "second-factor-needed", SECOND_FACTOR_NEEDED)
    return redirect(SECOND_FACTOR)


def _session(limits: Limits) -> AnyResponse | None:
    """Let signed-in people through; send pages to the sign-in, and scripts a 401."""
    g.person = signed_in()
    if g.person is not None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and not _OURS.ask():
            return problem(403, "cross-site", "Only pages of this server may ask for this.")
        g.csrf = csrf_token()
        access = access_of(g.person)
        bind_contextvars(tenant=str(access.tenant_id))
        limits.of_caller(access)
        g.pages = frozenset(name for name, needed in PAGES.items() if needed is None or may(access, needed))
        g.exports, g.audit = may(access, "export"), may(access, "see-audit")
        g.imports = may(access, "import-files")
        g.webhooks = may(access, "manage-webhooks")
        g.sources = may(access, "see-sources") and sees_everything(access)
        return None
    if request.path.startswith("/_") or request.method != "GET":
        return problem(401, "not-signed-in", "Sign in first: there is no session, or it has ended.")
    wanted = local(request.full_path.removesuffix("?"))
    return redirect("/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}")
