"""The rule of every address: what it takes to ask there. An address without one is closed.

Looked up by endpoint, else by blueprint. Where a rule names permissions (`data/permissions.py`), the gate
(`api/gate.py`) asks for them before the view runs, of a session or an API token alike; the others
authenticate by what they say here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from data.permissions import Permission

Way = Literal["anyone", "session", "permitted", "own"]


class Rule(NamedTuple):
    """How an address is protected.

    `way`: open to anyone; to whoever is signed in; to those with the permission (`changing` for what is no
    plain reading); or by means of its own, which `why` names.
    """

    way: Way
    why: str = ""
    reading: Permission | None = None
    changing: Permission | None = None

    def permission(self, method: str) -> Permission | None:
        """What a request of this method takes."""
        return self.reading if method in ("GET", "HEAD", "OPTIONS") else self.changing


def _permitted(reading: Permission, changing: Permission | None = None) -> Rule:
    return Rule("permitted", "", reading, changing or reading)


_BOARDS = _permitted("see-boards", "change-boards")
_DASH = Rule("session", "Dash's own files and layout; each page and callback has a rule of its own")

RULES: Mapping[str, Rule] = {
    "asset": Rule("anyone", "our style sheets, scripts, fonts and icons: the same for everybody"),
    "no-asset": Rule("anyone", "says that there is no such file"),
    "favicon": Rule("anyone", "the icon"),
    "unknown": Rule("anyone", "says that there is no such address"),
    "login.show": Rule("anyone", "the form to sign in"),
    "login.sign_in": Rule("anyone", "signing in; guarded by the token of its form and data/sign_in_rate.py"),
    "login.sign_out": Rule("session", "ends it; guarded by the token of its form"),
    "account": Rule("session", "one's own sign-in; its forms have tokens"),
    "health/health": Rule("anyone", "whether the parts work, for balancers; no figures"),
    "health/live": Rule("anyone", "whether the process lives"),
    "health/livez": Rule("anyone", "whether the process lives"),
    "health/ready": Rule("anyone", "whether PostgreSQL answers"),
    "health/readyz": Rule("anyone", "whether PostgreSQL answers"),
    "health/ws-health": Rule("anyone", "whether sockets work"),
    "health/metrics": _permitted("read-metrics"),
    "/": Rule("session", "the pages; each has a rule of its own"),
    "/<path:path>": Rule("session", "the pages; each has a rule of its own"),
    "/_dash-update-component": Rule("session", "the callbacks; each has a rule of its own"),
    "/_dash-layout": _DASH,
    "/_dash-dependencies": _DASH,
    "/_reload-hash": _DASH,
    "/_favicon.ico": _DASH,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": _DASH,
    "_dash_assets.static": _DASH,
    "tv": Rule("session", "a page: it says itself what is not part of a role"),
    "shared-link": Rule("own", "the token in the address of a promoter's link (data/dashboard_links.py)"),
    "shared-file": Rule("own", "the token in the address of a promoter's link (data/dashboard_links.py)"),
    "pretix_webhook": Rule("own", "the secret in the address of a source (data/pretix/sources.py)"),
    "/api/v1/analytics/real-time/stream": Rule("own", "a handshake asks for see-night (api/viewers.py)"),
    "/api/analytics/real-time/stream": Rule("own", "a handshake asks for see-night (api/viewers.py)"),
    "realtime": _permitted("see-night"),
    "queries": _permitted("see-figures"),
    "widgets": _permitted("see-figures"),
    "rows": _permitted("see-rows"),
    "notes": _permitted("see-notes", "write-notes"),
    "dashboards": _BOARDS,
    "dashboard_versions": _BOARDS,
    "dashboard_sharing": _BOARDS,
    "dashboard_sharing.give_link": _permitted("give-links"),
    "exports": _permitted("export"),
}

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
