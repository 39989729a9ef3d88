"""A forgotten password: asked for by anybody, who learns nothing; set once by who has the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data import mail_rate, password_resets, sign_in_rate
from data.audit_entry import HOUSE
from data.engine import Database
from data.users import add_user, find_user, set_disabled, set_password
from tests.api.caller import OUR_PAGE, PASSWORD, Serve
from tests.api.mailbox import Mailbox, plain
from tests.api.test_audit import Log
from tests.api.test_second_factor import enrol, now_step
from tests.conftest import Tenant

NEW = "quite another long night"


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Flask]:
    with serve("forgotten", secret_key="d" * 32) as server:
        yield server


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of these tests come from one address."""
    monkeypatch.setattr(mail_rate, "ASKED_BY_ADDRESS", 10_000)
    monkeypatch.setattr(sign_in_rate, "FREE_OF_ADDRESS", 10_000)


@pytest.fixture
def mailbox(server: Flask, database: Database) -> Mailbox:
    return Mailbox(server, database)


@pytest.fixture
def email(database: Database, tenant: Tenant) -> str:
    return hire(database, tenant)


def hire(database: Database, tenant: Tenant, email: str | None = None) -> str:
    email = email or f"{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, "Ada Byron", "manager", PASSWORD)
    return email


def csrf(page: TestResponse) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def ask(server: Flask, email: str, at: str = "http://localhost", source: str = "127.0.0.1") -> TestResponse:
    client = server.test_client()
    client.environ_base["REMOTE_ADDR"] = source
    sent = {"email": email, "csrf": csrf(client.get("/forgot", base_url=at))}
    return client.post("/forgot", data=sent, base_url=at, headers={"X-Forwarded-Host": "evil.example"})


def spend(client: FlaskClient, path: str, password: str = NEW, again: str | None = None) -> TestResponse:
    page = client.get(path)
    if page.status_code != 200:
        return page
    sent = {"password": password, "again": password if again is None else again, "csrf": csrf(page)}
    return client.post(path, data=sent)


def sign_in(server: Flask, email: str, password: str) -> tuple[FlaskClient, TestResponse]:
    client = server.test_client()
    sent = {"email": email, "password": password, "csrf": csrf(client.get("/login"))}
    return client, client.post("/login", data=sent)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_whoever_forgot_a_password_sets_another_by_mail_and_is_in(
    server: Flask, mailbox: Mailbox, email: str
) -> None:
    there, _ = sign_in(server, email, PASSWORD)
    assert "/forgot" in server.test_client().get("/login").text
    answer = ask(server, f" {email.upper()} ")
    assert (answer.status_code, answer.location) == (303, "/forgot?asked=1")
    assert "a mail with a link is on its way" in server.test_client().get(answer.location).text
    path = mailbox.path(email, "reset")
    client = server.test_client()
    page = client.get(path)
    assert (page.status_code, email in page.text) == (200, True)
    answer = spend(client, path)
    assert (answer.status_code, answer.location) == (303, "/")
    assert (is_in(client), is_in(there)) == (True, False), "everywhere else the session has ended"
    assert sign_in(server, email, PASSWORD)[1].status_code == 401
    assert sign_in(server, email, NEW)[1].status_code == 303
    assert mailbox.subjects(email) == ["Another password for Housecount", "Your password was changed"]
    assert "http" not in plain(mailbox.to(email)[1]).replace("http://127.0.0.1:8050/forgot", "")


def test_looking_changes_nothing_and_the_form_works_once(server: Flask, mailbox: Mailbox, email: str) -> None:
    ask(server, email)
    path = mailbox.path(email, "reset")
    for _ in range(3):  # As scanners of mail do.
        assert server.test_client().get(path).status_code == 200
        assert server.test_client().head(path).status_code == 200
    assert sign_in(server, email, PASSWORD)[1].status_code == 303
    client = server.test_client()
    form = csrf(client.get(path))
    assert spend(client, path).status_code == 303
    again = server.test_client()
    assert spend(again, path).status_code == 404
    late = client.post(path, data={"password": "x" * 20, "again": "x" * 20, "csrf": form})
    assert (late.status_code, "opens nothing any more" in late.text) == (404, True)
    assert sign_in(server, email, NEW)[1].status_code == 303


def test_the_page_is_told_to_nobody_and_kept_nowhere(server: Flask, mailbox: Mailbox, email: str) -> None:
    ask(server, email)
    path = mailbox.path(email, "reset")
    client = server.test_client()
    for answer in (
        client.get(path),
        spend(client, path, "short"),
        spend(client, path),
        client.get(path),
        client.get("/reset/x"),
    ):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        if answer.status_code != 303:
            assert answer.headers["Cache-Control"] == "no-store"
        assert path.rpartition("/")[2] not in answer.text, "the address is nowhere in the page"


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *parts: Any, **named: Any) -> Any:
        sent.append(str(query))
        return execute(cursor, query, *parts, **named)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noted)
        yield sent


def test_nothing_tells_who_has_an_account(
    server: Flask,
    database: Database,
    tenant: Tenant,
    other_tenant: Tenant,
    mailbox: Mailbox,
    email: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shut, twice = hire(database, tenant), hire(database, tenant)
    hire(database, other_tenant, twice)
    with database.tenant(tenant.tenant_id) as connection:
        known = find_user(connection, shut)
        assert known is not None
        set_disabled(connection, known, True)
    seen = []
    for address in (email, shut, twice, f"nobody-{email}"):
        client = server.test_client()
        token = csrf(client.get("/forgot"))
        with statements(monkeypatch) as sent:
            answer = client.post("/forgot", data={"email": address, "csrf": token})
        changing = ("X-Request-Id", "Date", "Set-Cookie")
        headers = {name: value for name, value in answer.headers if name not in changing}
        of_audit = [each for each in sent if "audit" not in each and "pg_" not in each]
        seen.append((answer.status_code, answer.text, headers, of_audit))
        assert "users" not in "".join(sent), "nobody is looked up while somebody waits"
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert mailbox.subjects(email) == ["Another password for Housecount"]
    assert mailbox.subjects(shut) == mailbox.subjects(f"nobody-{email}") == []
    assert len(mailbox.to(twice)) == 2, "one for each organisation"
    with database.tenant(HOUSE) as house:
        left = house.execute("SELECT count(*) FROM reset_requests").fetchone()
    assert left == (0,)


@pytest.mark.parametrize(
    "address",
    ["x", "a@b@c", "a b@c.example", "a@c.example\r\nBcc: x@y.example", "\0@x", "é" * 400, "<a@b.c>"],
)
def test_what_is_no_address_is_answered_alike_and_goes_nowhere(
    server: Flask, database: Database, address: str
) -> None:
    assert ask(server, address).location == "/forgot?asked=1"
    with database.tenant(HOUSE) as house:
        waiting = house.rows("SELECT email FROM reset_requests")
    assert address.strip().lower() not in [row["email"] for row in waiting]


def test_nobody_is_flooded_with_mails(server: Flask, mailbox: Mailbox, email: str) -> None:
    assert {ask(server, email).location for _ in range(8)} == {"/forgot?asked=1"}
    assert len(mailbox.to(email)) == mail_rate.MAILS_TO_EMAIL


def test_nor_while_redis_counts_nothing(
    server: Flask, database: Database, tenant: Tenant, mailbox: Mailbox, email: str
) -> None:
    for _ in range(8):
        password_resets.ask(database, email)
    assert len(mailbox.to(email)) == password_resets.MOST_LIVE


def test_an_address_that_asks_for_many_has_to_wait(
    server: Flask, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_rate, "ASKED_BY_ADDRESS", 2)
    answers = [ask(server, f"{n}-{email}", source="203.0.113.9").status_code for n in range(3)]
    assert answers == [303, 303, 429]
    late = ask(server, email, source="203.0.113.9")
    assert (late.status_code, int(late.headers["Retry-After"]) > 60) == (429, True)
    assert "Please try again in" in late.text
    assert ask(server, email, source="203.0.113.10").status_code == 303


def test_more_requests_than_anybody_has_are_passed_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_resets, "MOST_WAITING", 3)
    for _ in range(6):
        password_resets.ask(database, f"{uuid4().hex}@example.org")
    assert len(password_resets.asked(database)) <= 3


def test_the_host_of_a_link_is_that_of_the_setting_whatever_a_request_says(
    server: Flask, mailbox: Mailbox, email: str
) -> None:
    assert ask(server, email, "http://evil.example").status_code == 303
    text = plain(mailbox.to(email)[0])
    assert "evil.example" not in text
    assert "http://127.0.0.1:8050/reset/" in text


@pytest.mark.parametrize("change", ["password", "hash", "disabled", "disabled and enabled", "email", "time"])
def test_a_link_is_dead_once_the_account_is_another_one(
    server: Flask, database: Database, tenant: Tenant, mailbox: Mailbox, email: str, change: str
) -> None:
    ask(server, email)
    path, client = mailbox.path(email, "reset"), server.test_client()
    form = csrf(client.get(path))
    with database.tenant(tenant.tenant_id) as connection:
        user = find_user(connection, email)
        assert user is not None
        if change == "password":
            set_password(connection, user, "yet another long night")
        elif change == "hash":
            connection.execute("UPDATE users SET password_hash = 'another' WHERE user_id = %s", [user])
        elif change.startswith("disabled"):
            set_disabled(connection, user, True)
            if "enabled" in change:
                set_disabled(connection, user, False)
        elif change == "email":
            connection.execute("UPDATE users SET email = %s WHERE user_id = %s", [f"new-{email}", user])
        else:
            connection.execute("UPDATE password_resets SET expires_at = now() WHERE user_id = %s", [user])
    answer = client.post(path, data={"password": NEW, "again": NEW, "csrf": form})
    assert (answer.status_code, client.get(path).status_code) == (404, 404)
    assert sign_in(server, email, NEW)[1].status_code == 401


def test_all_links_of_an_account_end_with_the_first_that_is_used(
    server: Flask, mailbox: Mailbox, email: str
) -> None:
    ask(server, email)
    first = mailbox.path(email, "reset")
    ask(server, email)
    second = mailbox.path(email, "reset")
    assert first != second
    assert spend(server.test_client(), first).status_code == 303
    assert server.test_client().get(second).status_code == 404


def test_a_link_of_one_kind_or_tenant_is_none_of_another(
    server: Flask, database: Database, other_tenant: Tenant, mailbox: Mailbox, email: str
) -> None:
    ask(server, email)
    path = mailbox.path(email, "reset")
    client = server.test_client()
    assert client.get(path.replace("/reset/", "/welcome/")).status_code == 404
    with database.tenant(other_tenant.tenant_id) as connection:
        rows = connection.execute("SELECT count(*) FROM password_resets").fetchone()
    assert rows == (0,)
    for altered in (path[:-1], path + "A", path[:-2] + "AA", f"{path[:10]}{'A' * (len(path) - 10)}"):
        assert client.get(altered).status_code == 404


def test_the_database_alone_makes_no_link(
    server: Flask, database: Database, tenant: Tenant, mailbox: Mailbox, email: str
) -> None:
    ask(server, email)
    path = mailbox.path(email, "reset")
    other = hire(database, tenant)
    with database.tenant(tenant.tenant_id) as connection:
        victim = find_user(connection, other)
        connection.execute(
            "UPDATE password_resets SET user_id = %s WHERE tenant_id = %s", [victim, tenant.tenant_id]
        )
    assert server.test_client().get(path).status_code == 404
    secret = path.rpartition("/")[2]
    with database.tenant(tenant.tenant_id) as connection:
        kept = connection.rows("SELECT t::text AS row FROM mails t") + connection.rows(
            "SELECT t::text AS row FROM password_resets t"
        )
    assert not any(secret[-44:] in each["row"] for each in kept)


def test_the_second_factor_stays(server: Flask, mailbox: Mailbox, email: str) -> None:
    from data.second_factor import code_of

    owner, _ = sign_in(server, email, PASSWORD)
    secret, _ = enrol(owner)
    begun, client = server.test_client(), server.test_client()
    ask(server, email)
    page = spend(begun, mailbox.path(email, "reset"))
    assert "Your code" in page.text
    ask(server, email)
    answer = spend(client, mailbox.path(email, "reset"))
    assert (answer.status_code, "Your code" in answer.text) == (200, True)
    assert not is_in(client)
    code = code_of(secret, now_step() + 1)
    late = begun.post("/login/code", data={"code": code, "csrf": csrf(page)})
    assert late.status_code == 401, "a step that was begun with the old password leads nowhere"
    answer = client.post("/login/code", data={"code": code, "csrf": csrf(answer)})
    assert (answer.status_code, is_in(client), is_in(owner)) == (303, True, False)


@pytest.mark.parametrize(
    ("password", "again", "field", "words"),
    [
        ("short", "short", "password", "12 to 1024 characters"),
        ("iloveyou1234", "iloveyou1234", "password", "easily guessed"),
        ("ByronByronByron", "ByronByronByron", "password", "easily guessed"),
        (NEW, NEW + "x", "again", "not the same password"),
        ("x" * 5000, "x" * 5000, "password", "12 to 1024 characters"),
    ],
)
def test_a_password_that_will_not_do_is_told_beside_its_field_and_the_link_stays(
    server: Flask, mailbox: Mailbox, email: str, password: str, again: str, field: str, words: str
) -> None:
    ask(server, email)
    path, client = mailbox.path(email, "reset"), server.test_client()
    answer = spend(client, path, password, again)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">[^<]*{words}', answer.text)
    assert re.search(rf'id="{field}" [^>]*aria-invalid="true" aria-describedby="{field}-error', answer.text)
    assert password not in answer.text
    assert spend(client, path).status_code == 303


def test_a_form_of_another_site_sets_no_password(server: Flask, mailbox: Mailbox, email: str) -> None:
    ask(server, email)
    path, client = mailbox.path(email, "reset"), server.test_client()
    client.get(path)
    for sent in ({}, {"csrf": "guessed"}):
        answer = client.post(path, data={"password": NEW, "again": NEW} | sent)
        assert (answer.status_code, "open for too long" in answer.text) == (400, True)
    assert client.post("/forgot", data={"email": email}).status_code == 400
    assert spend(client, path).status_code == 303


def test_whoever_was_locked_out_by_guesses_is_in_with_the_new_password(
    server: Flask, mailbox: Mailbox, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_rate, "SHORTEST_WAIT_SECONDS", sign_in_rate.LONGEST_WAIT_SECONDS)
    while sign_in(server, email, "wrong")[1].status_code == 401:
        pass
    ask(server, email)
    assert spend(server.test_client(), mailbox.path(email, "reset")).status_code == 303
    assert sign_in(server, email, NEW)[1].status_code == 303


def test_in_the_demo_nobody_sets_another_password(
    server: Flask, database: Database, tenant: Tenant, mailbox: Mailbox, email: str
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    ask(server, email)
    assert mailbox.subjects(email) == []


def test_asking_and_setting_is_in_the_audit_log_without_a_name(
    server: Flask, database: Database, tenant: Tenant, mailbox: Mailbox, email: str
) -> None:
    log, house = Log(database, tenant.tenant_id), Log(database, HOUSE)
    ask(server, email)
    assert [(entry["actor_kind"], entry["action"], entry["outcome"]) for entry in house.new()] == [
        ("stranger", "ask-reset", "done")
    ]
    path = mailbox.path(email, "reset")
    client = server.test_client()
    spend(client, path, "short")
    spend(client, path)
    server.test_client().post(path)
    found = log.new()
    told = [(entry["actor_kind"], entry["action"], entry["outcome"]) for entry in found]
    assert told == [
        ("job", "ask-reset", "done"),
        ("stranger", "reset-password", "refused"),
        ("stranger", "reset-password", "begun"),
        ("person", "reset-password", "done"),
        ("stranger", "reset-password", "refused"),
    ]
    with database.tenant(tenant.tenant_id) as connection:
        user = find_user(connection, email)
    assert {entry["object"] for entry in found[:1] + found[2:4]} == {f"user:{user}"}
    assert found[3]["actor_id"] == user
    assert isinstance(found[3]["session_id"], UUID)
    text = str(found)
    assert email not in text
    assert path.rpartition("/")[2] not in text


def test_another_password_at_the_account_page_is_told_by_mail_too(
    server: Flask, mailbox: Mailbox, email: str
) -> None:
    client, _ = sign_in(server, email, PASSWORD)
    sent = {"old": PASSWORD, "new": NEW, "again": NEW, "csrf": csrf(client.get("/account"))}
    assert client.post("/account/password", data=sent, headers=OUR_PAGE).status_code == 303
    assert mailbox.subjects(email) == ["Your password was changed"]


def test_a_link_lives_for_an_hour() -> None:
    assert timedelta(hours=1) == password_resets.LIFE
