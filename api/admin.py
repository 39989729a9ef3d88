"""/admin: looking after the people of one's organisation: what they may see and do, and shutting them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast, get_args
from uuid import UUID

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.forms import Wrong, page, require_our_form, tell_ended
from data import mails, people
from data.access import Access
from data.engine import TenantConnection
from data.grants import Reach
from data.invitations import invitations
from data.people import NoSuchPerson, NotChanged
from data.permissions import access_of, may
from data.services import Services
from data.tokens import list_tokens
from data.users import Role

PATH = "/admin"
MOST_EVENTS = 200
"""Events offered to be granted, those nearest to now."""
_DONE = {
    "access": "Changed, and signed out everywhere: it holds from the next sign-in on.",
    "disabled": "Shut out, and signed out everywhere.",
    "enabled": "May sign in again.",
    "sessions": "Signed out everywhere.",
    "factor": "Has no second factor any more, and is signed out everywhere.",
    "unlinked": "Unlinked, and signed out where that had signed them in: the next sign-in there links anew.",
    "required": "Everybody needs a second factor now: who has none has to set one up before anything else.",
    "not-required": "A second factor is everybody's own choice again.",
    "invited": "Invited.",
    "resent": "Invited again; the link of before opens nothing any more.",
    "withdrawn": "The invitation is withdrawn: its link opens nothing any more.",
    "revoked": "The token is revoked; every server refuses it within half a minute.",
}
_NEVER = timedelta(days=100_000)


def register(server: Flask, services: Services) -> None:
    """Add /admin and what its forms do."""
    views = _Routes(server, services)
    routes = Blueprint("admin", __name__, template_folder="templates")
    one = f"{PATH}/people/<uuid:user_id>"
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    routes.add_url_rule(one, "person", views.show_person, methods=["GET"])
    for name, view in (
        ("access", views.change_access),
        ("disable", views.disable),
        ("enable", views.enable),
        ("sessions", views.end_sessions),
        ("second-factor", views.reset_second_factor),
        ("provider", views.unlink_provider),
    ):
        routes.add_url_rule(f"{one}/{name}", name, view, methods=["POST"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, server: Flask, services: Services) -> None:
        self._server, self._services = server, services

    def show(self) -> AnyResponse:
        return overview(self._services, told=_DONE.get(request.args.get("done", "")))

    def show_person(self, user_id: UUID) -> AnyResponse:
        return self._person(user_id, told=_DONE.get(request.args.get("done", "")))

    def change_access(self, user_id: UUID) -> AnyResponse:
        def act(tenant: TenantConnection, access: Access) -> list[UUID]:
            role, reach, places = asked_access()
            return people.change_access(tenant, access, user_id, role, reach, places)

        return self._changed(user_id, act, "access")

    def disable(self, user_id: UUID) -> AnyResponse:
        return self._changed(
            user_id, lambda tenant, access: people.shut_out(tenant, access, user_id, True), "disabled"
        )

    def enable(self, user_id: UUID) -> AnyResponse:
        return self._changed(
            user_id, lambda tenant, access: people.shut_out(tenant, access, user_id, False), "enabled"
        )

    def end_sessions(self, user_id: UUID) -> AnyResponse:
        return self._changed(
            user_id, lambda tenant, access: people.sign_out(tenant, access, user_id), "sessions"
        )

    def reset_second_factor(self, user_id: UUID) -> AnyResponse:
        return self._changed(
            user_id, lambda tenant, access: people.reset_second_factor(tenant, access, user_id), "factor"
        )

    def unlink_provider(self, user_id: UUID) -> AnyResponse:
        return self._changed(
            user_id, lambda tenant, access: people.unlink_provider(tenant, access, user_id), "unlinked"
        )

    def _changed(
        self, user_id: UUID, act: Callable[[TenantConnection, Access], list[UUID]], done: str
    ) -> AnyResponse:
        """Do it in one transaction; on, or back with the reason why not."""
        try:
            require_our_form()
            with self._services.database.tenant(g.person.tenant_id) as tenant:
                ended = act(tenant, access_of(g.person))
        except NoSuchPerson:
            return nobody()
        except NotChanged as refusal:
            return self._person(user_id, wrong=str(refusal), status=409)
        except Wrong as wrong:
            return self._person(user_id, wrong=str(wrong), status=wrong.status)
        tell_ended(self._server, ended)
        return redirect(f"{PATH}/people/{user_id}?done={done}", 303)

    def _person(
        self, user_id: UUID, *, told: str | None = None, wrong: str | None = None, status: int = 200
    ) -> Response:
        access = access_of(g.person)
        try:
            with self._services.database.tenant(access.tenant_id) as tenant:
                found = people.colleague(tenant, access, user_id)
        except NoSuchPerson:
            return nobody()
        return page(
            "admin_person.html",
            status,
            one=found,
            me=g.person.user_id == user_id,
            provider=provider_name(self._services),
            roles=people.roles_to_give(access),
            places=offered(self._services, access, found.places),
            told=told,
            wrong=wrong,
        )


def overview(
    services: Services,
    *,
    told: str | None = None,
    wrong: str | None = None,
    token: str | None = None,
    status: int = 200,
) -> Response:
    """The page of everybody, and for owners of all tokens; `token` is one that was just made."""
    access = access_of(g.person)
    with services.database.tenant(access.tenant_id) as tenant:
        found = people.people(tenant, access)
        owner = may(access, "administer")
        tokens = list_tokens(tenant) if owner else None
        required = people.second_factor_required(tenant)
        invited = invitations(tenant, access)
        troubles = mails.troubles(tenant) if owner else []
    return page(
        "admin.html",
        status,
        person=g.person,
        people=found,
        sees=words_of(services, access),
        invited=invited,
        mail=mail_state(services, owner=owner),
        troubles=troubles,
        provider=provider_name(services),
        tokens=tokens,
        required=required,
        now=datetime.now(UTC),
        token=token,
        told=told,
        wrong=wrong,
    )


def provider_name(services: Services) -> str | None:
    """What people call the OpenID provider, if there is one."""
    return services.settings.oidc_name if services.settings.oidc_issuer else None


def nobody() -> Response:
    """There is no such person here."""
    return page("admin_nobody.html", 404)


def asked_access() -> tuple[Role, Reach, list[UUID]]:
    """What the form says of role and grants. Raises Wrong."""
    role, reach = request.form.get("role", ""), request.form.get("reach", "all")
    if role not in get_args(Role) or reach not in get_args(Reach):
        raise Wrong("There is no such role.", 422)
    if role == "promoter":
        reach = "events"
    try:
        places = [UUID(place) for place in request.form.getlist(reach)] if reach != "all" else []
    except ValueError:
        raise Wrong("There is no such venue or event.", 422) from None
    return cast(Role, role), cast(Reach, reach), places


def mail_state(services: Services, *, owner: bool) -> dict[str, str]:
    """Where mails go: to whom, and while there is no server, into which folder; that only owners are told."""
    settings = services.settings
    if settings.smtp_host:
        return {"server": settings.smtp_host}
    return {"folder": str(settings.mail_folder.resolve()) if owner else ""}


def offered(
    services: Services, access: Access, granted: Collection[UUID] = frozenset()
) -> dict[str, Sequence[tuple[UUID, str]]]:
    """The venues and events that may be granted, by name; those that are granted are always among them."""
    directory, now = services.directory, datetime.now(UTC)
    venues = [venue for venue in directory.venues(access.tenant_id) if access.sees_venue(venue.venue_id)]
    zones = {venue.venue_id: venue.zone for venue in venues}
    events = [
        event
        for event in directory.events(access.tenant_id)
        if access.sees_event(event.venue_id, event.event_id) and event.venue_id in zones
    ]

    def distance(opens: datetime | None) -> timedelta:
        return abs(opens - now) if opens else _NEVER

    events.sort(
        key=lambda event: (event.event_id not in granted, distance(event.doors_at or event.starts_at))
    )
    shown = []
    for event in events[:MOST_EVENTS]:
        opens = event.doors_at or event.starts_at
        when = f", {opens.astimezone(zones[event.venue_id]):%-d %b %Y}" if opens else ""
        shown.append((event.event_id, f"{event.name}{when}"))
    return {"venues": [(venue.venue_id, venue.name) for venue in venues], "events": shown}


def words_of(services: Services, access: Access) -> Callable[[Reach, Collection[UUID]], str]:
    """What says in words what is seen by whom this reaches and these places are granted."""
    directory = services.directory
    known = {venue.venue_id: venue.name for venue in directory.venues(access.tenant_id)}
    known |= {event.event_id: event.name for event in directory.events(access.tenant_id)}

    def words(reach: Reach, places: Collection[UUID]) -> str:
        named = sorted(known.get(place, "") for place in places)
        return "Everything" if reach == "all" else ", ".join(filter(None, named)) or "Nothing"

    return words
