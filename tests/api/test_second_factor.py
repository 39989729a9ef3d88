"""Signing in in two steps, and setting up the second: through the whole application."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data import sign_in_rate
from data.accounts import Accounts
from data.engine import Database
from data.second_factor import STEP_SECONDS, code_of
from data.users import Role, add_user, find_user
from tests.api.caller import OUR_PAGE, PASSWORD, Serve
from tests.api.mailbox import Mailbox, plain
from tests.conftest import Tenant, new_tenant

FACTOR = "/account/second-factor"


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Flask]:
    with serve("second") as server:
        yield server


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait ends while a test looks."""
    monkeypatch.setattr(sign_in_rate, "FREE_OF_ADDRESS", 10_000)  # All of these tests come from one.
    monkeypatch.setattr(sign_in_rate, "SHORTEST_WAIT_SECONDS", sign_in_rate.LONGEST_WAIT_SECONDS)


def hire(database: Database, tenant: Tenant, name: str = "Ada", role: Role = "manager") -> str:
    email = f"{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, name, role, PASSWORD)
    return email


@pytest.fixture
def email(database: Database, tenant: Tenant) -> str:
    return hire(database, tenant)


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, code: str = "") -> TestResponse:
    sent = {"email": email, "password": password, "code": code, "csrf": csrf(client.get("/login").text)}
    return client.post("/login", data=sent | {"next": "/account"})


def form(client: FlaskClient, path: str, page: str = FACTOR, **fields: str) -> TestResponse:
    sent = {"csrf": csrf(client.get(page).text)} | fields
    return client.post(path, data=sent, headers=OUR_PAGE)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def now_step() -> int:
    return int(time.time()) // STEP_SECONDS


def enrol(client: FlaskClient) -> tuple[str, list[str]]:
    """The secret and the recovery codes of whoever is signed in; a code is spent on it."""
    assert form(client, f"{FACTOR}/begin", password=PASSWORD).location == FACTOR
    page = client.get(FACTOR).text
    [secret] = re.findall(r'<code class="once">([A-Z2-7]+)</code>', page)
    assert "<svg" in page
    done = form(client, f"{FACTOR}/confirm", code=code_of(secret, now_step() - 1))
    if done.status_code == 401:  # The next 30 seconds began in between.
        done = form(client, f"{FACTOR}/confirm", code=code_of(secret, now_step() - 1))
    assert done.status_code == 200
    assert done.headers["Cache-Control"] == "no-store"
    return secret, re.findall(r"<li><code>([^<]+)</code></li>", done.text)


def test_who_has_a_second_factor_signs_in_with_password_and_code(server: Flask, email: str) -> None:
    there = server.test_client()
    assert sign_in(there, email).location == "/account"
    elsewhere = server.test_client()
    sign_in(elsewhere, email)
    before = there.get_cookie("housecount")
    secret, codes = enrol(there)
    assert (is_in(there), is_in(elsewhere)) == (True, False), "and everywhere else one is signed out"
    copy = server.test_client()
    assert before is not None
    copy.set_cookie("housecount", before.value)
    assert not is_in(copy), "the session is another one now"
    assert codes[0] not in there.get(FACTOR).text
    assert "10 recovery codes left" in there.get(FACTOR).text

    here = server.test_client()
    assert (sign_in(here, email).status_code, is_in(here)) == (401, False)
    code = code_of(secret, now_step() + 1)
    assert sign_in(here, email, PASSWORD, f" {code} ").location == "/account"
    assert is_in(here)

    replay = server.test_client()
    assert sign_in(replay, email, PASSWORD, code).status_code == 401, "no code is accepted twice"
    assert sign_in(replay, email, PASSWORD, codes[3]).location == "/account"
    assert "9 recovery codes left" in replay.get(FACTOR).text


def test_a_stranger_does_not_learn_what_was_wrong_nor_who_has_an_account_or_a_factor(
    server: Flask, database: Database, tenant: Tenant, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_rate, "FREE_OF_ACCOUNT", 100)
    owner = server.test_client()
    sign_in(owner, email)
    secret, _ = enrol(owner)
    without, right_code = hire(database, tenant, "Otto"), code_of(secret, now_step() + 1)

    def tell(account: str, password: str, code: str) -> tuple[int, str, set[str]]:
        client = server.test_client()
        answer = sign_in(client, account, password, code)
        assert not is_in(client)
        with client.session_transaction() as session:
            kept = set(session)
        return answer.status_code, re.sub(r'value="[^"]*"', "", answer.text), kept

    told = tell("nobody@example.org", "wrong", "")
    assert told[0] == 401
    for account, password, code in (
        (email, PASSWORD, ""),
        (email, PASSWORD, "000000"),
        (email, "wrong", ""),
        (email, "wrong", right_code),
        (without, "wrong", "000000"),
        ("nobody@example.org", PASSWORD, "000000"),
    ):
        assert tell(account, password, code) == told
    assert sign_in(server.test_client(), email, PASSWORD, right_code).location == "/account", (
        "not spent before"
    )


def test_the_form_asks_at_once_in_a_browser_that_gave_a_code_before(server: Flask, email: str) -> None:
    def asks(client: FlaskClient) -> bool:
        return '<details class="with-code" open>' in client.get("/login").text

    owner, there = server.test_client(), server.test_client()
    sign_in(owner, email)
    _, codes = enrol(owner)
    assert not asks(there)
    sign_in(there, email, PASSWORD, codes[0])
    form(there, "/logout", "/account")
    assert asks(there)
    assert not asks(server.test_client())


@pytest.mark.parametrize("accounts", [0, 1, 3])
def test_how_long_a_failure_takes_does_not_tell_how_many_accounts_an_e_mail_has(
    server: Flask, database: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch, accounts: int
) -> None:
    email, clock, waited = f"{uuid4().hex}@example.org", [0.0], []

    def check(stored: str, password: str) -> bool:
        clock[0] += 0.13
        return False

    def sleep(seconds: float) -> None:
        waited.append(seconds)

    for _ in range(accounts):
        with database.tenant(new_tenant(postgres_url).tenant_id) as connection:
            add_user(connection, email, "Ada", "manager", PASSWORD)
    client = server.test_client()
    token = csrf(client.get("/login").text)
    monkeypatch.setattr("data.accounts.matches", check)
    monkeypatch.setattr("api.login.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    assert client.post("/login", data={"email": email, "password": "x", "csrf": token}).status_code == 401
    assert clock[0] + waited[0] == pytest.approx(0.5)


def test_codes_that_are_guessed_count_as_passwords_do(server: Flask, email: str) -> None:
    owner = server.test_client()
    sign_in(owner, email)
    secret, _ = enrol(owner)
    client = server.test_client()
    answers = [sign_in(client, email, PASSWORD, f"00000{number}").status_code for number in range(7)]
    assert answers == [401] * 6 + [429]
    late = sign_in(client, email, PASSWORD, code_of(secret, now_step() + 1))
    assert (late.status_code, int(late.headers["Retry-After"]) > 800) == (429, True)


def test_an_open_browser_is_not_enough_to_change_the_second_factor(server: Flask, email: str) -> None:
    client = server.test_client()
    sign_in(client, email)
    assert form(client, f"{FACTOR}/begin", password="wrong").status_code == 401
    assert "<svg" not in client.get(FACTOR).text
    assert client.post(f"{FACTOR}/begin", data={"password": PASSWORD}, headers=OUR_PAGE).status_code == 400
    _, codes = enrol(client)
    assert form(client, f"{FACTOR}/begin", password=PASSWORD).status_code == 409
    assert form(client, f"{FACTOR}/codes", code="000000").status_code == 401
    assert form(client, f"{FACTOR}/remove", password=PASSWORD, code="000000").status_code == 401
    assert form(client, f"{FACTOR}/remove", password="wrong", code=codes[0]).status_code == 401
    fresh = re.findall(r"<li><code>([^<]+)</code></li>", form(client, f"{FACTOR}/codes", code=codes[1]).text)
    assert len(fresh) == 10
    assert form(client, f"{FACTOR}/remove", password=PASSWORD, code=fresh[0]).location == FACTOR
    assert sign_in(server.test_client(), email).location == "/account"


def test_an_owner_can_require_it_and_nothing_else_is_there_before_it_is_set_up(
    server: Flask, database: Database, tenant: Tenant, email: str
) -> None:
    boss = server.test_client()
    sign_in(boss, hire(database, tenant, "Olga", "owner"))
    client = server.test_client()
    sign_in(client, email)
    assert client.get("/").status_code == 200
    answer = form(boss, "/admin/second-factor", "/account", required="yes")
    assert answer.location == "/admin?done=required"
    for path in ("/", "/sales", "/admin", "/tv"):
        assert client.get(path).location == FACTOR, path
    for path in ("/api/v1/dashboards", "/_dash-layout"):
        assert client.get(path).status_code == 403, path
    assert "requires a second factor" in client.get(FACTOR).text
    assert client.get("/account").status_code == 200
    enrol(client)
    assert client.get("/").status_code == 200
    assert boss.get("/admin").location == FACTOR, "of owners, too"
    enrol(boss)
    assert "Everybody needs one." in boss.get("/admin").text
    assert form(boss, "/admin/second-factor", "/account", required="no").status_code == 303
    assert form(client, "/admin/second-factor", "/account", required="yes").status_code == 403


def test_a_second_factor_that_is_lost_is_reset_by_who_looks_after_the_person(
    server: Flask, database: Database, tenant: Tenant, email: str
) -> None:
    boss, client = server.test_client(), server.test_client()
    sign_in(boss, hire(database, tenant, "Olga", "owner"))
    sign_in(client, email)
    enrol(client)
    with database.tenant(tenant.tenant_id) as connection:
        path = f"/admin/people/{find_user(connection, email)}"
    assert "Reset second factor" in boss.get(path).text
    assert form(boss, f"{path}/second-factor", "/account").location == f"{path}?done=factor"
    assert not is_in(client)
    assert "Reset second factor" not in boss.get(path).text
    assert sign_in(server.test_client(), email).location == "/account"


def test_every_change_is_told_to_its_owner_by_mail(
    server: Flask, database: Database, tenant: Tenant, email: str
) -> None:
    mailbox, boss, client = Mailbox(server, database), server.test_client(), server.test_client()
    sign_in(client, email)
    _, codes = enrol(client)
    fresh = re.findall(r"<li><code>([^<]+)</code></li>", form(client, f"{FACTOR}/codes", code=codes[0]).text)
    assert form(client, f"{FACTOR}/remove", password="wrong", code=fresh[0]).status_code == 401
    form(client, f"{FACTOR}/remove", password=PASSWORD, code=fresh[0])
    enrol(client)
    sign_in(boss, hire(database, tenant, "Olga", "owner"))
    with database.tenant(tenant.tenant_id) as connection:
        path = f"/admin/people/{find_user(connection, email)}"
    for _ in range(2):  # The second time there is nothing left that could change.
        form(boss, f"{path}/second-factor", "/account")
    assert mailbox.subjects(email) == [
        "A second factor was set up",
        "New recovery codes were made",
        "Your second factor was taken away",
        "A second factor was set up",
        "Your second factor was reset",
    ]
    texts = [plain(mail) for mail in mailbox.to(email)]
    assert all("/forgot now" in text for text in texts)
    assert not any(code in text for code in codes + fresh for text in texts)


def test_nobody_resets_their_own_second_factor_from_an_open_browser(
    server: Flask, database: Database, tenant: Tenant
) -> None:
    boss, email = server.test_client(), hire(database, tenant, "Olga", "owner")
    sign_in(boss, email)
    enrol(boss)
    hire(database, tenant, "Otto", "owner")
    with database.tenant(tenant.tenant_id) as connection:
        path = f"/admin/people/{find_user(connection, email)}"
    page = boss.get(path).text
    assert ("Reset second factor" in page, f"{path}/disable" in page) == (False, False)
    answers = [form(boss, f"{path}/{act}", "/account") for act in ("second-factor", "disable")]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "with your password and a code" in answers[0].text
    assert "Nobody shuts themselves out" in answers[1].text
    assert "10 recovery codes left" in boss.get(FACTOR).text, "still there, and still signed in"


@pytest.mark.parametrize("act", ["remove", "codes"])
def test_a_right_password_takes_back_no_code_that_was_wrong(server: Flask, email: str, act: str) -> None:
    client = server.test_client()
    sign_in(client, email)
    _, codes = enrol(client)

    def guess(code: str) -> int:
        assert form(client, f"{FACTOR}/begin", password=PASSWORD).status_code == 409, "the password is right"
        return form(client, f"{FACTOR}/{act}", password=PASSWORD, code=code).status_code

    assert [guess(f"00000{number}") for number in range(7)] == [401] * 6 + [429]
    assert guess(codes[0]) == 429, "nor does a right one help while it waits"
    assert "10 recovery codes left" in client.get(FACTOR).text


def test_in_the_demo_everybody_signs_in_in_the_same_way(
    server: Flask, database: Database, tenant: Tenant, email: str
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    client = server.test_client()
    sign_in(client, email)
    client.get("/account")
    with client.session_transaction() as session:
        sent = {"csrf": session["csrf"], "password": PASSWORD}
    assert client.post(f"{FACTOR}/begin", data=sent, headers=OUR_PAGE).status_code == 403


def test_one_step_alone_signs_in_nobody_who_has_two(server: Flask, database: Database, email: str) -> None:
    client = server.test_client()
    sign_in(client, email)
    enrol(client)
    accounts = Accounts(database, idle=timedelta(minutes=30), absolute=timedelta(hours=8))
    assert accounts.sign_in(email, PASSWORD) is None
