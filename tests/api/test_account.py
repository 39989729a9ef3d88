"""One's own sign-in: where one is signed in, ending that, another password."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.browser_session import session_ended
from data import sign_in_rate
from data.engine import Database
from data.users import add_user
from tests.conftest import Tenant

OLD, NEW = "a long and quiet night", "quite another long night"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0"
OURS = {"Origin": "http://localhost"}


@pytest.fixture
def email(database: Database, tenant: Tenant) -> str:
    email = f"ada-{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, "Ada <Byron>", "manager", OLD)
    return email


def browser(server: Flask, email: str, password: str = OLD, agent: str = FIREFOX) -> FlaskClient:
    """A browser of hers that has tried to sign in."""
    client = server.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    token = csrf(client.get("/login").text)
    client.post("/login", data={"email": email, "password": password, "csrf": token})
    return client


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    sent = {"csrf": csrf(client.get("/account").text)} | fields
    return client.post(f"/account/{path}", data=sent, headers=OURS)


def change(client: FlaskClient, old: str = OLD, new: str = NEW, again: str | None = None) -> TestResponse:
    return post(client, "password", old=old, new=new, again=new if again is None else again)


def test_it_says_who_one_is_and_where_one_is_signed_in(whole_server: Flask, email: str) -> None:
    phone = browser(whole_server, email)
    browser(whole_server, email, agent="curl/8.5.0")
    page = phone.get("/account").text
    assert "Ada &lt;Byron&gt;" in page
    assert email in page
    assert sorted(re.findall(r"<strong>([^<]*)</strong>", page)) == ["Another program", "Firefox on Android"]
    assert page.count("This one") == 1
    assert "rv:144" not in page


def test_a_stranger_has_no_account(whole_server: Flask) -> None:
    stranger = whole_server.test_client()
    assert stranger.get("/account").location == "/login?next=%2Faccount"
    for path in ("password", "sessions/end"):
        assert stranger.post(f"/account/{path}", headers=OURS).status_code == 401


def test_one_session_or_all_others_are_ended_at_once(whole_server: Flask, email: str) -> None:
    here, there, elsewhere = (browser(whole_server, email) for _ in range(3))
    told = []

    def ended(_: Flask, *, session_id: object) -> None:
        told.append(session_id)

    session_ended.connect(ended, whole_server)
    other = re.findall(r'name="session" value="([^"]+)"', there.get("/account").text)
    mine = re.findall(r'name="session" value="([^"]+)"', here.get("/account").text)
    of_there = next(iter(set(mine) - set(other)))
    assert post(here, "sessions/end", session=of_there).location == "/account?done=ended"
    assert [is_in(each) for each in (here, there, elsewhere)] == [True, False, True]
    assert [str(each) for each in told] == [of_there]
    assert post(here, "sessions/end").status_code == 303
    assert [is_in(each) for each in (here, there, elsewhere)] == [True, False, False]
    assert len(told) == 2
    session_ended.disconnect(ended, whole_server)


def test_nobody_ends_the_session_of_somebody_else(
    whole_server: Flask, database: Database, tenant: Tenant, email: str
) -> None:
    ben = f"ben-{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, ben, "Ben", "owner", OLD)
        ada = browser(whole_server, email)
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows(
            "SELECT s.session_id FROM sessions s JOIN users u USING (tenant_id, user_id)"
            " WHERE s.tenant_id = %s AND u.email = %s",
            [tenant.tenant_id, email],
        )
    his = browser(whole_server, ben)
    post(his, "sessions/end", session=str(row["session_id"]))
    assert post(his, "sessions/end", session="not-an-id").status_code == 404
    post(his, "sessions/end")
    assert is_in(ada)


def test_another_password_ends_every_other_session_and_gives_this_one_a_new_secret(
    whole_server: Flask, email: str
) -> None:
    here, there = browser(whole_server, email), browser(whole_server, email)
    before = here.get_cookie("housecount")
    assert before is not None
    assert change(here).location == "/account?done=password"
    assert (is_in(here), is_in(there)) == (True, False)
    copy = whole_server.test_client()
    copy.set_cookie("housecount", before.value)
    assert not is_in(copy), "a copy of the cookie from before is worth nothing"
    assert not is_in(browser(whole_server, email, OLD))
    assert is_in(browser(whole_server, email, NEW))


@pytest.mark.parametrize(
    ("old", "new", "again", "status", "words"),
    [
        ("wrong", NEW, NEW, 401, "not right"),
        (OLD, "short", "short", 422, "12 to 1024 characters"),
        (OLD, NEW, NEW + "x", 422, "not the same both times"),
        (OLD, OLD, OLD, 422, "the old one"),
        (OLD, "x" * 5000, "x" * 5000, 422, "12 to 1024 characters"),
        (OLD, "iloveyou1234", "iloveyou1234", 422, "easily guessed"),
        (OLD, "ByronByronByron", "ByronByronByron", 422, "easily guessed"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why_and_stays(
    whole_server: Flask, email: str, old: str, new: str, again: str, status: int, words: str
) -> None:
    here, there = browser(whole_server, email), browser(whole_server, email)
    answer = change(here, old, new, again)
    assert answer.status_code == status
    assert words in answer.text
    assert (is_in(here), is_in(there)) == (True, True)
    assert is_in(browser(whole_server, email, OLD))


def test_who_has_found_an_open_browser_does_not_guess_the_password(
    whole_server: Flask, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_rate, "SHORTEST_WAIT_SECONDS", sign_in_rate.LONGEST_WAIT_SECONDS)
    here = browser(whole_server, email)
    assert [change(here, f"wrong {n}").status_code for n in range(7)] == [401] * 6 + [429]
    assert change(here).status_code == 429
    assert is_in(browser(whole_server, email, OLD)), "and keeps nobody from signing in"


def test_its_forms_are_taken_from_its_own_page_alone(whole_server: Flask, email: str) -> None:
    here = browser(whole_server, email)
    sent = {"old": OLD, "new": NEW, "again": NEW}
    assert here.post("/account/password", data=sent, headers=OURS).status_code == 400
    token = csrf(here.get("/account").text)
    assert here.post("/account/password", data=sent | {"csrf": token}).status_code == 403
    assert here.post("/account/sessions/end", data={}, headers=OURS).status_code == 400
    assert is_in(browser(whole_server, email, OLD))


def test_the_password_of_the_demo_stays_as_everybody_is_told(
    whole_server: Flask, database: Database, tenant: Tenant, email: str
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    here, there = browser(whole_server, email), browser(whole_server, email)
    assert "Change your password" not in here.get("/account").text
    assert change(here).status_code == 403
    assert (is_in(here), is_in(there)) == (True, True)
    assert is_in(browser(whole_server, email, OLD))
