"""Signing in and out, and who is signed in. The cookie is signed, HttpOnly, SameSite=Lax, and Secure where
the request is."""

import hmac
import math
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from blinker import Namespace
from flask import Blueprint, Flask, Response, g, redirect, render_template, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_login import UserMixin as SignedInUser
from werkzeug.wrappers import Response as AnyResponse

from api.known_device import KnownDevice
from api.problems import unavailable
from api.user_agents import family
from data.accounts import Accounts, Person, SignInsBusy
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.engine import DatabaseUnavailable
from data.services import Services
from data.sign_in_rate import SignInRate

SHARED = re.compile(r"/shared/(?P<token>[A-Za-z0-9_-]{1,200})(?P<file>/file)?")
"""A promoter's link: its token is what it signs in with, and `callbacks/shared_link.py` checks it; so do
its files (`api/shared_files.py`)."""


class _Cookie(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class _User(SignedInUser):  # type: ignore[misc]
    """What flask-login holds for one request: the session's token and whose it is."""

    def __init__(self, token: str, person: Person) -> None:
        self.id = token
        self.person = person


def signed_in() -> Person | None:
    """The person whose session came with this request, for pages, API routes and socket handshakes.

    Raises DatabaseUnavailable.
    """
    return current_user.person if current_user.is_authenticated else None


session_ended = Namespace().signal("session-ended")
"""Sent by a server with the `session_id` of each session that somebody has ended there."""


def open_session(token: str, person: Person) -> None:
    """Give this browser the session behind `token`; nothing that was set before lives on after it."""
    session.clear()
    login_user(_User(token, person))


def csrf_token() -> str:
    """The token a form of this browser session must send back as `csrf`."""
    token = session.get("csrf")
    if token is None:
        token = session["csrf"] = secrets.token_urlsafe(24)
    return cast(str, token)


def register(server: Flask, services: Services) -> None:
    """Add /login and /logout, and recognise sessions; `api/gate.py` asks for them."""
    settings = services.settings
    accounts = Accounts(
        services.database,
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_absolute_hours),
    )
    server.secret_key = settings.signing_key()
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

    server.register_error_handler(DatabaseUnavailable, _unavailable)
    rate, device = SignInRate(services.counters), KnownDevice(settings.signing_key())
    server.register_blueprint(_routes(server, accounts, rate, device, lambda: _demo(services, accounts)))


def _demo(services: Services, accounts: Accounts) -> tuple[str, str] | None:
    """The demo's e-mail and password for everyone to see, if there is a demo and only if it is one."""
    there = services.settings.demo and accounts.in_demo(DEMO_EMAIL)
    return (DEMO_EMAIL, DEMO_PASSWORD) if there else None


def _routes(
    server: Flask,
    accounts: Accounts,
    rate: SignInRate,
    device: KnownDevice,
    demo: Callable[[], tuple[str, str] | None],
) -> Blueprint:
    routes = Blueprint("login", __name__, template_folder="templates")

    def form(*, email: str = "", error: str | None = None, status: int = 200) -> Response:
        page = render_template(
            "login.html",
            csrf=csrf_token(),
            email=email,
            error=error,
            next=local(request.values.get("next", "/")),
            ended=request.args.get("ended") == "1" and error is None,
            demo=demo(),
        )
        return Response(page, status, {"Cache-Control": "no-store"}, mimetype="text/html")

    def late(email: str, error: str, status: int, seconds: int) -> Response:
        page = form(email=email, error=error, status=status)
        page.headers["Retry-After"] = str(seconds)
        return page

    @routes.get("/login")
    def show() -> AnyResponse:
        return form() if signed_in() is None else redirect(local(request.args.get("next", "/")))

    @routes.post("/login")
    def sign_in() -> AnyResponse:
        email = request.form.get("email", "")[:320]
        if not form_is_ours():
            return form(email=email, error="The form was open for too long. Please try again.", status=400)
        trying = (email, request.remote_addr or "", device.known(email))
        seconds = rate.wait(*trying)
        if seconds:
            return late(
                email, f"Too many tries to sign in. Please try again in {minutes(seconds)}.", 429, seconds
            )
        try:
            token = accounts.sign_in(
                email, request.form.get("password", "")[:1024], family(request.headers.get("User-Agent", ""))
            )
        except (SignInsBusy, DatabaseUnavailable) as error:
            rate.not_made(*trying)
            if isinstance(error, DatabaseUnavailable):
                raise
            return late(email, "Many people sign in right now. Please try again.", 503, 2)
        if token is None:
            return form(email=email, error="E-mail or password is not right.", status=401)
        rate.succeeded(*trying)
        person = accounts.person(token)
        assert person is not None
        open_session(token, person)
        return device.remember(email, redirect(local(request.form.get("next", "/")), 303))

    @routes.post("/logout")
    def sign_out() -> AnyResponse:
        if not form_is_ours():
            return Response("This form is not from here.", 400)
        person: Person = g.person
        accounts.sign_out(current_user.get_id())
        logout_user()
        session_ended.send(server, session_id=person.session_id)
        session.clear()
        return redirect("/login", 303)

    return routes


def _unavailable(error: DatabaseUnavailable) -> AnyResponse:
    """What a person or a script is told while PostgreSQL is away."""
    if request.path.startswith(("/_", "/api/")):
        return unavailable(error)
    page = render_template("unavailable.html")
    return Response(page, 503, {"Retry-After": "2"}, mimetype="text/html")


def minutes(seconds: int) -> str:
    """So many seconds in words, for people who have to wait."""
    if seconds <= 90:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    return f"{math.ceil(seconds / 60)} minutes"


def form_is_ours() -> bool:
    """Whether the form that was sent has the token of this browser's session."""
    sent, kept = request.form.get("csrf", ""), session.get("csrf", "")
    return bool(kept) and hmac.compare_digest(sent.encode(), kept.encode())


def local(target: str) -> str:
    """`target` if it is a path on this server, else the first page: never a way to another host."""
    looks_local = target.startswith("/") and not target.startswith(("//", "/\\", "/login", "/logout"))
    return target if looks_local and "\\" not in target and target.isprintable() else "/"
