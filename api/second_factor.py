"""/account/second-factor: setting up one's own second factor, its recovery codes, taking it away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypeVar

import segno
from flask import Blueprint, Flask, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api import addresses
from api.account import PATH as ACCOUNT
from api.admission import device_name
from api.browser_session import open_session
from api.forms import Wrong, page, require_our_form, tell_ended
from api.login import minutes
from data import second_factor
from data.accounts import Accounts, Person
from data.engine import DatabaseUnavailable
from data.passwords import SignInsBusy
from data.services import Services
from data.sign_in_rate import SignInRate

Found = TypeVar("Found")
PATH = f"{ACCOUNT}/second-factor"
_NOT_RIGHT = "Password or code is not right."


def register(server: Flask, services: Services) -> None:
    """Add the page and what its forms do."""
    views = _Routes(server, services)
    routes = Blueprint("second_factor", __name__, template_folder="templates")
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    for name, view in (
        ("begin", views.begin),
        ("confirm", views.confirm),
        ("codes", views.renew_codes),
        ("remove", views.remove),
    ):
        routes.add_url_rule(f"{PATH}/{name}", name, view, methods=["POST"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, server: Flask, services: Services) -> None:
        settings = services.settings
        self._server, self._database = server, services.database
        self._accounts = Accounts.of(services.database, settings)
        self._rate = SignInRate(services.counters)

    def show(self) -> AnyResponse:
        return self._page()

    def begin(self) -> AnyResponse:
        """A new secret, for who knows the password: an open browser is not enough to shut its owner out."""

        def act(person: Person) -> AnyResponse:
            self._require_password(person)
            with self._database.tenant(person.tenant_id) as tenant:
                if second_factor.begin(tenant, person.user_id, datetime.now(UTC)) is None:
                    raise Wrong("You have a second factor already.", 409)
            return redirect(PATH, 303)

        return self._do(act)

    def confirm(self) -> AnyResponse:
        """The factor holds from here on; every other session, and what this one was, ends."""

        def act(person: Person) -> AnyResponse:
            def check() -> list[str] | None:
                with self._database.tenant(person.tenant_id) as tenant:
                    return second_factor.confirm(tenant, person.user_id, _code(), datetime.now(UTC))

            codes = self._guarded(person, "code", check)
            self._renew(person)
            return self._page(codes=codes)

        return self._do(act)

    def renew_codes(self) -> AnyResponse:
        """Ten new recovery codes."""

        def act(person: Person) -> AnyResponse:
            self._require_code(person)
            with self._database.tenant(person.tenant_id) as tenant:
                codes = second_factor.renew_codes(tenant, person.user_id, datetime.now(UTC))
            return self._page(codes=codes)

        return self._do(act)

    def remove(self) -> AnyResponse:
        """No second factor any more, for who has both."""

        def act(person: Person) -> AnyResponse:
            self._require_password(person)
            self._require_code(person)
            with self._database.tenant(person.tenant_id) as tenant:
                second_factor.remove(tenant, person.user_id, datetime.now(UTC))
            self._renew(person)
            return redirect(PATH, 303)

        return self._do(act)

    def _do(self, act: Callable[[Person], AnyResponse]) -> AnyResponse:
        person: Person = g.person
        try:
            require_our_form()
            if person.demo:
                raise Wrong("Everybody signs in to the demo in the same way.", 403)
            return act(person)
        except Wrong as wrong:
            return self._page(wrong=str(wrong), status=wrong.status)

    def _page(
        self, *, codes: list[str] | None = None, wrong: str | None = None, status: int = 200
    ) -> AnyResponse:
        person: Person = g.person
        with self._database.tenant(person.tenant_id) as tenant:
            state = second_factor.state(tenant, person.user_id)
            secret = None if state.on else second_factor.pending(tenant, person.user_id, datetime.now(UTC))
        return page(
            "second_factor.html",
            status,
            person=person,
            state=state,
            held=person.held and not state.on,
            secret=secret,
            picture=_picture(second_factor.app_uri(secret, person.email)) if secret else None,
            codes=codes,
            wrong=wrong,
        )

    def _renew(self, person: Person) -> None:
        token, ended = self._accounts.renew(person, device_name())
        tell_ended(self._server, ended)
        fresh = self._accounts.person(token)
        assert fresh is not None
        open_session(token, fresh)

    def _require_password(self, person: Person) -> None:
        password = request.form.get("password", "")[:1024]
        self._guarded(person, "password", lambda: self._accounts.is_password(person, password) or None)

    def _require_code(self, person: Person) -> None:
        def check() -> bool | None:
            with self._database.tenant(person.tenant_id) as tenant:
                return second_factor.accept(tenant, person.user_id, _code(), datetime.now(UTC)) or None

        self._guarded(person, "code", check)

    def _guarded(
        self, person: Person, what: Literal["password", "code"], check: Callable[[], Found | None]
    ) -> Found:
        """What `check` finds; who guesses waits as at the sign-in. Raises Wrong.

        Passwords and codes are counted apart: a password that is right takes back no code that was wrong.
        """
        kept = str(person.user_id) if what == "password" else f"{person.user_id} code"
        trying = (person.email, addresses.counted(), kept)
        seconds = self._rate.wait(*trying)
        if seconds:
            raise Wrong(f"Too many tries. Please try again in {minutes(seconds)}.", 429)
        try:
            found = check()
        except (SignInsBusy, DatabaseUnavailable) as error:
            self._rate.not_made(*trying)
            if isinstance(error, DatabaseUnavailable):
                raise
            raise Wrong("Many people sign in right now. Please try again.", 503) from None
        if found is None:
            raise Wrong(_NOT_RIGHT, 401)
        self._rate.succeeded(*trying)
        return found


def _code() -> str:
    return request.form.get("code", "")[:64]


def _picture(uri: str) -> str:
    """The QR code as a part of the page: nothing is fetched, and nothing is kept."""
    return str(segno.make(uri, micro=False).svg_inline(scale=4, border=2, dark="#000", light="#fff"))
