"""The page of the sign-in, and what is kept of failures: what passwords and the OpenID provider share."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Flask, Response, request

from api.browser_session import end_session
from api.entering import Entering
from api.forms import page
from api.oidc_provider import Provider
from data import audit_note
from data.accounts import Accounts
from data.audit_entry import HOUSE, STRANGER, Outcome
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.services import Services
from ingest.user_agents import family


class Admission:
    """Lets people in to one server. All methods may raise DatabaseUnavailable."""

    def __init__(self, server: Flask, services: Services, accounts: Accounts, provider: Provider) -> None:
        self._server, self._accounts, self.provider = server, accounts, provider
        self.entering = Entering(server, accounts, services.settings.signing_key())
        self._demo: Callable[[], tuple[str, str] | None] = lambda: _demo(services, accounts)

    def end(self) -> bool:
        """End this browser's session; whether the provider had opened it."""
        return end_session(self._server, self._accounts)

    def note_failure(self, email: str, action: str, outcome: Outcome | None = None) -> None:
        """Somebody is not who they say: kept in the tenant of the account they meant, else with none.
        Both take as long."""
        self.note_failure_at(self._accounts.whose(email), action, outcome)

    def note_failure_at(
        self, whose: tuple[UUID, UUID] | None, action: str, outcome: Outcome | None = None
    ) -> None:
        """The same where tenant and user are known, or known to be nobody's."""
        audit_note.by(HOUSE if whose is None else whose[0], STRANGER)
        audit_note.is_a(action, outcome)
        if whose is not None:
            audit_note.about(f"user:{whose[1]}")

    def form(
        self,
        *,
        email: str = "",
        error: str | None = None,
        status: int = 200,
        target: str | None = None,
        seconds: int = 0,
    ) -> Response:
        """The page to sign in; with `seconds` for who has to wait."""
        leaving = request.args.get("ended") == "provider" and error is None and self.provider.on
        answer = page(
            "login.html",
            status,
            email=email,
            error=error,
            with_code=error is not None or self.entering.gave_code(),
            next=local(request.values.get("next", "/") if target is None else target),
            ended=request.args.get("ended") == "1" and error is None,
            leaving=leaving,
            provider=self.provider.name if self.provider.on else None,
            demo=self._demo(),
        )
        if seconds:
            answer.headers["Retry-After"] = str(seconds)
        return answer


def _demo(services: Services, accounts: Accounts) -> tuple[str, str] | None:
    """The demo's e-mail and password for everyone to see, if there is a demo and only if it is one."""
    there = services.settings.demo and accounts.in_demo(DEMO_EMAIL)
    return (DEMO_EMAIL, DEMO_PASSWORD) if there else None


def device_name() -> str:
    """What its user will know a session of this browser by."""
    return family(request.headers.get("User-Agent", ""))


def local(target: str) -> str:
    """`target` if it is a path on this server, else the first page: never a way to another host."""
    looks_local = target.startswith("/") and not target.startswith(("//", "/\\", "/login", "/logout"))
    return target if looks_local and "\\" not in target and target.isprintable() else "/"
