"""The session of a browser: who is signed in there, by a cookie that is signed, HttpOnly, SameSite=Lax, and
Secure where the request is; and the token that its forms send back."""

import hmac
import secrets
from typing import cast

from blinker import Namespace
from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_login import UserMixin as SignedInUser

from data.accounts import Accounts, Person


class _Cookie(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class _User(SignedInUser):  # type: ignore[misc]
    """What flask-login holds for one request: the session's token and whose it is."""

    def __init__(self, token: str, person: Person) -> None:
        self.id = token
        self.person = person


def register(server: Flask, accounts: Accounts, key: str) -> None:
    """Recognise the sessions of browsers; `key` signs their cookies."""
    server.secret_key = key
    server.session_interface = _Cookie()
    server.config.update(
        SESSION_COOKIE_NAME="housecount", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax"
    )
    manager = LoginManager()
    manager.session_protection = None  # A phone changes its address between two cells; the secret is enough.
    manager.init_app(server, add_context_processor=False)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> _User | None:
        person = accounts.person(token)
        return _User(token, person) if person is not None else None


def signed_in() -> Person | None:
    """The person whose session came with this request, for pages, API routes and socket handshakes.

    Raises DatabaseUnavailable.
    """
    return current_user.person if current_user.is_authenticated else None


def session_token() -> str:
    """The token of the session that came with this request."""
    return str(current_user.get_id())


session_ended = Namespace().signal("session-ended")
"""Sent by a server with the `session_id` of each session that somebody has ended there."""


def open_session(token: str, person: Person) -> None:
    """Give this browser the session behind `token`; nothing that was set before lives on after it."""
    session.clear()
    login_user(_User(token, person))


def end_session(server: Flask, accounts: Accounts) -> bool:
    """End the session that this browser has, if any; whether the OpenID provider had opened it. Raises
    DatabaseUnavailable."""
    person = signed_in()
    if person is not None:
        accounts.sign_out(session_token())
        logout_user()
        session_ended.send(server, session_id=person.session_id)
    return person is not None and person.by_provider


def csrf_token() -> str:
    """The token a form of this browser session must send back as `csrf`."""
    token = session.get("csrf")
    if token is None:
        token = session["csrf"] = secrets.token_urlsafe(24)
    return cast(str, token)


def form_is_ours() -> bool:
    """Whether the form that was sent has the token of this browser's session."""
    sent, kept = request.form.get("csrf", ""), session.get("csrf", "")
    return bool(kept) and hmac.compare_digest(sent.encode(), kept.encode())
