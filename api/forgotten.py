"""/forgot: asking for another password by mail. Whoever asks is told the same, whether anybody has the e-mail
or not, and the way to that answer is the same (`data/password_resets.py`)."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api import addresses
from api.forms import Wrong, page, require_our_form
from api.login import minutes
from data import audit_note, password_resets
from data.audit_entry import HOUSE, STRANGER
from data.mail_rate import MailRate
from data.services import Services

PATH = "/forgot"


def register(server: Flask, services: Services) -> None:
    """Add the page and its form."""
    views = _Routes(services)
    routes = Blueprint("forgotten", __name__, template_folder="templates")
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    routes.add_url_rule(PATH, "ask", views.ask, methods=["POST"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._database, self._rate = services.database, MailRate(services.counters)

    def show(self) -> AnyResponse:
        return self._page(asked=request.args.get("asked") == "1")

    def ask(self) -> AnyResponse:
        email = request.form.get("email", "").strip()[:320]
        try:
            require_our_form()
        except Wrong as wrong:
            return self._page(email=email, error=str(wrong), status=wrong.status)
        if not email:
            return self._page(error="Which e-mail do you sign in with?", status=422)
        seconds = self._rate.wait_to_ask(addresses.counted())
        if seconds:
            error = f"Many passwords were asked for from here. Please try again in {minutes(seconds)}."
            late = self._page(email=email, error=error, status=429)
            late.headers["Retry-After"] = str(seconds)
            return late
        if self._rate.may_ask_for(email):
            password_resets.ask(self._database, email)
        audit_note.by(HOUSE, STRANGER)  # Whose it is, the worker finds and records.
        return redirect(f"{PATH}?asked=1", 303)

    def _page(
        self, *, email: str = "", error: str | None = None, asked: bool = False, status: int = 200
    ) -> Response:
        return page("forgot.html", status, email=email, error=error, asked=asked)
