"""What browsers send from the pages of a venue's websites: only from their origins, and nothing is told back.

The key of a site is no secret. It opens this address alone, in which it stands, and an `Origin` that is not
one of the site's closes it; cookies and tokens mean nothing here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec

from api.addresses import as_counted
from api.bodies import JSON_TYPES, read_body
from api.limits import Limits
from api.problems import Problem, Unauthenticated
from api.tracking import Calls, summary_of_calls
from data.directory import Directory
from data.rates import TooManyRequests
from data.sites import Site, Sites
from ingest.door import Door
from ingest.segment import SiteReading, of_use, sent
from ingest.user_agents import family

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST = 64 * 1024
"""Bytes of a body: browsers send no more when a page is left."""
MOST_CALLS = 100
PREFLIGHT_SECONDS = 600
_TYPES = JSON_TYPES | {"text/plain"}
"""A beacon is text: for anything else a browser would have to ask first, and a page that is left cannot."""
_NOTHING = msgspec.json.encode({"success": True, "accepted": 0, "rejected": 0, "ignored": 0, "verdicts": []})

Headers = list[tuple[str, str]]


class OtherOrigin(Exception):
    """The page that asks is none of the site's."""

    problem = Problem(403, "other-origin", "Pages of this origin are not counted for this site.")


def site_key(environ: WSGIEnvironment) -> str | None:
    """The key in the address; None where it is not a browser's."""
    keys = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).get("site")
    return None if keys is None else keys[0]


class SiteDoor:
    """Takes calls of pages; all that it raises besides is what `api.problems.problem_of` knows."""

    def __init__(self, sites: Sites, directory: Directory, door: Door, limits: Limits) -> None:
        self._sites, self._directory, self._door, self._limits = sites, directory, door, limits

    def take(self, key: str, environ: WSGIEnvironment, headers: Headers) -> tuple[str, bytes]:
        """Status and body of the answer; what the browser has to be told is added to `headers`, also when
        something is raised after it is known that the page may ask. Raises OtherOrigin."""
        address = as_counted(environ.get("REMOTE_ADDR", ""))
        site = self._site(key, address)
        origin = environ.get("HTTP_ORIGIN", "")
        if origin not in site.origins:
            self._limits.of_unknown(address)
            raise OtherOrigin
        headers += [
            ("Access-Control-Allow-Origin", origin),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("Vary", "Origin"),
        ]
        self._limits.of_site(str(site.site_id), address)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            headers += [
                ("Access-Control-Allow-Methods", "POST"),
                ("Access-Control-Allow-Headers", "Content-Type"),
                ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
            ]
            return "204 No Content", b""
        body = read_body(environ, LARGEST, _TYPES)
        if environ.get("HTTP_SEC_GPC") == "1" or environ.get("HTTP_DNT") == "1":
            return "200 OK", _NOTHING
        return "200 OK", self._taken(site, body, f"{address} {family(environ.get('HTTP_USER_AGENT', ''))}")

    def _site(self, key: str, address: str) -> Site:
        """Whose key it is. Raises Unauthenticated, TooManyRequests."""
        try:
            self._limits.before_looking_up(address)
        except TooManyRequests:
            if not self._sites.known(key):
                raise
        site = self._sites.site(key)
        if site is None:
            self._limits.of_unknown(address)
            raise Unauthenticated("invalid-token", "There is no site with this key.")
        return site

    def _taken(self, site: Site, body: bytes, browser: str) -> bytes:
        now, batch = datetime.now(UTC), sent(body, MOST_CALLS)
        reading = SiteReading(
            batch,
            now,
            lambda who, at: self._directory.visitor(site.tenant_id, who, at, now),
            f"{site.site_id} {browser}",
            str(site.venue_id),
            lambda ref: self._directory.find_event(site.tenant_id, ref) is not None,
        )
        read = of_use(batch)
        parts = [(call.body, reading.message) for call in read]
        calls = Calls(parts, [call.place for call in read], len(batch.batch) - len(read), f"site:{site.name}")
        with self._door.place_for_a_batch():
            outcomes = self._door.delivered(site.tenant_id, parts, calls.source)
        return summary_of_calls(calls, outcomes, for_pages=True)
