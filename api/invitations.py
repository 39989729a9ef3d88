"""/admin/invitations: making a person by inviting them, inviting again, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.admin import PATH, asked_access, mail_state, nobody, offered, overview
from api.forms import Wrong, page, require_our_form
from api.login import minutes
from data import audit_note, invitations, people
from data.access import Access
from data.engine import TenantConnection
from data.invitations import Taken
from data.mail_links import MailLinks
from data.mail_rate import MailRate
from data.people import NoSuchPerson, NotChanged
from data.permissions import access_of, may
from data.services import Services
from data.users import LIKE_AN_ADDRESS, is_email, is_like_an_address

LONGEST_NAME = 80
FORM = f"{PATH}/invitations"
_NO_MAIL = "The demo sends no mail to anybody: its sign-in is everybody's."


def register(server: Flask, services: Services) -> None:
    """Add the form of an invitation and what becomes of it."""
    views = _Routes(services)
    routes = Blueprint("invitations", __name__, template_folder="templates")
    one = f"{FORM}/<uuid:invitation_id>"
    routes.add_url_rule(FORM, "show", views.show, methods=["GET"])
    routes.add_url_rule(FORM, "invite", views.invite, methods=["POST"])
    routes.add_url_rule(f"{one}/resend", "resend", views.resend, methods=["POST"])
    routes.add_url_rule(f"{one}/withdraw", "withdraw", views.withdraw, methods=["POST"])
    server.register_blueprint(routes)


class _WrongField(Wrong):
    """What is wrong with one field of the form."""

    def __init__(self, field: str, text: str, status: int) -> None:
        super().__init__(text, status)
        self.field = field


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services, self._rate = services, MailRate(services.counters)
        self._links = MailLinks(services.settings.signing_key())

    def show(self) -> AnyResponse:
        return self._form()

    def invite(self) -> AnyResponse:
        try:
            require_our_form()
            made = self._invite()
        except _WrongField as wrong:
            return self._form({wrong.field: str(wrong)}, wrong.status)
        except Wrong as wrong:
            return self._form({"all": str(wrong)}, wrong.status)
        audit_note.about(f"invitation:{made}")
        return redirect(f"{PATH}?done=invited", 303)

    def resend(self, invitation_id: UUID) -> AnyResponse:
        def act(tenant: TenantConnection, access: Access) -> None:
            self._require_no_demo()
            email = invitations.resend(tenant, access, self._links, invitation_id, datetime.now(UTC))
            self._count(access, email)

        return self._changed(act, "resent")

    def withdraw(self, invitation_id: UUID) -> AnyResponse:
        return self._changed(
            lambda tenant, access: invitations.withdraw(tenant, access, invitation_id), "withdrawn"
        )

    def _invite(self) -> UUID:
        email, name = request.form.get("email", "").strip().lower(), request.form.get("name", "").strip()
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise _WrongField("name", f"A name has 1 to {LONGEST_NAME} characters, on one line.", 422)
        if is_like_an_address(name):
            raise _WrongField("name", LIKE_AN_ADDRESS, 422)
        if not is_email(email):
            raise _WrongField("email", "This is no e-mail address.", 422)
        try:
            role, reach, places = asked_access()
        except Wrong as wrong:
            raise _WrongField("access", str(wrong), wrong.status) from None
        self._require_no_demo()
        access = access_of(g.person)
        try:
            with self._services.database.tenant(access.tenant_id) as tenant:
                made = invitations.invite(
                    tenant, access, self._links, email, name, role, reach, places, datetime.now(UTC)
                )
                self._count(access, email)
        except Taken as refusal:
            raise _WrongField("email", str(refusal), 409) from None
        except NotChanged as refusal:
            raise _WrongField("access", str(refusal), 409) from None
        audit_note.told(role=role, reach=reach)
        return made

    def _require_no_demo(self) -> None:
        """Raises Wrong where everybody could have mails sent to anybody."""
        if g.person.demo and self._services.settings.smtp_host:
            raise Wrong(_NO_MAIL, 403)

    def _count(self, access: Access, email: str) -> None:
        """A mail goes there. Raises Wrong when it must not now: then nothing of the transaction holds."""
        assert access.user_id is not None
        seconds = self._rate.wait_to_invite(access.tenant_id, access.user_id, email)
        if seconds:
            raise Wrong(f"Many mails went out just now. Please try again in {minutes(seconds)}.", 429)

    def _changed(self, act: Callable[[TenantConnection, Access], None], done: str) -> AnyResponse:
        try:
            require_our_form()
            with self._services.database.tenant(g.person.tenant_id) as tenant:
                act(tenant, access_of(g.person))
        except NoSuchPerson:
            return nobody()
        except Wrong as wrong:
            return overview(self._services, wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done={done}", 303)

    def _form(self, errors: dict[str, str] | None = None, status: int = 200) -> Response:
        """The form, with what was typed."""
        access, typed = access_of(g.person), request.form
        granted = [place for reach in ("venues", "events") for place in typed.getlist(reach)]
        roles = people.roles_to_give(access)
        return page(
            "admin_invite.html",
            status,
            errors=errors or {},
            typed=typed,
            roles=roles,
            role=typed.get("role", "analyst"),
            reach=typed.get("reach", "all" if access.venues is None else "venues"),
            places=offered(self._services, access),
            granted=_ids(granted),
            mail=mail_state(self._services, owner=may(access, "administer")),
        )


def _ids(texts: list[str]) -> frozenset[UUID]:
    found = set()
    for text in texts:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return frozenset(found)
