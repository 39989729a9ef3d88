"""Signing in by e-mail and password, and out."""

import math
import re
import threading
import time
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, redirect, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from api import addresses, browser_session, oidc
from api.admission import Admission, device_name, local
from api.browser_session import form_is_ours, signed_in
from api.entering import code_form
from api.oidc_provider import Provider
from api.problems import for_programs, unavailable
from data.accounts import Accounts
from data.engine import DatabaseUnavailable
from data.passwords import SignInsBusy
from data.services import Services
from data.sign_in_rate import SignInRate

SHARED = re.compile(r"/shared/(?P<token>[A-Za-z0-9_-]{1,200})(?P<file>/file)?")
"""A promoter's link: its token is what it signs in with, and `callbacks/shared_link.py` checks it; so do
its files (`api/shared_files.py`)."""

FAILURES_EVERY_SECONDS = 0.5
_WAITING = threading.BoundedSemaphore(4)

LOCK_OUT_SECONDS = 900
"""A lock-out is in the audit log once in so long, however often somebody goes on trying."""


def register(server: Flask, services: Services) -> None:
    """Add /login and /logout, and recognise sessions; `api/gate.py` asks for them."""
    settings = services.settings
    accounts = Accounts.of(services.database, settings)
    browser_session.register(server, accounts, settings.signing_key())
    server.register_error_handler(DatabaseUnavailable, _unavailable)
    door = Admission(server, services, accounts, Provider(settings))
    views = _Routes(services, accounts, door)
    routes = Blueprint("login", __name__, template_folder="templates")
    routes.add_url_rule("/login", "show", views.show, methods=["GET"])
    routes.add_url_rule("/login", "sign_in", views.sign_in, methods=["POST"])
    routes.add_url_rule("/login/code", "code", views.code, methods=["POST"])
    routes.add_url_rule("/logout", "sign_out", views.sign_out, methods=["POST"])
    server.register_blueprint(routes)
    oidc.register(server, services, accounts, door)


class _Routes:
    def __init__(self, services: Services, accounts: Accounts, door: Admission) -> None:
        self._accounts, self._door = accounts, door
        self._counters = services.counters
        self._rate = SignInRate(services.counters)

    def show(self) -> AnyResponse:
        return self._door.form() if signed_in() is None else redirect(local(request.args.get("next", "/")))

    def sign_in(self) -> AnyResponse:
        began = time.monotonic()
        email = request.form.get("email", "")[:320]
        password, code = request.form.get("password", "")[:1024], request.form.get("code", "")[:64].strip()
        if not form_is_ours():
            error = "The form was open for too long. Please try again."
            return self._door.form(email=email, error=error, status=400)
        trying = (email, addresses.counted(), self._door.entering.known(email))
        seconds = self._rate.wait(*trying)
        if seconds:
            if not self._counters.take("lock-out", f"{email.lower()} {trying[1]}", LOCK_OUT_SECONDS):
                self._door.note_failure(email, "locked-out")
            error = f"Too many tries to sign in. Please try again in {minutes(seconds)}."
            return self._door.form(email=email, error=error, status=429, seconds=seconds)
        try:
            token = self._accounts.sign_in(email, password, device_name(), code, datetime.now(UTC))
        except (SignInsBusy, DatabaseUnavailable) as error:
            self._rate.not_made(*trying)
            if isinstance(error, DatabaseUnavailable):
                raise
            busy = "Many people sign in right now. Please try again."
            return self._door.form(email=email, error=busy, status=503, seconds=2)
        if token is None:
            self._door.note_failure(email, "sign-in")
            wait_out(began)
            return self._door.form(email=email, error="E-mail, password or code is not right.", status=401)
        self._rate.succeeded(*trying)
        return self._door.entering.enter(email, token, redirect(_target(), 303), with_code=bool(code))

    def code(self) -> AnyResponse:
        """The code of who is known without a password. Each try counts as one to sign in."""
        step, target = self._door.entering.kept_step(), _target()
        if step is None or not form_is_ours():
            self._door.entering.forget_step()
            error = "The sign-in took too long. Please start again."
            return self._door.form(email="" if step is None else step.email, error=error, status=400)
        trying = (step.email, addresses.counted(), self._door.entering.known(step.email))
        seconds = self._rate.wait(*trying)
        if seconds:
            error = f"Too many tries to sign in. Please try again in {minutes(seconds)}."
            answer = code_form(target, error, 429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        code = request.form.get("code", "")[:64]
        try:
            token = self._accounts.second_step(step, code, datetime.now(UTC), device_name())
        except DatabaseUnavailable:
            self._rate.not_made(*trying)
            raise
        if token is None:
            self._door.note_failure_at((step.tenant_id, step.user_id), "sign-in")
            return code_form(target, "The code is not right.")
        self._rate.succeeded(*trying)
        return self._door.entering.enter(step.email, token, redirect(target, 303))

    def sign_out(self) -> AnyResponse:
        if not form_is_ours():
            return Response("This form is not from here.", 400)
        by_provider = self._door.end()
        session.clear()
        return redirect("/login?ended=provider" if by_provider else "/login", 303)


def wait_out(began: float) -> None:
    """Let a failure be answered on a full half second since `began` (of the monotonic clock): how long its
    passwords took would tell how many accounts an e-mail has. Few wait at a time: a flood must leave threads
    to others, and hides such times by itself."""
    if _WAITING.acquire(blocking=False):
        try:
            time.sleep(-(time.monotonic() - began) % FAILURES_EVERY_SECONDS)
        finally:
            _WAITING.release()


def _unavailable(error: DatabaseUnavailable) -> AnyResponse:
    """What a person or a script is told while PostgreSQL is away."""
    if request.path.startswith("/_") or for_programs(request.path):
        return unavailable(error)
    page = render_template("unavailable.html")
    return Response(page, 503, {"Retry-After": "2"}, mimetype="text/html")


def _target() -> str:
    """Where the form says that the sign-in leads."""
    return local(request.form.get("next", "/"))


def minutes(seconds: int) -> str:
    """So many seconds in words, for people who have to wait."""
    if seconds <= 90:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    return f"{math.ceil(seconds / 60)} minutes"
