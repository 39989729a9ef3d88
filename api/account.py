"""/account: what people do about their own sign-in: another password, and where else they are signed in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Flask, Response, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from api.login import csrf_token, form_is_ours, minutes, open_session, session_ended
from api.user_agents import family
from data.accounts import Accounts, Person, SignInsBusy, password_problem
from data.engine import DatabaseUnavailable
from data.services import Services
from data.sessions import end, sessions
from data.sign_in_rate import SignInRate

PATH = "/account"
_DONE = {
    "password": "Your password is changed; everywhere else you are signed out.",
    "ended": "Signed out there.",
}


def register(server: Flask, services: Services) -> None:
    """Add /account and what its forms do."""
    views = _Routes(server, services)
    routes = Blueprint("account", __name__, template_folder="templates")
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    routes.add_url_rule(f"{PATH}/sessions/end", "end", views.end_sessions, methods=["POST"])
    routes.add_url_rule(f"{PATH}/password", "password", views.change_password, methods=["POST"])
    server.register_blueprint(routes)


class _Wrong(Exception):
    """What was asked cannot be done: the text says why, `status` how HTTP calls it."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class _Routes:
    def __init__(self, server: Flask, services: Services) -> None:
        settings = services.settings
        self._server, self._database = server, services.database
        self._accounts = Accounts(
            services.database,
            idle=timedelta(minutes=settings.session_idle_minutes),
            absolute=timedelta(hours=settings.session_absolute_hours),
        )
        self._rate = SignInRate(services.counters)

    def show(self) -> AnyResponse:
        return self._page(told=_DONE.get(request.args.get("done", "")))

    def end_sessions(self) -> AnyResponse:
        try:
            self._end_sessions()
        except _Wrong as wrong:
            return self._page(wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done=ended", 303)

    def change_password(self) -> AnyResponse:
        try:
            self._change_password()
        except _Wrong as wrong:
            return self._page(wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done=password", 303)

    def _page(self, *, told: str | None = None, wrong: str | None = None, status: int = 200) -> Response:
        person: Person = g.person
        with self._database.tenant(person.tenant_id) as tenant:
            found = sessions(tenant, person.user_id)
        body = render_template(
            "account.html", csrf=csrf_token(), person=person, sessions=found, told=told, wrong=wrong
        )
        return Response(body, status, {"Cache-Control": "no-store"}, mimetype="text/html")

    def _end_sessions(self) -> None:
        """End the session that was named, else all but this one."""
        _require_our_form()
        person: Person = g.person
        named = request.form.get("session")
        try:
            only = None if named is None else UUID(named)
        except ValueError:
            raise _Wrong("There is no such session.", 404) from None
        if only == person.session_id:
            raise _Wrong("This is where you are now.", 409)
        with self._database.tenant(person.tenant_id) as tenant:
            ended = end(tenant, person.user_id, only=only, but=person.session_id)
        self._tell(ended)

    def _change_password(self) -> None:
        _require_our_form()
        person: Person = g.person
        if person.demo:
            raise _Wrong("Everybody signs in to the demo with the same password.", 403)
        old, new, again = (request.form.get(name, "")[:1025] for name in ("old", "new", "again"))
        problem = password_problem(new, person.email)
        if problem is None and new != again:
            problem = "The new password is not the same both times."
        if problem is None and new == old:
            problem = "The new password is the old one."
        if problem is not None:
            raise _Wrong(problem, 422)
        token, ended = self._changed(person, old, new)
        self._tell(ended)
        fresh = self._accounts.person(token)
        assert fresh is not None
        open_session(token, fresh)

    def _changed(self, person: Person, old: str, new: str) -> tuple[str, list[UUID]]:
        """The new session and those it replaces; who guesses the old password waits as at the sign-in."""
        trying = (person.email, request.remote_addr or "", str(person.user_id))
        seconds = self._rate.wait(*trying)
        if seconds:
            raise _Wrong(f"Too many tries. Please try again in {minutes(seconds)}.", 429)
        device = family(request.headers.get("User-Agent", ""))
        try:
            changed = self._accounts.change_password(person, old, new, device)
        except SignInsBusy:
            self._rate.not_made(*trying)
            raise _Wrong("Many people sign in right now. Please try again.", 503) from None
        except DatabaseUnavailable:
            self._rate.not_made(*trying)
            raise
        if changed is None:
            raise _Wrong("The password that you have now is not right.", 401)
        self._rate.succeeded(*trying)
        return changed

    def _tell(self, ended: list[UUID]) -> None:
        for session_id in ended:
            session_ended.send(self._server, session_id=session_id)


def _require_our_form() -> None:
    if not form_is_ours():
        raise _Wrong("The form was open for too long. Please try again.", 400)
