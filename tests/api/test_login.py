"""Signing in through the whole application: what strangers, people and other sites can do."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import CLOSE, create_app
from config import Settings
from data import passwords, sign_in_rate
from data.demo_login import DEMO_PASSWORD
from data.engine import Database
from data.sign_in_rate import FREE_OF_ADDRESS
from data.users import add_user
from tests.api.caller import Serve
from tests.conftest import Tenant

OURS = {"Origin": "http://localhost"}
PASSWORD = "a long and quiet night"


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Flask]:
    # With the key the e-mails here that nobody has are not asked for a code.
    with serve("login", secret_key="d" * 32) as server:
        yield server


@pytest.fixture(autouse=True)
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait ends while a test looks, however slow the machine is."""
    monkeypatch.setattr(sign_in_rate, "SHORTEST_WAIT_SECONDS", sign_in_rate.LONGEST_WAIT_SECONDS)


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    return server.test_client()


@pytest.fixture
def email(database: Database, tenant: Tenant) -> str:
    email = f"ada-{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, "Ada Byron", "manager", PASSWORD)
    return email


def csrf(page: TestResponse) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    token = csrf(client.get("/login"))
    return client.post("/login", data={"email": email, "password": password, "csrf": token} | more)


def test_a_page_sends_a_stranger_to_the_sign_in_and_back(client: FlaskClient, email: str) -> None:
    answer = client.get("/?event=7")
    assert (answer.status_code, answer.location) == (302, "/login?next=%2F%3Fevent%3D7")
    answer = sign_in(client, email, next="/?event=7")
    assert (answer.status_code, answer.location) == (303, "/?event=7")


@pytest.mark.parametrize(
    "path", ["/_dash-layout", "/_dash-dependencies", "/_dash-component-suites/dash/x.js"]
)
def test_a_script_without_a_session_gets_a_401_in_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"] == "not-signed-in"


def test_a_callback_without_a_session_gets_a_401(client: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json={}).status_code == 401


def test_the_cookie_is_for_this_site_and_not_for_scripts(client: FlaskClient, email: str) -> None:
    device, cookie = sign_in(client, email).headers.getlist("Set-Cookie")
    assert (device.partition("=")[0], cookie.partition("=")[0]) == ("housecount-device", "housecount")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert {"HttpOnly", "SameSite=Lax", "Path=/login"} <= set(device.split("; "))
    assert "Secure" not in device + cookie


def test_over_https_the_cookie_stays_on_https(client: FlaskClient) -> None:
    cookie = client.get("/login", base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in cookie.split("; ")


def test_a_wrong_password_says_the_same_as_an_unknown_e_mail(client: FlaskClient, email: str) -> None:
    wrong, unknown = sign_in(client, email, "wrong"), sign_in(client, "nobody@example.org")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "E-mail, password or code is not right." in wrong.text
    blank = re.compile(r'value="[^"]*"')
    assert blank.sub("", wrong.text) == blank.sub("", unknown.text)


def test_a_flood_of_sign_ins_is_told_to_come_back_instead_of_holding_every_thread(
    client: FlaskClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as flood:
        for _ in range(4):
            flood.enter_context(passwords._AT_ONCE)  # Four passwords that are being checked.
        late = sign_in(client, email)
        assert (late.status_code, late.headers["Retry-After"]) == (503, "2")
        assert "Please try again." in late.text
        for _ in range(16):
            flood.enter_context(passwords._IN_LINE)
        monkeypatch.setattr(passwords, "_LONGEST_WAIT_SECONDS", 60)
        began = time.monotonic()
        assert sign_in(client, "nobody@example.org").status_code == 503
        assert time.monotonic() - began < 30
    assert sign_in(client, email).status_code == 303


def test_who_guesses_passwords_has_to_wait_and_nothing_tells_whether_the_account_is_there(
    client: FlaskClient, email: str
) -> None:
    def guesses(account: str) -> list[int]:
        answers = [sign_in(client, account, f"wrong {number}") for number in range(7)]
        assert "Too many tries to sign in. Please try again in 15 minutes." in answers[-1].text
        assert 800 < int(answers[-1].headers["Retry-After"]) <= 900
        return [answer.status_code for answer in answers]

    assert guesses(email) == guesses(f"nobody-{email}") == [401] * 6 + [429]
    assert sign_in(client, email).status_code == 429, "the right password does not tell either"


def test_a_browser_that_signed_in_before_is_not_locked_out_by_those_who_guess(
    server: Flask, client: FlaskClient, email: str
) -> None:
    sign_in(client, email)
    cookie = client.get_cookie("housecount-device", path="/login")
    assert cookie is not None
    assert cookie.http_only
    stranger = server.test_client()
    while sign_in(stranger, email, "wrong").status_code == 401:
        pass
    client.get("/")
    with client.session_transaction() as session:
        token = session["csrf"]
    client.post("/logout", data={"csrf": token}, headers=OURS)
    assert sign_in(client, email).status_code == 303
    stranger.set_cookie("housecount-device", cookie.value[:-4] + "AAAA", path="/login")
    assert sign_in(stranger, email).status_code == 429, "its signature is checked"


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 401)])
def test_behind_a_proxy_callers_are_told_apart_by_what_it_appends_and_by_nothing_else(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path: Path, proxies: int, status: int
) -> None:
    settings = Settings(
        _env_file=None,
        database_url=postgres_url,
        redis_url=redis_url,
        redis_prefix=f"{redis_prefix}-proxies-{proxies}",
        data_dir=tmp_path,
        trusted_proxies=proxies,
    )
    server = create_app(settings).server

    def guess(number: int, forwarded: str) -> int:
        client = server.test_client()
        page, headers = client.get("/login"), {"X-Forwarded-For": forwarded}
        data = {"email": f"{number}@example.org", "password": "wrong", "csrf": csrf(page)}
        status: int = client.post("/login", data=data, headers=headers).status_code
        return status

    try:
        for number in range(FREE_OF_ADDRESS + 1):
            assert guess(number, f"10.9.9.{number}, 203.0.113.7") == 401
        assert guess(1000, "203.0.113.7") == 429
        assert guess(1001, "203.0.113.8") == status
    finally:
        server.extensions[CLOSE]()


def test_what_was_typed_is_shown_again_but_cannot_become_markup(client: FlaskClient) -> None:
    page = sign_in(client, '"><script>alert(1)</script>@x').text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_form_of_another_site_does_not_sign_anybody_in(client: FlaskClient, email: str) -> None:
    client.get("/login")
    answer = client.post("/login", data={"email": email, "password": PASSWORD, "csrf": "guessed"})
    assert answer.status_code == 400
    assert client.get("/").status_code == 302


def test_a_session_from_before_the_sign_in_does_not_live_on(client: FlaskClient, email: str) -> None:
    before = csrf(client.get("/login"))
    sign_in(client, email)
    assert before not in client.get("/_dash-layout").text
    assert client.post("/logout", data={"csrf": before}, headers=OURS).status_code == 400


def test_signing_in_again_ends_the_session_that_the_browser_had(client: FlaskClient, email: str) -> None:
    sign_in(client, email)
    before = client.get_cookie("housecount")
    assert before is not None
    client.get("/")
    with client.session_transaction() as session:
        token = session["csrf"]
    client.post("/login", data={"email": email, "password": PASSWORD, "csrf": token})
    assert client.get("/").status_code == 200
    client.set_cookie("housecount", before.value)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "/login", "javascript:x", "/a\nb"]
)
def test_after_signing_in_nobody_is_sent_elsewhere(client: FlaskClient, email: str, target: str) -> None:
    assert sign_in(client, email, next=target).location == "/"


def test_signing_out_needs_the_form_of_the_page_and_ends_the_session(client: FlaskClient, email: str) -> None:
    sign_in(client, email)
    kept = client.get_cookie("housecount")
    assert kept is not None
    assert client.post("/logout", headers=OURS).status_code == 400
    assert client.get("/").status_code == 200
    with client.session_transaction() as session:
        token = session["csrf"]
    answer = client.post("/logout", data={"csrf": token}, headers=OURS)
    assert (answer.status_code, answer.location) == (303, "/login")
    # A copy of the cookie is worth nothing either: the session is gone from the server.
    client.set_cookie("housecount", kept.value)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://localhost.evil.example"}, 403),
        ({"Origin": "http://other.localhost", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 400),
        ({"Origin": "http://localhost"}, 400),
    ],
)
@pytest.mark.parametrize("path", ["/_dash-update-component", "/logout"])
def test_only_our_own_pages_reach_a_callback_or_sign_out(
    client: FlaskClient, email: str, path: str, headers: dict[str, str], status: int
) -> None:
    sign_in(client, email)
    assert client.post(path, json={}, headers=headers).status_code == status
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(("page", "status"), [("http://localhost", 403), ("https://localhost", 400)])
def test_over_tls_a_page_that_came_in_the_clear_is_none_of_ours(
    client: FlaskClient, email: str, page: str, status: int
) -> None:
    sign_in(client, email)
    answer = client.post("/logout", json={}, headers={"Origin": page}, base_url="https://localhost")
    assert answer.status_code == status


INGEST = "/api/v1/ingest/sale"


@pytest.mark.parametrize(
    "path", ["/login", "/livez", "/api/v1/nothing", "/assets/none.js", "/logout", INGEST]
)
def test_every_answer_says_what_a_browser_may_do_with_it(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    secure = client.get(path, base_url="https://localhost").headers
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


def test_the_demo_login_is_not_shown_where_there_is_no_demo(client: FlaskClient) -> None:
    assert DEMO_PASSWORD not in client.get("/login").text


def test_somebody_signed_in_is_not_asked_again(client: FlaskClient, email: str) -> None:
    sign_in(client, email)
    answer = client.get("/login?next=/x")
    assert (answer.status_code, answer.location) == (302, "/x")


def test_pages_may_load_nothing_from_elsewhere(client: FlaskClient, email: str) -> None:
    for page in (client.get("/login"), sign_in(client, email) and client.get("/")):
        assert page.headers["Cache-Control"] == "no-store"
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; script-src 'self' 'sha256-")
        assert (
            "; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'" in policy
        )
        assert not re.findall(r'(?:src|href)="(?!/|#)[^"]+"', page.text)


def test_only_pages_with_charts_may_have_styles_within_elements(client: FlaskClient, email: str) -> None:
    plain = [
        client.get("/login"),
        client.get("/forgot"),
        client.get("/welcome/none"),
        client.get("/reset/none"),
    ]
    sign_in(client, email)
    own = ["/account", "/account/second-factor", "/admin", "/admin/invitations", "/audit"]
    plain += [client.get(path, headers={"Accept": "text/html"}) for path in own]
    for page in plain:
        assert "; style-src 'self';" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert not re.findall(r"<style|\sstyle=|\son\w+=", page.text)
    for path in ("/", "/gallery", "/no-such-page", "/tv", "/shared/none"):
        assert "style-src 'self' 'unsafe-inline';" in client.get(path).headers["Content-Security-Policy"]


def test_who_asks_for_no_page_is_told_of_a_form_that_is_too_large_as_a_problem(client: FlaskClient) -> None:
    large = {"email": "a" * 3_000_000}
    told = client.post("/login", data=large)
    assert (told.status_code, told.content_type) == (413, "application/problem+json")
    assert told.get_json()["code"] == "request-entity-too-large"
    page = client.post("/login", data=large, headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (413, "text/html")
    assert "<h1>That is too large</h1>" in page.text
    assert page.headers["X-Request-Id"] in page.text


def test_an_address_without_a_page_has_one_that_says_so(client: FlaskClient, email: str) -> None:
    sign_in(client, email)
    missing = client.get("/assets/<b>none", headers={"Accept": "text/html"})
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
    assert "<h1>There is no such page</h1>" in missing.text
    assert "<b>none" not in missing.text
    assert "unsafe" not in missing.headers["Content-Security-Policy"]


def test_the_first_paint_says_that_no_event_is_known_yet(client: FlaskClient, email: str) -> None:
    sign_in(client, email)
    page = client.get("/").text
    assert '<div id="first-paint"><div class="shell">' in page
    assert "No event at The Hall yet" in page
    assert "Ada Byron" in page
