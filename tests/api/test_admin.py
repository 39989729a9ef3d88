"""The page of people and tokens: whom each role looks after, and that changes hold at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.browser_session import session_ended
from data import people, provider_links
from data.engine import Database
from data.people import NotChanged
from data.users import Role
from tests.api.caller import Caller, person
from tests.conftest import Tenant
from tests.data.boards import People, add_event, add_venue


@pytest.fixture
def staff(database: Database, tenant: Tenant) -> People:
    return People(database, tenant)


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


def post(caller: Caller, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
    """A form of /admin, sent as its page would."""
    found = re.search(r'name="csrf" value="([^"]+)"', caller.client.get("/account").text)
    sent = {"csrf": found[1] if found else "none"} | (fields or {})
    return caller.client.post(path, data=sent, headers=dict(caller.headers))


def id_of(database: Database, tenant: Tenant, name: str) -> UUID:
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows(
            "SELECT user_id FROM users WHERE tenant_id = %s AND name = %s", [tenant.tenant_id, name]
        )
    found: UUID = row["user_id"]
    return found


def shown(caller: Caller) -> list[str]:
    people_ = caller.client.get("/admin").text.partition('id="people-title"')[2].partition("</section>")[0]
    return re.findall(r"<strong>([^<]+)</strong>", people_)


@contextmanager
def ended(server: Flask) -> Iterator[list[UUID]]:
    told: list[UUID] = []

    def note(_: Flask, *, session_id: UUID) -> None:
        told.append(session_id)

    session_ended.connect(note, server)
    yield told
    session_ended.disconnect(note, server)


def test_owners_look_after_everybody_and_managers_after_those_below_them(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    roles: dict[str, Role] = {"Max": "manager", "Ana": "analyst", "Dan": "door", "Pia": "promoter"}
    callers = {name: person(whole_server, database, tenant, role, name) for name, role in roles.items()}
    person(whole_server, database, other_tenant, "owner", "Eve")
    assert shown(owner) == ["Ana", "Dan", "Max", "Olga", "Pia"]
    # A promoter without a grant sees nothing that the manager does not.
    assert shown(callers["Max"]) == ["Ana", "Dan", "Pia"]
    for name in ("Ana", "Dan", "Pia"):
        assert callers[name]("GET", "/admin").status_code == 403
        page = callers[name]("GET", "/admin", Accept="text/html")
        assert (page.status_code, page.mimetype) == (403, "text/html")
        assert "Not part of your role" in page.text
        assert "Olga" not in page.text


def test_nobody_reaches_above_beside_or_outside(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    manager = person(whole_server, database, tenant, "manager", "Max")
    person(whole_server, database, tenant, "manager", "Mia")
    person(whole_server, database, other_tenant, "analyst", "Eve")
    outside = [id_of(database, tenant, name) for name in ("Olga", "Mia", "Max")]
    outside += [id_of(database, other_tenant, "Eve"), uuid4()]
    for user_id in outside:
        assert manager("GET", f"/admin/people/{user_id}").status_code == 404
        for act in ("access", "disable", "enable", "sessions"):
            answer = post(manager, f"/admin/people/{user_id}/{act}", {"role": "analyst", "reach": "all"})
            assert answer.status_code == 404, act
    person(whole_server, database, tenant, "door", "Dan")
    path = f"/admin/people/{id_of(database, tenant, 'Dan')}/access"
    for role in ("owner", "manager"):
        answer = post(manager, path, {"role": role, "reach": "all"})
        assert (answer.status_code, "Only an owner gives this role." in answer.text) == (409, True)
    assert post(manager, path, {"role": "analyst", "reach": "all"}).status_code == 303


def test_another_role_ends_every_session_at_once_and_holds_from_then_on(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    ana = person(whole_server, database, tenant, "analyst", "Ana")
    assert ana("GET", "/api/v1/dashboards").status_code == 200
    user_id = id_of(database, tenant, "Ana")
    with ended(whole_server) as told:
        answer = post(owner, f"/admin/people/{user_id}/access", {"role": "door", "reach": "all"})
    assert answer.location == f"/admin/people/{user_id}?done=access"
    assert len(told) == 1, "its live sockets are closed"
    assert ana("GET", "/api/v1/dashboards").status_code == 401
    page = owner("GET", f"/admin/people/{user_id}").text
    assert '<option value="door" selected>' in page
    assert "Nowhere" in page


def test_grants_are_chosen_among_what_one_sees_oneself(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, staff: People
) -> None:
    club = add_venue(staff, "The Club")
    gala, late = add_event(staff, name="Gala"), add_event(staff, club, "Late show")
    person(whole_server, database, tenant, "manager", "Max")
    max_path = f"/admin/people/{id_of(database, tenant, 'Max')}/access"
    given = {"role": "manager", "reach": "venues", "venues": str(tenant.venue_id)}
    assert post(owner, max_path, given).status_code == 303
    assert "Sees: The Hall" in owner("GET", "/admin").text
    manager = person(whole_server, database, tenant, "manager", "Moe")
    post(owner, f"/admin/people/{id_of(database, tenant, 'Moe')}/access", given)
    manager = Caller(signed_in_again(whole_server, database, tenant, "Moe"), manager.headers)
    person(whole_server, database, tenant, "promoter", "Pia")
    pia = id_of(database, tenant, "Pia")
    page = manager("GET", f"/admin/people/{pia}").text
    assert "Gala" in page
    assert "Late show" not in page
    assert "The Club" not in page
    path = f"/admin/people/{pia}/access"
    for fields, status, why in (
        ({"role": "promoter", "events": str(late)}, 409, "only what you see yourself"),
        ({"role": "promoter"}, 409, "A promoter sees one event"),
        ({"role": "promoter", "events": [str(gala), str(late)]}, 409, "A promoter sees one event"),
        ({"role": "analyst", "reach": "all"}, 409, "only what you see yourself"),
        ({"role": "analyst", "reach": "venues", "venues": str(club)}, 409, "only what you see yourself"),
        ({"role": "analyst", "reach": "venues", "venues": str(uuid4())}, 409, "no such venue or event"),
        ({"role": "analyst", "reach": "venues", "venues": "x"}, 422, "no such venue or event"),
        ({"role": "king", "reach": "all"}, 422, "no such role"),
        ({"role": "promoter", "events": str(gala)}, 303, ""),
    ):
        answer = post(manager, path, fields)
        assert (answer.status_code, why in answer.text) == (status, True), fields
    assert "Sees: Gala" in owner("GET", "/admin").text


def signed_in_again(server: Flask, database: Database, tenant: Tenant, name: str) -> Any:
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows(
            "SELECT email FROM users WHERE tenant_id = %s AND name = %s", [tenant.tenant_id, name]
        )
    client = server.test_client()
    form = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert form
    sent = {"email": row["email"], "password": "a long and quiet night", "csrf": form[1]}
    assert client.post("/login", data=sent).status_code == 303
    return client


def test_the_last_owner_stays_one_and_may_go_when_there_is_another(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    olga = id_of(database, tenant, "Olga")
    for act in ("access", "disable"):
        answer = post(owner, f"/admin/people/{olga}/{act}", {"role": "analyst", "reach": "all"})
        assert (answer.status_code, "the last owner" in answer.text) == (409, True)
    person(whole_server, database, tenant, "owner", "Otto")
    otto = id_of(database, tenant, "Otto")
    assert post(owner, f"/admin/people/{otto}/disable").status_code == 303
    answer = post(owner, f"/admin/people/{olga}/disable")
    assert answer.status_code == 409, "an owner who is shut out is none who could let others in"
    post(owner, f"/admin/people/{otto}/enable")
    assert post(owner, f"/admin/people/{olga}/access", {"role": "analyst", "reach": "all"}).status_code == 303
    assert owner("GET", "/admin").status_code == 302, "signed out"


def test_of_two_owners_who_remove_each_other_one_stays(
    database: Database, tenant: Tenant, staff: People
) -> None:
    one, two = staff.hire("owner", "One"), staff.hire("owner", "Two")
    assert one.user_id is not None
    assert two.user_id is not None
    with database.tenant(tenant.tenant_id) as first:
        people.change_access(first, one, two.user_id, "analyst", "all", [])
    with database.tenant(tenant.tenant_id) as second, pytest.raises(NotChanged, match="the last owner"):
        people.change_access(second, two, one.user_id, "door", "all", [])


def test_being_disabled_or_signed_out_by_somebody_ends_every_session(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    dan = person(whole_server, database, tenant, "door", "Dan")
    path = f"/admin/people/{id_of(database, tenant, 'Dan')}"
    assert dan("GET", "/account").status_code == 200
    assert post(owner, f"{path}/sessions").location == f"{path}?done=sessions"
    assert dan("GET", "/account").status_code == 302
    again = signed_in_again(whole_server, database, tenant, "Dan")
    with ended(whole_server) as told:
        assert post(owner, f"{path}/disable").status_code == 303
    assert len(told) == 1, "its live sockets are closed"
    assert again.get("/account").status_code == 302
    assert "Disabled" in owner("GET", "/admin").text
    post(owner, f"{path}/enable")
    assert signed_in_again(whole_server, database, tenant, "Dan").get("/account").status_code == 200


def test_a_manager_unlinks_somebody_and_does_not_allow_what_they_refuse(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    person(whole_server, database, tenant, "analyst", "Ann")
    manager = person(whole_server, database, tenant, "manager", "Max")
    ann = id_of(database, tenant, "Ann")
    with database.tenant(tenant.tenant_id) as connection:
        provider_links.bind(connection, ann, "linked")
    assert post(manager, f"/admin/people/{ann}/provider").status_code == 303
    with database.tenant(tenant.tenant_id) as connection:
        assert provider_links.link(connection, ann) is None
        provider_links.refuse(connection, ann)
    refused = post(manager, f"/admin/people/{ann}/provider")
    assert (refused.status_code, "Only they themselves can allow it again." in refused.text) == (409, True)
    with database.tenant(tenant.tenant_id) as connection:
        assert provider_links.link(connection, ann) == provider_links.Link(None, None)


def test_an_owner_makes_a_token_sees_it_once_and_revokes_it(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    fields = {"name": "Box <office>", "scope": ["send", "read"], "days": "90"}
    made = post(owner, "/admin/tokens", fields)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    [token] = re.findall(r"<code class=\"once\">(hc_[^<]+)</code>", made.text)
    program = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    assert program("GET", "/api/v1/dashboards").status_code == 200
    assert program("POST", "/api/v1/dashboards", {"name": "x"}).status_code == 403
    page = owner("GET", "/admin").text
    assert token not in page
    assert "Box &lt;office&gt;" in page
    assert re.search(r"last used .* · ends ", page)
    [path] = re.findall(r'action="(/admin/tokens/[^"]+/revoke)"', page)
    assert post(owner, path).location == "/admin?done=revoked"
    assert post(owner, path).status_code == 404
    assert "Revoked" in owner("GET", "/admin").text
    fresh = whole_server.test_client().get("/admin", headers={"Authorization": f"Bearer {token}"})
    assert fresh.status_code in (401, 403), "a program looks after nobody"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "", "scope": "send", "days": "30"}, "has a name"),
        ({"name": "x" * 81, "scope": "send", "days": "30"}, "has a name"),
        ({"name": "x", "days": "30"}, "what the token may do"),
        ({"name": "x", "scope": "all", "days": "30"}, "what the token may do"),
        ({"name": "x", "scope": "send", "days": "31"}, "when the token ends"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(owner: Caller, fields: dict[str, str], why: str) -> None:
    answer = post(owner, "/admin/tokens", fields)
    assert (answer.status_code, why in answer.text) == (422, True)
    assert "There are none." in owner("GET", "/admin").text


def test_tokens_are_the_owners_alone(whole_server: Flask, database: Database, tenant: Tenant) -> None:
    manager = person(whole_server, database, tenant, "manager", "Max")
    assert "API tokens" not in manager("GET", "/admin").text
    fields = {"name": "x", "scope": "send", "days": "30"}
    assert post(manager, "/admin/tokens", fields).status_code == 403
    assert post(manager, f"/admin/tokens/{uuid4()}/revoke").status_code == 403


def test_its_forms_are_taken_from_its_own_pages_alone(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    person(whole_server, database, tenant, "door", "Dan")
    path = f"/admin/people/{id_of(database, tenant, 'Dan')}/disable"
    assert post(owner, path, {"csrf": "guessed"}).status_code == 400
    foreign = Caller(owner.client, {"Origin": "https://evil.example"})
    assert post(foreign, path).status_code == 403
    assert post(owner, "/admin/tokens", {"csrf": "", "name": "x", "scope": "send"}).status_code == 400
