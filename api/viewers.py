"""Who looks: a person by the session cookie, or a program by its API token."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakKeyDictionary

from flask import g, request

from api.auth import Callers, identifies
from api.browser_session import session_token, signed_in
from api.origins import Origins
from api.problems import Unauthenticated
from config import Settings
from data import audit_note
from data.access import Access
from data.accounts import Accounts, Person
from data.audit_entry import STRANGER, Actor, actor_of
from data.engine import Database, DatabaseUnavailable
from data.permissions import NotPermitted, access_of, require
from data.services import Services
from data.tokens import Sender

TOKEN_PROTOCOL = "bearer."  # noqa: S105
"""A browser's WebSocket cannot send an Authorization header: there the token is offered as a subprotocol."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Through whose eyes is looked, and a question that may block: whether that still holds.

    `session_id` is the session by which it may be seen; None for an API token.
    """

    access: Access
    still_valid: Callable[[], bool]
    session_id: UUID | None = None
    actor: Actor = STRANGER


SECOND_FACTOR_NEEDED = "Your organisation requires a second factor: set one up at /account/second-factor."


class ForeignOrigin(Exception):
    """A page of another site tries to use the session of the person who has it open."""


class Viewers:
    """Recognises who looks. All methods raise DatabaseUnavailable."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.callers = Callers(database, settings)
        self._accounts = Accounts.of(database, settings)
        self._origins = Origins(settings.origins)

    def access(self) -> Access:
        """Through whose eyes a plain request looks, by token or session; found once for each request.

        A token acts as an owner under its own id. With a session, a request that changes something must
        come from a page of ours: browsers send the cookie along whoever asks. Raises Unauthenticated,
        ForeignOrigin.
        """
        known: Access | None = g.get("access")
        if known is None:
            known = g.access = self._access()
        return known

    def _access(self) -> Access:
        if identifies(request.environ):
            return self.callers.sender(request.environ).access
        person = signed_in()
        if person is None:
            raise Unauthenticated(
                "not-signed-in", "Sign in, or send an API token: Authorization: Bearer hc_…"
            )
        if request.method not in ("GET", "HEAD") and not self._origins.ask():
            raise ForeignOrigin(request.headers.get("Origin", ""))
        _require_second_factor(person)
        return access_of(person)

    def of_handshake(self) -> Viewer | None:
        """Whoever opens a socket; None for a browser whose session is missing or has ended.

        A token comes in the Authorization header or as the subprotocol `bearer.<token>`, never in
        the URL. A cookie counts only from our own pages: browsers send it along whoever asks. Whoever is
        known is noted, whatever is refused to them. Raises Unauthenticated, ForeignOrigin, NotPermitted.
        """
        token = _offered_token()
        if token is not None:
            return self._seeing(self.callers.bearer(token), token)
        if identifies(request.environ):
            return self._seeing(self.callers.sender(request.environ), None)
        origin = request.headers.get("Origin")
        if origin is None:
            raise Unauthenticated("missing-token", "Send your API token: Authorization: Bearer hc_…")
        person = signed_in()
        if person is not None:
            audit_note.by(person.tenant_id, Actor("person", person.user_id, person.session_id))
        if not self._origins.are_ours(origin):
            raise ForeignOrigin(origin)
        if person is None:
            return None
        _require_second_factor(person)
        access = access_of(person)
        require(access, "see-night")
        actor = Actor("person", person.user_id, person.session_id)
        return Viewer(access, self._session_holds(session_token(), access), person.session_id, actor)

    def _seeing(self, found: Sender, offered: str | None) -> Viewer:
        audit_note.by(found.access.tenant_id, actor_of(found.access))
        require(found.access, "see-night")
        holds = self.callers.holds(request.environ, found, offered)

        def still_valid() -> bool:
            with contextlib.suppress(DatabaseUnavailable):
                return holds()
            return True  # Nobody is signed out because PostgreSQL is away.

        return Viewer(found.access, still_valid, actor=actor_of(found.access))

    def _session_holds(self, token: str, access: Access) -> Callable[[], bool]:
        def holds() -> bool:
            with contextlib.suppress(DatabaseUnavailable):
                person = self._accounts.person(token)
                if person is None or person.held:
                    return False
                return access_of(person) == access  # It sees what it saw at first.
            return True

        return holds


_VIEWERS: WeakKeyDictionary[Services, Viewers] = WeakKeyDictionary()
_ADDING = threading.Lock()


def viewers_of(services: Services) -> Viewers:
    """The one of these services: all doors know the same tokens, and ask an issuer for its keys once."""
    with _ADDING:
        found = _VIEWERS.get(services)
        if found is None:
            found = _VIEWERS[services] = Viewers(services.database, services.settings)
        return found


def _require_second_factor(person: Person) -> None:
    if person.held:
        raise NotPermitted(SECOND_FACTOR_NEEDED)


def _offered_token() -> str | None:
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    names = (name.strip() for name in offered)
    return next((name[len(TOKEN_PROTOCOL) :] for name in names if name.startswith(TOKEN_PROTOCOL)), None)
