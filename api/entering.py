"""What follows once it is known who comes: a session for this browser, or the page that asks for a code."""

from __future__ import annotations

from flask import Flask, Response, session
from werkzeug.wrappers import Response as AnyResponse

from api.browser_session import end_session, open_session
from api.forms import page
from api.known_device import KnownDevice
from api.second_step import SecondSteps
from data import audit_note
from data.accounts import Accounts, SecondStep
from data.audit_entry import Actor

_STEP = "second-step"
"""Where the browser's session keeps what was found in the first step."""


class Entering:
    """Lets people in; `key` is the secret of the installation."""

    def __init__(self, server: Flask, accounts: Accounts, key: str) -> None:
        self._server, self._accounts = server, accounts
        self._device = KnownDevice(key)
        self._steps = SecondSteps(key)

    def known(self, email: str) -> str | None:
        """The name of this browser, if this account has signed in there."""
        return self._device.known(email)

    def enter(self, email: str, token: str, answer: AnyResponse, *, with_code: bool = False) -> AnyResponse:
        """The answer, with which the browser gets its new session in place of the one that it has."""
        end_session(self._server, self._accounts)
        person = self._accounts.person(token)
        assert person is not None
        open_session(token, person)
        audit_note.by(person.tenant_id, Actor("person", person.user_id, person.session_id))
        audit_note.about(f"user:{person.user_id}")
        return self._device.remember(email, answer, with_code)

    def gave_code(self) -> bool:
        """Whether the last sign-in in this browser was with a code."""
        return self._device.gave_code()

    def keep_step(self, step: SecondStep) -> None:
        """Remember the first step until the second."""
        session[_STEP] = self._steps.seal(step)

    def kept_step(self) -> SecondStep | None:
        """The first step that this browser has made, at most five minutes ago."""
        return self._steps.open(session.get(_STEP, ""))

    def forget_step(self) -> None:
        """The sign-in starts anew."""
        session.pop(_STEP, None)


def code_form(target: str, error: str | None = None, status: int = 401) -> Response:
    """The page of the second step, which leads to `target`. Nobody is signed in yet, whatever came before."""
    return page("login_code.html", status, error=error, next=target)
