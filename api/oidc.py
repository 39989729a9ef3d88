"""Signing in by the OpenID provider: /login/oidc goes there, /login/oidc/back comes from there.

What the browser brings back has to be the answer to what this browser was sent out with: state, nonce and
verifier are in its session, sealed, for ten minutes and for one use. The provider says who somebody is, never
what they may: role and grants are those that an owner gave.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from uuid import UUID

from flask import Blueprint, Flask, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from api import addresses
from api.admission import Admission, device_name, local
from api.browser_session import form_is_ours, signed_in
from api.entering import code_form
from api.forms import page
from api.oidc_provider import CALLBACK, NotVouchedFor, ProviderUnreachable
from api.sealed import Sealed
from data import audit_note
from data.accounts import Accounts, SecondStep
from data.provider_links import Account, Identity, accounts_of
from data.rates import Rate, Rates, TooManyRequests
from data.services import Services

log = logging.getLogger(__name__)

PATH = "/login/oidc"
OUT_SECONDS = 600
CHOICE_SECONDS = 300
PER_MINUTE = 60
"""Times a minute that one address is sent to the provider: an office may come from one."""
LONGEST_NEXT = 800
"""Bytes of where to go afterwards: the cookie has to hold it."""
_OUT, _CHOICE = "provider-out", "provider-choice"
_SAID = {
    "access_denied": "You were not let in there, or went back.",
    "login_required": "You are not signed in there.",
    "interaction_required": "It wants something of you first: sign in there.",
    "consent_required": "You did not agree that it tells us who you are.",
    "temporarily_unavailable": "It cannot do so right now.",
    "server_error": "It has a fault.",
}
"""Errors of a provider (RFC 6749, section 4.1.2.1) in our words: nothing of its answer is shown."""


def register(server: Flask, services: Services, accounts: Accounts, door: Admission) -> None:
    """Add the addresses; without a provider they lead to the sign-in."""
    views = _Routes(services, accounts, door)
    routes = Blueprint("oidc", __name__, template_folder="templates")
    routes.add_url_rule(PATH, "begin", views.begin, methods=["GET"])
    routes.add_url_rule(CALLBACK, "back", views.back, methods=["GET"])
    routes.add_url_rule(f"{PATH}/choose", "choose", views.choose, methods=["POST"])
    routes.add_url_rule(f"{PATH}/leave", "leave", views.leave, methods=["GET"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services, accounts: Accounts, door: Admission) -> None:
        key = services.settings.signing_key()
        self._database, self._counters = services.database, services.counters
        self._accounts, self._door, self._provider = accounts, door, door.provider
        self._rates = Rates(services.counters)
        self._out = Sealed(key, "sent to the provider", OUT_SECONDS, 1_000)
        self._choice = Sealed(key, "choice of an organisation", CHOICE_SECONDS, 1_300)

    def begin(self) -> AnyResponse:
        """Send the browser to the provider, unless somebody is signed in here."""
        target = local(request.args.get("next", "/"))
        if signed_in() is not None or not self._provider.on:
            return redirect(target if self._provider.on else "/login", 303)
        try:
            rate = Rate("address that goes to the provider", PER_MINUTE, 60)
            self._rates.spend((rate, addresses.counted()))
            state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
            address = self._provider.address(state, nonce, verifier)
        except TooManyRequests:
            error = "Too many tries to sign in. Please try again in a minute."
            return self._door.form(error=error, status=429, seconds=60)
        except ProviderUnreachable:
            return self._unreachable(target)
        if len(target.encode()) > LONGEST_NEXT:
            target = "/"
        self._door.entering.forget_step()
        session.pop(_CHOICE, None)
        session[_OUT] = self._out.seal([state, nonce, verifier, target])
        return redirect(address, 303)

    def back(self) -> AnyResponse:
        """What the provider has to say about this browser's sign-in."""
        if not self._provider.on:
            return redirect("/login", 303)
        sent = self._out.open(session.pop(_OUT, ""))
        state = request.args.get("state", "")
        if sent is None or not hmac.compare_digest(state.encode(), sent[0].encode()):
            return self._refused("This sign-in was not begun here, or took too long. Please try again.", 400)
        if self._counters.take("provider-state", state, OUT_SECONDS):
            return self._refused("This sign-in was used already. Please try again.", 400)
        _, nonce, verifier, target = sent
        try:
            self._provider.require_issuer(request.args.get("iss"))
            if "error" in request.args:
                said = _SAID.get(request.args["error"], "It did not say who you are.")
                return self._refused(f"{self._provider.name}: {said}", 403, target)
            code = request.args.get("code", "")
            if not 0 < len(code) <= 2_048:
                raise NotVouchedFor("there is no code")
            identity = self._provider.identity(code, verifier, nonce)
        except ProviderUnreachable:
            return self._unreachable(target)
        except NotVouchedFor as error:
            log.warning("a sign-in by the OpenID provider is refused: %s", error)
            return self._refused(
                f"{self._provider.name} did not say who you are. Please try again.", 403, target
            )
        return self._found(identity, target)

    def choose(self) -> AnyResponse:
        """Into which organisation, for who has an account in several."""
        kept = self._choice.open(session.get(_CHOICE, ""))
        if kept is None or not form_is_ours():
            return self._refused("The sign-in took too long. Please start again.", 400)
        identity, target = Identity(kept[0], kept[1]), kept[2]
        wanted = request.form.get("tenant", "")
        for account in accounts_of(self._database, identity):
            if account.tenant_id == _uuid(wanted):
                session.pop(_CHOICE, None)
                return self._enter(account, identity, target)
        return self._refused("You have no account there.", 403, target)

    def leave(self) -> AnyResponse:
        """Sign out at the provider, too (RP-Initiated Logout)."""
        return redirect((self._provider.leaving() if self._provider.on else None) or "/login", 303)

    def _found(self, identity: Identity, target: str) -> AnyResponse:
        accounts = accounts_of(self._database, identity)
        if not accounts:
            why = (
                f"Nobody here is known by the e-mail that {self._provider.name} has for you."
                " Ask an owner of your organisation to add you, or sign in with your password."
                if identity.email
                else f"{self._provider.name} has not verified your e-mail. Sign in with your password."
            )
            return self._refused(why, 403, target)
        if len(accounts) == 1:
            return self._enter(accounts[0], identity, target)
        session[_CHOICE] = self._choice.seal([identity.key, identity.email, target])
        return page("login_choice.html", accounts=accounts)

    def _enter(self, account: Account, identity: Identity, target: str) -> AnyResponse:
        found = self._accounts.by_provider(account, identity.key, device_name())
        if found is None:
            return self._refused("This account is not yours to sign in to in this way.", 403, target)
        audit_note.told(way="provider", first=not account.linked)
        if isinstance(found, SecondStep):
            self._door.note_failure_at((account.tenant_id, account.user_id), "sign-in", "begun")
            self._door.entering.keep_step(found)
            return code_form(local(target))
        return self._door.entering.enter(account.email, found, redirect(local(target), 303))

    def _refused(self, error: str, status: int, target: str = "/") -> AnyResponse:
        self._door.note_failure_at(None, "sign-in")
        return self._door.form(error=error, status=status, target=target)

    def _unreachable(self, target: str) -> AnyResponse:
        error = f"{self._provider.name} cannot be reached right now. Please try again, or use your password."
        return self._door.form(error=error, status=503, target=target, seconds=5)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
