"""Where links from mails lead: /welcome makes the account that somebody was invited to, /reset sets another
password. Opening one changes nothing, for scanners open every link in a mail; sending its form does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, Flask, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api import addresses
from api.admission import device_name
from api.audit import begin_for_stranger
from api.entering import Entering, code_form
from api.forms import Wrong, page, require_our_form, tell_ended
from data import audit_note, invitations, password_resets
from data.accounts import Accounts, SecondStep
from data.audit_entry import STRANGER
from data.engine import TenantConnection
from data.exports import organisation
from data.mail_links import DeadLink, Kind, MailLinks, Token
from data.passwords import LONGEST_PASSWORD, password_problem
from data.services import Services
from data.sign_in_rate import SignInRate

HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
"""The address is a secret: nothing that the page leads to is told it."""


def register(server: Flask, services: Services) -> None:
    """Add /welcome/<token> and /reset/<token>."""
    views = _Routes(server, services)
    routes = Blueprint("mailed", __name__, template_folder="templates")
    for path, kind, show, act in (
        ("/welcome/<token>", _INVITATION, "welcome", "accept"),
        ("/reset/<token>", _RESET, "reset", "set_password"),
    ):
        routes.add_url_rule(path, show, views.showing(kind), methods=["GET"])
        routes.add_url_rule(path, act, views.acting(kind), methods=["POST"])
    server.register_blueprint(routes)


class _Whose(NamedTuple):
    """Whom a link is for; `subject` is what it is about in the audit log."""

    email: str
    name: str
    organisation: str
    subject: str


class _Done(NamedTuple):
    user_id: UUID
    ended: list[UUID]


class _Link(NamedTuple):
    """A kind of link: what it opens, what its form does, and its page."""

    kind: Kind
    template: str
    opened: Callable[[TenantConnection, MailLinks, Token, datetime], _Whose]
    act: Callable[[TenantConnection, MailLinks, Token, str, datetime], _Done]


def _invited(tenant: TenantConnection, links: MailLinks, token: Token, now: datetime) -> _Whose:
    one = invitations.opened(tenant, links, token, now)
    return _Whose(one.email, one.name, organisation(tenant), f"invitation:{one.invitation_id}")


def _accept(tenant: TenantConnection, links: MailLinks, token: Token, password: str, now: datetime) -> _Done:
    return _Done(invitations.accept(tenant, links, token, password, now), [])


def _forgetful(tenant: TenantConnection, links: MailLinks, token: Token, now: datetime) -> _Whose:
    one = password_resets.opened(tenant, links, token, now)
    return _Whose(one.email, one.name, organisation(tenant), f"user:{one.user_id}")


def _reset(tenant: TenantConnection, links: MailLinks, token: Token, password: str, now: datetime) -> _Done:
    one, ended = password_resets.use(tenant, links, token, password, now)
    return _Done(one.user_id, ended)


_INVITATION = _Link("invitation", "welcome.html", _invited, _accept)
_RESET = _Link("reset", "reset.html", _forgetful, _reset)


class _Routes:
    def __init__(self, server: Flask, services: Services) -> None:
        key = services.settings.signing_key()
        self._server, self._database, self._trail = server, services.database, services.trail
        self._accounts = Accounts.of(services.database, services.settings)
        self._entering = Entering(server, self._accounts, key)
        self._links, self._rate = MailLinks(key), SignInRate(services.counters)

    def showing(self, link: _Link) -> Callable[[str], AnyResponse]:
        """The view of its page."""

        def show(token: str) -> AnyResponse:
            try:
                return self._page(link, self._opened(link, token)[1])
            except DeadLink:
                return _dead()

        return show

    def acting(self, link: _Link) -> Callable[[str], AnyResponse]:
        """The view of its form."""

        def act(token: str) -> AnyResponse:
            try:
                read, whose = self._opened(link, token)
                password = _asked_password(whose)
                begin_for_stranger(self._trail, read.tenant_id, whose.subject)
                with self._database.tenant(read.tenant_id) as tenant:
                    done = link.act(tenant, self._links, read, password, datetime.now(UTC))
            except DeadLink:
                return _dead()
            except _WrongPassword as wrong:
                return self._page(link, whose, {wrong.field: str(wrong)}, wrong.status)
            except Wrong as wrong:
                return self._page(link, whose, {"all": str(wrong)}, wrong.status)
            return self._enter(read.tenant_id, whose.email, done)

        return act

    def _opened(self, link: _Link, text: str) -> tuple[Token, _Whose]:
        """Raises DeadLink."""
        token = self._links.read(link.kind, text)
        if token is None:
            raise DeadLink
        audit_note.by(token.tenant_id, STRANGER)
        with self._database.tenant(token.tenant_id) as tenant:
            return token, link.opened(tenant, self._links, token, datetime.now(UTC))

    def _enter(self, tenant_id: UUID, email: str, done: _Done) -> AnyResponse:
        tell_ended(self._server, done.ended)
        # Whoever guessed before does not keep the owner of the new password waiting.
        self._rate.succeeded(email, addresses.counted(), self._entering.known(email), tries=0)
        found = self._accounts.proven(tenant_id, done.user_id, device_name())
        if isinstance(found, SecondStep):
            self._entering.keep_step(found)
            return _secret(code_form("/", status=200))
        return _secret(self._entering.enter(email, found, redirect("/", 303)))

    def _page(
        self, link: _Link, whose: _Whose, errors: dict[str, str] | None = None, status: int = 200
    ) -> AnyResponse:
        return _secret(page(link.template, status, whose=whose, errors=errors or {}))


class _WrongPassword(Wrong):
    """What is wrong with one of the two fields."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text, 422)
        self.field = field


def _asked_password(whose: _Whose) -> str:
    """Raises Wrong."""
    require_our_form()
    password, again = (request.form.get(name, "")[: LONGEST_PASSWORD + 1] for name in ("password", "again"))
    problem = password_problem(password, whose.email, whose.name)
    if problem is not None:
        raise _WrongPassword("password", problem)
    if password != again:
        raise _WrongPassword("again", "This is not the same password.")
    return password


def _dead() -> AnyResponse:
    """One answer for a link that never was one and one that is no more."""
    return _secret(page("dead_link.html", 404))


def _secret(answer: AnyResponse) -> AnyResponse:
    answer.headers.update(HEADERS)
    return answer
