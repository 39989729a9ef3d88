"""Who looks: a person by the session cookie, or a program by its API token."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import g, request
from flask_login import current_user

from api.auth import sender
from api.login import signed_in
from api.origins import Origins
from api.problems import Unauthenticated
from config import Settings
from data.access import Access
from data.accounts import Accounts
from data.engine import Database, DatabaseUnavailable
from data.permissions import require, roles_with
from data.tokens import Sender, Tokens

TOKEN_PROTOCOL = "bearer."  # noqa: S105
"""A browser's WebSocket cannot send an Authorization header: there the token is offered as a subprotocol."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The tenant whose data may be seen, and a question that may block: whether that still holds.

    `session_id` is the session by which it may be seen; None for an API token.
    """

    tenant_id: UUID
    still_valid: Callable[[], bool]
    session_id: UUID | None = None


class ForeignOrigin(Exception):
    """A page of another site tries to use the session of the person who has it open."""


class Viewers:
    """Recognises who looks. All methods raise DatabaseUnavailable."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._tokens = Tokens(database)
        self._accounts = Accounts(
            database,
            idle=timedelta(minutes=settings.session_idle_minutes),
            absolute=timedelta(hours=settings.session_absolute_hours),
        )
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
        if "Authorization" in request.headers:
            return sender(self._tokens).access
        person = signed_in()
        if person is None:
            raise Unauthenticated(
                "not-signed-in", "Sign in, or send an API token: Authorization: Bearer hc_…"
            )
        if request.method not in ("GET", "HEAD") and not self._origins.ask():
            raise ForeignOrigin(request.headers.get("Origin", ""))
        return Access(person.tenant_id, person.role, person.user_id)

    def of_handshake(self) -> Viewer | None:
        """Whoever opens a socket; None for a browser whose session is missing or has ended.

        A token comes in the Authorization header or as the subprotocol `bearer.<token>`, never in
        the URL. A cookie counts only from our own pages: browsers send it along whoever asks.
        Raises Unauthenticated, ForeignOrigin, NotPermitted.
        """
        token = _offered_token()
        if token is not None:
            return self._by_token(token)
        if "Authorization" in request.headers:
            token = request.headers["Authorization"].partition(" ")[2].strip()
            return self._seeing(sender(self._tokens), token)
        origin = request.headers.get("Origin")
        if origin is None:
            raise Unauthenticated("missing-token", "Send your API token: Authorization: Bearer hc_…")
        if not self._origins.are_ours(origin):
            raise ForeignOrigin(origin)
        person = signed_in()
        if person is None:
            return None
        holds = self._session_holds(str(current_user.get_id()))
        require(Access(person.tenant_id, person.role, person.user_id), "see-night")
        return Viewer(person.tenant_id, holds, person.session_id)

    def _by_token(self, token: str) -> Viewer:
        found = self._tokens.sender(token)
        if found is None:
            raise Unauthenticated("invalid-token", "This API token is not known, has expired or was revoked.")
        return self._seeing(found, token)

    def _seeing(self, found: Sender, token: str) -> Viewer:
        require(found.access, "see-night")
        return Viewer(found.tenant_id, self._token_holds(token))

    def _token_holds(self, token: str) -> Callable[[], bool]:
        def holds() -> bool:
            with contextlib.suppress(DatabaseUnavailable):
                return self._tokens.sender(token) is not None
            return True  # Nobody is signed out because PostgreSQL is away.

        return holds

    def _session_holds(self, token: str) -> Callable[[], bool]:
        def holds() -> bool:
            with contextlib.suppress(DatabaseUnavailable):
                person = self._accounts.person(token)
                return person is not None and person.role in roles_with("see-night")
            return True

        return holds


def _offered_token() -> str | None:
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    names = (name.strip() for name in offered)
    return next((name[len(TOKEN_PROTOCOL) :] for name in names if name.startswith(TOKEN_PROTOCOL)), None)
