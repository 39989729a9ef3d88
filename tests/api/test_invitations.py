"""Making people in the browser: inviting, inviting again, taking it back, accepting."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import invitations as views
from app import SERVICES
from data import invitations, mail_rate
from data.engine import Database
from data.people import require_second_factor
from data.users import find_user, set_disabled
from tests.api.caller import PASSWORD, Caller, person
from tests.api.mailbox import Mailbox, plain
from tests.api.test_admin import id_of, post, shown, signed_in_again
from tests.api.test_audit import Log
from tests.api.test_forgotten import csrf, is_in, sign_in, spend
from tests.conftest import Tenant
from tests.data.boards import People, add_event, add_venue

FORM = "/admin/invitations"
NEW = "quite another long night"


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


@pytest.fixture
def mailbox(whole_server: Flask, database: Database) -> Mailbox:
    return Mailbox(whole_server, database)


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@guest.example"


def invite(caller: Caller, email: str, role: str = "analyst", **more: Any) -> TestResponse:
    return post(caller, FORM, {"email": email, "name": "Ben Guest", "role": role, "reach": "all"} | more)


@pytest.mark.parametrize(
    "name",
    [
        "evil.example/login",
        "Ben ftp://x",
        "WWW.x",
        "Ben ｅｖｉｌ．example",
        "Ben 例え。テスト",
        "call 203.0.113.7",
        "b@evil.example",
    ],
)
def test_a_name_that_mail_programs_would_make_a_link_of_is_refused(
    owner: Caller, email: str, name: str
) -> None:
    answer = invite(owner, email, name=name)
    assert answer.status_code == 422
    assert "A name must not look like a web address." in answer.text
    assert email not in invited(owner)


@pytest.mark.parametrize("name", ["J.R.R. Tolkien", "Ben Guest Jr.", "Ada St. John", "Dr. B. O’Neil-Östberg"])
def test_a_name_with_dots_is_a_name(owner: Caller, email: str, name: str) -> None:
    assert invite(owner, email, name=name).status_code == 303
    assert email in invited(owner)


def invited(caller: Caller) -> list[str]:
    """The e-mails in the list of who is not yet in."""
    part = caller.client.get("/admin").text.partition('id="invited-title"')[2].partition("</section>")[0]
    return re.findall(r'small">([^<\s]+@[^<\s]+)</div>', part)


def buttons(caller: Caller) -> dict[str, str]:
    """What the only invitation in the list offers: resend and withdraw, with where they lead."""
    found = re.findall(rf'action="({FORM}/[0-9a-f-]+/(\w+))"', caller.client.get("/admin").text)
    return {act: path for path, act in found}


def test_an_owner_invites_somebody_who_chooses_a_password_and_is_in(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    answer = invite(owner, f" {email.upper()} ", name=" Ben <Guest> ")
    assert (answer.status_code, answer.location) == (303, "/admin?done=invited")
    assert invited(owner) == [email]
    assert shown(owner) == ["Olga"], "there is no account yet"
    assert "Mail waits" in owner.client.get("/admin").text
    [mail] = mailbox.to(email)
    assert str(mail["Subject"]) == "Olga invites you to Test"
    assert "Written to a file" in owner.client.get("/admin").text
    path, client = mailbox.path(email, "welcome"), whole_server.test_client()
    for _ in range(2):
        page = client.get(path)
        assert (page.status_code, "Welcome, Ben &lt;Guest&gt;" in page.text) == (200, True)
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert invited(owner) == [email], "looking is not accepting"
    answer = spend(client, path)
    assert (answer.status_code, answer.location) == (303, "/")
    account = client.get("/account").text
    assert ("Analyst at Test" in account, email in account) == (True, True)
    assert (invited(owner), shown(owner)) == ([], ["Ben &lt;Guest&gt;", "Olga"])
    assert spend(whole_server.test_client(), path).status_code == 404
    assert sign_in(whole_server, email, NEW)[1].status_code == 303


def test_grants_and_role_are_those_that_were_chosen(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    gala = add_event(People(database, tenant), name="Gala")
    assert invite(owner, email, "promoter", events=str(gala)).status_code == 303
    assert "Will see: Gala" in owner.client.get("/admin").text
    client = whole_server.test_client()
    spend(client, mailbox.path(email, "welcome"))
    assert "Promoter at Test" in client.get("/account").text
    assert "Sees: Gala" in owner.client.get("/admin").text


def test_invited_again_only_the_newest_link_opens_and_withdrawn_none(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    invite(owner, email)
    first = mailbox.path(email, "welcome")
    assert post(owner, buttons(owner)["resend"]).location == "/admin?done=resent"
    second = mailbox.path(email, "welcome")
    assert second != first
    client = whole_server.test_client()
    assert [client.get(path).status_code for path in (first, second)] == [404, 200]
    form = csrf(client.get(second))
    assert post(owner, buttons(owner)["withdraw"]).location == "/admin?done=withdrawn"
    late = client.post(second, data={"password": NEW, "again": NEW, "csrf": form})
    assert (late.status_code, invited(owner), shown(owner)) == (404, [], ["Olga"])
    assert sign_in(whole_server, email, NEW)[1].status_code == 401


def test_a_mail_that_waits_goes_with_its_invitation(owner: Caller, mailbox: Mailbox, email: str) -> None:
    invite(owner, email)
    post(owner, buttons(owner)["withdraw"])
    assert mailbox.to(email) == []


def test_an_invitation_ends_after_a_week_and_can_be_given_anew(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    assert timedelta(days=7) == invitations.LIFE
    invite(owner, email)
    path = mailbox.path(email, "welcome")
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE invitations SET expires_at = now()")
    assert whole_server.test_client().get(path).status_code == 404
    assert ">Ended<" in owner.client.get("/admin").text
    assert invite(owner, email, name="Benjamin").status_code == 303, "in place of the one that ended"
    assert invited(owner) == [email]
    assert spend(whole_server.test_client(), mailbox.path(email, "welcome")).status_code == 303


@pytest.mark.parametrize(
    ("fields", "status", "field", "words"),
    [
        ({"name": ""}, 422, "name", "1 to 80 characters"),
        ({"name": "x" * 81}, 422, "name", "1 to 80 characters"),
        ({"name": "Ada\r\nBcc: all@victims.example"}, 422, "name", "on one line"),
        ({"name": "Ada\u2028Byron"}, 422, "name", "on one line"),
        ({"email": "nobody"}, 422, "email", "no e-mail address"),
        ({"email": "a@b.example, c@d.example"}, 422, "email", "no e-mail address"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, 422, "email", "no e-mail address"),
        ({"email": "Ada <a@b.example>"}, 422, "email", "no e-mail address"),
        ({"email": f"{'x' * 250}@b.example"}, 422, "email", "no e-mail address"),
        ({"role": "king"}, 422, "access", "no such role"),
        ({"role": "promoter"}, 409, "access", "A promoter sees one event"),
        ({"reach": "venues", "venues": "x"}, 422, "access", "no such venue"),
        ({"reach": "venues", "venues": str(UUID(int=7))}, 409, "access", "no such venue"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_what_was_typed_stays(
    owner: Caller, email: str, fields: dict[str, str], status: int, field: str, words: str
) -> None:
    answer = post(owner, FORM, {"email": email, "name": "Zoë", "role": "door", "reach": "all"} | fields)
    assert answer.status_code == status
    assert re.search(rf'id="{field}-error">[^<]*{words}', answer.text), answer.text
    assert "name" in fields or 'value="Zoë"' in answer.text
    assert invited(owner) == []


def test_one_e_mail_is_one_person_or_one_invitation(
    database: Database, tenant: Tenant, owner: Caller, email: str
) -> None:
    assert invite(owner, email).status_code == 303
    again = invite(owner, email.upper())
    assert (again.status_code, "invited already" in again.text) == (409, True)
    with database.tenant(tenant.tenant_id) as connection:
        [mine] = connection.rows("SELECT email FROM users WHERE name = 'Olga'")
    mine_again = invite(owner, mine["email"])
    assert (mine_again.status_code, "somebody with this e-mail already" in mine_again.text) == (409, True)


def test_the_same_e_mail_may_be_invited_by_two_organisations(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
    other_tenant: Tenant,
    owner: Caller,
    mailbox: Mailbox,
    email: str,
) -> None:
    other = person(whole_server, database, other_tenant, "owner", "Otto")
    assert [invite(each, email).status_code for each in (owner, other)] == [303, 303]
    assert invited(owner) == invited(other) == [email]
    for act in ("resend", "withdraw"):
        assert post(other, buttons(owner)[act]).status_code == 404
    assert len(mailbox.to(email)) == 2


def test_managers_invite_those_below_them_as_far_as_they_see_themselves(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, email: str
) -> None:
    club = add_venue(People(database, tenant), "The Club")
    person(whole_server, database, tenant, "manager", "Max")
    given = {"role": "manager", "reach": "venues", "venues": str(tenant.venue_id)}
    post(owner, f"/admin/people/{id_of(database, tenant, 'Max')}/access", given)
    manager = Caller(signed_in_again(whole_server, database, tenant, "Max"), owner.headers)
    page = manager.client.get(FORM).text
    assert ("The Hall" in page, "The Club" in page, 'value="owner"' in page) == (True, False, False)
    for fields, why in (
        ({"role": "owner"}, "Only an owner"),
        ({"role": "manager"}, "Only an owner"),
        ({"role": "analyst"}, "only what you see yourself"),
        ({"role": "analyst", "reach": "venues", "venues": str(club)}, "only what you see yourself"),
    ):
        refused = invite(manager, email, **fields)
        assert (refused.status_code, why in refused.text) == (409, True), fields
    assert invite(manager, email, reach="venues", venues=str(tenant.venue_id)).status_code == 303
    invite(owner, f"o-{email}", "owner")
    assert (invited(manager), sorted(invited(owner))) == ([email], sorted([email, f"o-{email}"]))
    theirs = re.findall(rf"{FORM}/[0-9a-f-]+/\w+", owner.client.get("/admin").text)
    assert {post(manager, path).status_code for path in theirs} == {303, 404}
    for role in ("analyst", "door", "promoter"):
        below = person(whole_server, database, tenant, role)
        assert below("GET", FORM).status_code == 403
        assert invite(below, f"x-{email}").status_code == 403


@pytest.mark.parametrize("change", ["disabled", "demoted", "limited", "there meanwhile"])
def test_an_invitation_is_worth_what_its_giver_might_still_give(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
    owner: Caller,
    mailbox: Mailbox,
    email: str,
    change: str,
) -> None:
    manager = person(whole_server, database, tenant, "manager", "Max")
    invite(manager, email)
    path, client = mailbox.path(email, "welcome"), whole_server.test_client()
    form = csrf(client.get(path))
    max_ = f"/admin/people/{id_of(database, tenant, 'Max')}"
    if change == "disabled":
        post(owner, f"{max_}/disable")
    elif change == "demoted":
        post(owner, f"{max_}/access", {"role": "analyst", "reach": "all"})
    elif change == "limited":
        here = {"role": "manager", "reach": "venues", "venues": str(tenant.venue_id)}
        post(owner, f"{max_}/access", here)
    else:
        from data.users import add_user

        with database.tenant(tenant.tenant_id) as connection:
            add_user(connection, email, "Ben", "door", PASSWORD)
    assert client.get(path).status_code == 404
    assert client.post(path, data={"password": NEW, "again": NEW, "csrf": form}).status_code == 404
    assert sign_in(whole_server, email, NEW)[1].status_code == 401
    if change != "there meanwhile":
        assert invited(owner) == [email]
        post(owner, buttons(owner)["resend"])
        assert spend(client, mailbox.path(email, "welcome")).status_code == 303, "given anew by an owner"


def test_of_two_who_accept_at_once_one_is_in(
    whole_server: Flask, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    invite(owner, email)
    path = mailbox.path(email, "welcome")
    clients = [whole_server.test_client() for _ in range(4)]
    forms = [csrf(client.get(path)) for client in clients]

    def accept(number: int) -> int:
        sent = {"password": f"{NEW} {number}", "again": f"{NEW} {number}", "csrf": forms[number]}
        return clients[number].post(path, data=sent).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(accept, range(4))) == [303, 404, 404, 404]
    assert [is_in(client) for client in clients].count(True) == 1


def test_where_a_second_factor_is_required_it_is_set_up_before_anything_else(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    invite(owner, email)
    with database.tenant(tenant.tenant_id) as connection:
        require_second_factor(connection, True)
    client = whole_server.test_client()
    spend(client, mailbox.path(email, "welcome"))
    assert client.get("/").location == "/account/second-factor"


def test_in_a_browser_of_somebody_else_who_accepts_is_the_one_who_is_in(
    whole_server: Flask, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    invite(owner, email)
    before = owner.client.get_cookie("housecount")
    assert before is not None
    assert spend(owner.client, mailbox.path(email, "welcome")).status_code == 303
    assert email in owner.client.get("/account").text
    copy = whole_server.test_client()
    copy.set_cookie("housecount", before.value)
    assert not is_in(copy), "the session that was there is over"


def test_only_owners_are_told_the_folder_and_nobody_outside_that_there_is_one(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, email: str
) -> None:
    folder = str(whole_server.extensions[SERVICES].settings.mail_folder.resolve())
    manager = person(whole_server, database, tenant, "manager", "Max")
    for path in ("/admin", FORM):
        assert folder in owner.client.get(path).text
        told = manager.client.get(path).text
        assert ("Mail is not set up" in told, folder in told) == (True, False)
    stranger: FlaskClient = whole_server.test_client()
    for path in ("/login", "/forgot", "/forgot?asked=1", "/welcome/x", "/reset/x"):
        assert "not set up" not in stranger.get(path).text


def test_mails_that_could_not_be_sent_are_shown_to_owners(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, email: str
) -> None:
    invite(owner, email)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE mails SET status = 'failed', error = 'The <address> was refused: 550'")
    page = owner.client.get("/admin").text
    assert "The &lt;address&gt; was refused: 550" in page
    assert "Mail not sent" in page
    manager = person(whole_server, database, tenant, "manager", "Max")
    assert "refused: 550" not in manager.client.get("/admin").text


def test_nobody_is_flooded_and_nobody_floods(
    owner: Caller, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(owner, email)
    paths = [buttons(owner)["resend"]] * mail_rate.MAILS_TO_EMAIL
    assert [post(owner, path).status_code for path in paths] == [303] * (len(paths) - 1) + [429]
    monkeypatch.setattr(mail_rate, "INVITED_BY_PERSON", 1)
    late = invite(owner, f"other-{email}")
    assert (late.status_code, "Please try again in" in late.text) == (429, True)


def test_the_demo_sends_mail_to_nobody(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
    owner: Caller,
    email: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    ours = {"csrf": csrf(owner.client.get(FORM))}
    assert invite(owner, email, **ours).status_code == 303, "while it is but written to a file"
    settings = whole_server.extensions[SERVICES].settings
    monkeypatch.setitem(settings.__dict__, "smtp_host", "mail.example")
    refused = invite(owner, f"x-{email}", **ours)
    assert (refused.status_code, views._NO_MAIL in refused.text.replace("&#39;", "'")) == (403, True)
    assert post(owner, buttons(owner)["resend"], ours).status_code == 403


def test_its_forms_are_taken_from_its_own_pages_alone(owner: Caller, email: str) -> None:
    invite(owner, email)
    paths = [*buttons(owner).values(), FORM]
    for path in paths:
        assert post(owner, path, {"csrf": "guessed"}).status_code == 400
        assert post(Caller(owner.client, {"Origin": "https://evil.example"}), path).status_code == 403
    assert invited(owner) == [email]


def test_every_step_is_in_the_audit_log(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    log = Log(database, tenant.tenant_id)
    invite(owner, email)
    post(owner, buttons(owner)["resend"])
    path = mailbox.path(email, "welcome")
    client = whole_server.test_client()
    spend(client, path)
    other = f"x-{email}"
    invite(owner, other)
    post(owner, buttons(owner)["withdraw"])
    entries = [entry for entry in log.new() if not entry["action"].startswith(("see-", "manage-"))]
    told = [(entry["actor_kind"], entry["action"], entry["outcome"]) for entry in entries]
    assert told == [
        ("person", "invite", "begun"),
        ("person", "invite", "done"),
        ("person", "resend-invitation", "begun"),
        ("person", "resend-invitation", "done"),
        ("stranger", "accept-invitation", "begun"),
        ("person", "accept-invitation", "done"),
        ("person", "invite", "begun"),
        ("person", "invite", "done"),
        ("person", "withdraw-invitation", "begun"),
        ("person", "withdraw-invitation", "done"),
    ]
    with database.tenant(tenant.tenant_id) as connection:
        user = find_user(connection, email)
    about = {entry["object"] for entry in entries[1:5]}
    assert len(about) == 1
    assert about.pop().startswith("invitation:")
    assert (entries[5]["object"], entries[5]["actor_id"]) == (f"user:{user}", user)
    assert entries[1]["detail"]["role"] == "analyst"
    assert email not in str(entries)
    assert path.rpartition("/")[2] not in str(entries)


def test_the_text_of_the_mail_says_who_invites_to_what_and_how_long(
    owner: Caller, mailbox: Mailbox, email: str
) -> None:
    invite(owner, email)
    text = plain(mailbox.to(email)[0])
    assert text.startswith("Hello Ben Guest,")
    assert "Olga invites you to see the figures of Test on Housecount." in text
    assert "works once" in text


def test_somebody_disabled_is_no_guest_of_their_own(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, mailbox: Mailbox, email: str
) -> None:
    invite(owner, email)
    client = whole_server.test_client()
    spend(client, mailbox.path(email, "welcome"))
    with database.tenant(tenant.tenant_id) as connection:
        user = find_user(connection, email)
        assert user is not None
        set_disabled(connection, user, True)
    refused = invite(owner, email)
    assert (refused.status_code, "somebody with this e-mail already" in refused.text) == (409, True)
