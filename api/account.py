"""/account: what people do about their own sign-in: another password, and where else they are signed in."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api import addresses
from api.admission import device_name
from api.browser_session import open_session
from api.forms import Wrong, page, require_our_form, tell_ended
from api.login import minutes
from data import provider_links, second_factor
from data.accounts import Accounts, Person
from data.engine import DatabaseUnavailable
from data.passwords import SignInsBusy, password_problem
from data.permissions import access_of, may
from data.services import Services
from data.sessions import end, sessions
from data.sign_in_rate import SignInRate

PATH = "/account"
_DONE = {
    "password": "Your password is changed; everywhere else you are signed out.",
    "ended": "Signed out there.",
    "refused": "Unlinked: nobody signs in to this account in that way any more.",
    "allowed": "The next sign-in with your e-mail there is linked to this account.",
}


def register(server: Flask, services: Services) -> None:
    """Add /account and what its forms do."""
    views = _Routes(server, services)
    routes = Blueprint("account", __name__, template_folder="templates")
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    routes.add_url_rule(f"{PATH}/sessions/end", "end", views.end_sessions, methods=["POST"])
    routes.add_url_rule(f"{PATH}/password", "password", views.change_password, methods=["POST"])
    routes.add_url_rule(f"{PATH}/provider/unlink", "unlink", views.unlink, methods=["POST"])
    routes.add_url_rule(f"{PATH}/provider/allow", "allow", views.allow, methods=["POST"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, server: Flask, services: Services) -> None:
        settings = services.settings
        self._server, self._database = server, services.database
        self._provider = settings.oidc_name if settings.oidc_issuer else None
        self._accounts = Accounts.of(services.database, settings)
        self._rate = SignInRate(services.counters)

    def show(self) -> AnyResponse:
        return self._page(told=_DONE.get(request.args.get("done", "")))

    def end_sessions(self) -> AnyResponse:
        try:
            self._end_sessions()
        except Wrong as wrong:
            return self._page(wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done=ended", 303)

    def change_password(self) -> AnyResponse:
        try:
            self._change_password()
        except Wrong as wrong:
            return self._page(wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done=password", 303)

    def unlink(self) -> AnyResponse:
        """No sign-in by the OpenID provider any more, and the end of what it opened elsewhere."""
        return self._about_provider(provider_links.refuse, "refused")

    def allow(self) -> AnyResponse:
        """Let the next sign-in there be linked, as if there had been none."""
        return self._about_provider(provider_links.forget, "allowed")

    def _about_provider(self, act: Callable[..., list[UUID]], done: str) -> AnyResponse:
        person: Person = g.person
        try:
            require_our_form()
            if person.demo:
                raise Wrong("Everybody signs in to the demo in the same way.", 403)
        except Wrong as wrong:
            return self._page(wrong=str(wrong), status=wrong.status)
        with self._database.tenant(person.tenant_id) as tenant:
            ended = act(tenant, person.user_id, but=person.session_id)
        tell_ended(self._server, ended)
        return redirect(f"{PATH}?done={done}", 303)

    def _page(self, *, told: str | None = None, wrong: str | None = None, status: int = 200) -> Response:
        person: Person = g.person
        with self._database.tenant(person.tenant_id) as tenant:
            found = sessions(tenant, person.user_id)
            factor = second_factor.state(tenant, person.user_id)
            link = provider_links.link(tenant, person.user_id)
        looks_after = may(access_of(person), "manage-people")
        return page(
            "account.html",
            status,
            person=person,
            sessions=found,
            factor=factor,
            provider=self._provider,
            link=link,
            told=told,
            wrong=wrong,
            admin=looks_after,
            audit=g.audit,
            sources=g.sources,
            imports=g.imports,
            webhooks=g.webhooks,
        )

    def _end_sessions(self) -> None:
        """End the session that was named, else all but this one."""
        require_our_form()
        person: Person = g.person
        named = request.form.get("session")
        try:
            only = None if named is None else UUID(named)
        except ValueError:
            raise Wrong("There is no such session.", 404) from None
        if only == person.session_id:
            raise Wrong("This is where you are now.", 409)
        with self._database.tenant(person.tenant_id) as tenant:
            ended = end(tenant, person.user_id, only=only, but=person.session_id)
        tell_ended(self._server, ended)

    def _change_password(self) -> None:
        require_our_form()
        person: Person = g.person
        if person.demo:
            raise Wrong("Everybody signs in to the demo with the same password.", 403)
        old, new, again = (request.form.get(name, "")[:1025] for name in ("old", "new", "again"))
        problem = password_problem(new, person.email, person.name)
        if problem is None and new != again:
            problem = "The new password is not the same both times."
        if problem is None and new == old:
            problem = "The new password is the old one."
        if problem is not None:
            raise Wrong(problem, 422)
        token, ended = self._changed(person, old, new)
        tell_ended(self._server, ended)
        fresh = self._accounts.person(token)
        assert fresh is not None
        open_session(token, fresh)

    def _changed(self, person: Person, old: str, new: str) -> tuple[str, list[UUID]]:
        """The new session and those it replaces; who guesses the old password waits as at the sign-in."""
        trying = (person.email, addresses.counted(), str(person.user_id))
        seconds = self._rate.wait(*trying)
        if seconds:
            raise Wrong(f"Too many tries. Please try again in {minutes(seconds)}.", 429)
        try:
            changed = self._accounts.change_password(person, old, new, device_name())
        except SignInsBusy:
            self._rate.not_made(*trying)
            raise Wrong("Many people sign in right now. Please try again.", 503) from None
        except DatabaseUnavailable:
            self._rate.not_made(*trying)
            raise
        if changed is None:
            raise Wrong("The password that you have now is not right.", 401)
        self._rate.succeeded(*trying)
        return changed
