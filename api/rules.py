"""The rule of every address: what it takes to ask there. An address without one is closed.

Looked up by endpoint, else by blueprint. Where a rule names permissions (`data/permissions.py`), the gate
(`api/gate.py`) asks for them before the view runs, of a session or an API token alike; the others
authenticate by what they say here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from data.permissions import Permission

Way = Literal["anyone", "session", "page", "known", "permitted", "own"]


class Rule(NamedTuple):
    """How an address is protected.

    `way`: open to anyone; to whoever is signed in; as a page to those who are and have the permission; to
    whoever is signed in and any token; to those with the permission (`changing` for what is no plain
    reading), programs too; or by means of its own, which `why` names. In the audit log a request is its
    permission, else its `action`; where there is none, `unrecorded` says why there is no entry.
    """

    way: Way
    why: str = ""
    reading: Permission | None = None
    changing: Permission | None = None
    action: str = ""
    unrecorded: str = ""

    def permission(self, method: str) -> Permission | None:
        """What a request of this method takes."""
        return self.reading if method in ("GET", "HEAD", "OPTIONS") else self.changing


def _permitted(reading: Permission, changing: Permission | None = None) -> Rule:
    return Rule("permitted", "", reading, changing or reading)


def _page(permission: Permission) -> Rule:
    return Rule("page", "", permission, permission)


_BOARDS = _permitted("see-boards", "change-boards")
_NOTHING = "nothing of a tenant"
_MAILED = "the signed token in the address of a link from a mail (data/mail_links.py)"
_LOOKED = "looking changes nothing; what the link does is recorded"
_EACH = "each page and callback is recorded by its own rule"
_SOCKET = "recorded by the handshake itself, and once for each subscription (api/stream.py)"
_DASH = Rule(
    "session",
    "Dash's own files and layout; each page and callback has a rule of its own",
    unrecorded="the same for everybody",
)

RULES: Mapping[str, Rule] = {
    "asset": Rule(
        "anyone", "our style sheets, scripts, fonts and icons: the same for everybody", unrecorded=_NOTHING
    ),
    "no-asset": Rule("anyone", "says that there is no such file", unrecorded=_NOTHING),
    "favicon": Rule("anyone", "the icon", unrecorded=_NOTHING),
    "snippet": Rule("anyone", "the script for websites: the same for everybody", unrecorded=_NOTHING),
    "unknown": Rule("anyone", "says that there is no such address", unrecorded=_NOTHING),
    "login.show": Rule("anyone", "the form to sign in", unrecorded=_NOTHING),
    "login.sign_in": Rule(
        "anyone", "signing in; guarded by the token of its form and data/sign_in_rate.py", action="sign-in"
    ),
    "login.sign_out": Rule("session", "ends it; guarded by the token of its form", action="sign-out"),
    "account": Rule("session", "one's own sign-in; its forms have tokens", action="see-account"),
    "login.code": Rule(
        "anyone",
        "the code after a link or a provider; guarded by its form, the step before and the same counts",
        action="sign-in",
    ),
    "forgotten.show": Rule("anyone", "the form to ask for another password", unrecorded=_NOTHING),
    "forgotten.ask": Rule(
        "own",
        "another password by mail; guarded by the token of its form and data/mail_rate.py, answered alike for"
        " everybody",
        action="ask-reset",
    ),
    "mailed.welcome": Rule("own", _MAILED, unrecorded=_LOOKED),
    "mailed.accept": Rule("own", f"{_MAILED}, and the token of its form", action="accept-invitation"),
    "mailed.reset": Rule("own", _MAILED, unrecorded=_LOOKED),
    "mailed.set_password": Rule("own", f"{_MAILED}, and the token of its form", action="reset-password"),
    "oidc.begin": Rule(
        "anyone", "leads to the OpenID provider; so many times a minute for an address", unrecorded=_NOTHING
    ),
    "oidc.back": Rule(
        "anyone", "what the provider answers; bound to the browser that was sent there", action="sign-in"
    ),
    "oidc.choose": Rule(
        "anyone", "into which organisation; guarded by the provider's answer and its form", action="sign-in"
    ),
    "oidc.leave": Rule("anyone", "leads to the provider's own sign-out", unrecorded=_NOTHING),
    "second_factor": Rule("session", "one's own second factor; its forms have tokens", action="see-account"),
    "admin": _page("manage-people"),
    "admin_tokens": _page("administer"),
    "invitations": _page("manage-people"),
    "health/health": Rule("anyone", "whether the parts work, for balancers; no figures", unrecorded=_NOTHING),
    "health/live": Rule("anyone", "whether the process lives", unrecorded=_NOTHING),
    "health/livez": Rule("anyone", "whether the process lives", unrecorded=_NOTHING),
    "health/ready": Rule("anyone", "whether PostgreSQL answers", unrecorded=_NOTHING),
    "health/readyz": Rule("anyone", "whether PostgreSQL answers", unrecorded=_NOTHING),
    "health/ws-health": Rule("anyone", "whether sockets work", unrecorded=_NOTHING),
    "health/metrics": _permitted("read-metrics")._replace(unrecorded="the server's own; nothing of a tenant"),
    "/": Rule("session", "the pages; each has a rule of its own", unrecorded=_EACH),
    "/<path:path>": Rule("session", "the pages; each has a rule of its own", unrecorded=_EACH),
    "/_dash-update-component": Rule("session", "the callbacks; each has a rule of its own", unrecorded=_EACH),
    "/_dash-layout": _DASH,
    "/_dash-dependencies": _DASH,
    "/_reload-hash": _DASH,
    "/_favicon.ico": _DASH,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": _DASH,
    "_dash_assets.static": _DASH,
    "tv": Rule("session", "a page: it says itself what is not part of a role", action="see-boards"),
    "shared-link": Rule(
        "own", "the token in the address of a promoter's link (data/dashboard_links.py)", action="see-link"
    ),
    "shared-file": Rule(
        "own",
        "the token in the address of a promoter's link (data/dashboard_links.py)",
        action="download-link",
    ),
    "pretix_webhook": Rule(
        "own",
        "the secret in the address of a source (data/pretix/sources.py)",
        unrecorded="messages: what is sent is its own record",
    ),
    "/api/v1/analytics/real-time/stream": Rule(
        "own", "a handshake asks for see-night (api/viewers.py)", unrecorded=_SOCKET
    ),
    "/api/analytics/real-time/stream": Rule(
        "own", "a handshake asks for see-night (api/viewers.py)", unrecorded=_SOCKET
    ),
    "realtime": _permitted("see-night"),
    "realtime./api/v1/realtime/revenue/<ref>": _permitted("see-money"),
    "realtime./api/realtime/revenue/<ref>": _permitted("see-money"),
    "realtime./api/v1/analytics/real-time/revenue": _permitted("see-money"),
    "realtime./api/analytics/real-time/revenue": _permitted("see-money"),
    "queries": _permitted("see-figures"),
    "widgets": _permitted("see-figures"),
    "rows": _permitted("see-rows"),
    "stats": _permitted("see-figures"),
    "stats-rows": _permitted("see-rows"),
    "notes": _permitted("see-notes", "write-notes"),
    "dashboards": _BOARDS,
    "dashboard_versions": _BOARDS,
    "dashboard_sharing": _BOARDS,
    "dashboard_sharing.give_link": _permitted("give-links"),
    "exports": _permitted("export"),
    "imports": _permitted("import-files"),
    "webhooks": _permitted("manage-webhooks"),
    "webhooks-page": _page("manage-webhooks"),
    "competitors": _permitted("see-rows"),
    "reference": Rule("known", "how the API is asked: the same for everybody", unrecorded=_NOTHING),
    "sources": _permitted("see-sources"),
    "sources-page": _page("see-sources"),
    "imports-page": _page("import-files"),
    "imports-page.fresh": _page("import-files")._replace(
        unrecorded="how far an import is; the page that shows it is recorded"
    ),
    "sources-page.fresh": _page("see-sources")._replace(
        unrecorded="the page keeps itself fresh; opening it is recorded"
    ),
    "dead-letters": _permitted("see-sources", "handle-letters"),
    "letters-page": Rule("page", "", "see-sources", "handle-letters"),
    "event-matches": _permitted("see-sources", "match-events"),
    "matches-page": Rule("page", "", "see-sources", "match-events"),
    "audit-log": _permitted("see-audit"),
    "audit-page": _page("see-audit"),
}

ACTIONS: Mapping[str, str] = {
    "account.end": "end-sessions",
    "audit-page.file": "download-audit",
    "dead-letters.replay": "replay-letter",
    "dead-letters.discard": "discard-letter",
    "letters-page.replay": "replay-letter",
    "letters-page.discard": "discard-letter",
    "letters-page.check": "see-sources",
    "event-matches.undo": "undo-match",
    "matches-page.undo": "undo-match",
    "invitations.invite": "invite",
    "invitations.resend": "resend-invitation",
    "invitations.withdraw": "withdraw-invitation",
    "exports.GET/api/v1/exports/<uuid:export_id>/file": "download",
    "imports-page.run": "run-import",
    "imports-page.undo": "undo-import",
    "imports.POST/api/v1/imports/<uuid:import_id>/run": "run-import",
    "imports.POST/api/v1/imports/<uuid:import_id>/undo": "undo-import",
}
"""Endpoint → what it is in the audit log, where its rule says less."""

PAGES: Mapping[str, Permission | None] = {
    "tonight": "see-night",
    "dashboards": "see-boards",
    "board": "see-boards",
    "gallery": None,
    "sales": "see-figures",
    "attendance": "see-figures",
    "not_found_404": None,
}
"""Name of a page → what it takes to see more than that it is not for this role. The gallery is samples."""

CALLBACKS: Mapping[str, Permission | None] = {
    "board-ask.data": "see-boards",
    "figures-ask.data": "see-figures",
    "_pages_location.pathname": None,
    "_pages_store.data": None,
}
"""First input of a callback → what it takes to be answered; Dash's own ones go from page to page."""


def rule_of(endpoint: str | None) -> Rule | None:
    """The rule of an endpoint, or of its blueprint; None for one that has none."""
    if endpoint is None:
        return None
    return RULES.get(endpoint) or RULES.get(endpoint.partition(".")[0])


def action_of(rule: Rule, endpoint: str, method: str) -> str:
    """As what a request is recorded; empty for one that leaves no entry."""
    if rule.unrecorded:
        return ""
    named = ACTIONS.get(endpoint) or rule.permission(method)
    if named:
        return named
    changes = method not in ("GET", "HEAD", "OPTIONS") and rule.action.startswith("see-")
    return f"change-{endpoint.rpartition('.')[2]}" if changes else rule.action
