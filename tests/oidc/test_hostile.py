"""What nobody gets in by: answers that are not for this browser, tokens that are not for us, a provider that
is away or has other keys; each with the real provider's own codes and tokens."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from api import jwks, oidc, oidc_provider
from api.jwks import KeySet
from api.oidc_provider import NotVouchedFor
from api.oidc_provider import Provider as Client
from config import Settings
from data.audit_entry import HOUSE
from data.engine import Database
from tests.conftest import Tenant
from tests.oidc.conftest import PASSWORD
from tests.oidc.running import SECRET, Browser, Provider, Site, asked, free_port, site_of

Browsers = Callable[..., Browser]
Adds = Callable[..., str]
STATE = "This sign-in was not begun here"


@pytest.fixture
def email(added: Adds, tenant: Tenant) -> str:
    return added(tenant)


@pytest.fixture
def ada(browser: Browsers, email: str) -> Browser:
    return browser(email)


def with_other(address: str, **parameters: str | None) -> str:
    """The same address with other parameters; None leaves one out."""
    told = {name: value for name, value in (asked(address) | parameters).items() if value is not None}
    return urlsplit(address)._replace(query=urlencode(told)).geturl()


def refused(browser: Browser, answer: httpx.Response, words: str, status: int = 403) -> None:
    assert (answer.status_code, browser.signed_in()) == (status, False), answer.text
    assert words in answer.text


def test_an_answer_works_once(ada: Browser) -> None:
    address = ada.to_the_answer()
    cookie = ada.client.cookies["housecount"]
    assert ada.client.get(address).status_code == 303
    ada.client.cookies.clear()
    refused(ada, ada.client.get(address), STATE, 400)
    ada.client.cookies.set("housecount", cookie, domain="127.0.0.1")
    refused(ada, ada.client.get(address), "This sign-in was used already.", 400)


def test_a_code_that_was_used_is_not_taken_again(ada: Browser, browser: Browsers, email: str) -> None:
    used = asked(ada.to_the_answer())["code"]
    second = browser(email)
    address = second.to_the_answer()
    ada.client.get(with_other(address, code=used))
    refused(second, second.client.get(with_other(address, code=used)), "did not say who you are.")


def test_an_answer_that_another_browser_was_given_signs_nobody_in(ada: Browser, browser: Browsers) -> None:
    """The login of an attacker, put under somebody's hands."""
    victim = browser("x")
    victim.sent_out()
    refused(victim, victim.client.get(ada.to_the_answer()), STATE, 400)


@pytest.mark.parametrize("state", [None, "", "made-up", "ä"])
def test_a_wrong_state_is_refused(ada: Browser, state: str | None) -> None:
    address = ada.to_the_answer()
    refused(ada, ada.client.get(with_other(address, state=state)), STATE, 400)
    refused(ada, ada.client.get(address), STATE, 400)


def test_a_code_of_another_sign_in_of_the_same_person_is_bound_by_its_verifier(
    ada: Browser, browser: Browsers, email: str
) -> None:
    code = asked(browser(email).to_the_answer())["code"]
    address = ada.to_the_answer()
    refused(ada, ada.client.get(with_other(address, code=code)), "did not say who you are.")


def test_a_wrong_nonce_is_refused(ada: Browser) -> None:
    """The provider signs what it was asked with: another nonce than this browser was sent out with."""
    sent = with_other(ada.sent_out(), nonce="another-one")
    address = ada.stop_before(ada.client.get(sent), "/login/oidc/back")
    refused(ada, ada.client.get(address), "did not say who you are.")


def test_an_answer_of_another_issuer_is_refused(ada: Browser, browser: Browsers, email: str) -> None:
    for iss in (None, "https://evil.example", ""):
        each = browser(email)
        refused(each, each.client.get(with_other(each.to_the_answer(), iss=iss)), "did not say who you are.")


def test_what_the_provider_says_went_wrong_is_told_in_our_words(ada: Browser) -> None:
    answer = {"iss": ada.provider, "error_description": "<script>alert(1)</script>", "code": None}
    state = asked(ada.sent_out())["state"]
    address = f"{ada.site}/login/oidc/back?{urlencode({'state': state, 'iss': ada.provider})}"
    told = ada.client.get(with_other(address, error="access_denied", **answer))
    refused(ada, told, "Linden ID: You were not let in there, or went back.")
    assert "script>alert" not in told.text
    state = asked(ada.sent_out())["state"]
    told = ada.client.get(with_other(address, state=state, error="<b>odd", **answer))
    refused(ada, told, "Linden ID: It did not say who you are.")
    assert "<b>odd" not in told.text


def test_going_back_at_the_provider_is_told(ada: Browser) -> None:
    page = ada.client.get(urljoin(ada.provider, ada.client.get(ada.sent_out()).headers["Location"]))
    cancel = re.search(r'href="([^"]*/abort)"', page.text)
    assert cancel
    told = ada.follow(ada.client.get(urljoin(ada.provider, cancel[1])))
    refused(ada, told, "Linden ID: You were not let in there, or went back.")


class Codes:
    """The provider's real tokens, for a client of the provider's, held against the application's check."""

    def __init__(self, provider: Provider, site: Site, settings_of: Callable[..., Settings]) -> None:
        self._provider, self._site = provider, site
        self._settings = settings_of

    def client(self, **more: Any) -> Client:
        settings = self._settings(urlsplit(self._site.url).port, self._provider, **more)
        return Client(settings)

    def tokens(self, client_id: str, nonce: str = "n") -> dict[str, str]:
        """What the provider gives this client for somebody."""
        browser = Browser(self._site.url, self._provider.issuer, f"{uuid4().hex}@example.org")
        told = self.client(oidc_client_id=client_id)
        verifier = uuid4().hex * 2
        try:
            out = told.address("s", nonce, verifier)
            address = browser.stop_before(browser.client.get(out), "/login/oidc/back")
            given: dict[str, str] = told._client(told._discovered()).fetch_token(
                f"{self._provider.issuer}/token",
                grant_type="authorization_code",
                code=asked(address)["code"],
                code_verifier=verifier,
            )
        finally:
            browser.client.close()
        return given


@pytest.fixture
def codes(provider: Provider, site: Site, settings_of: Callable[..., Settings]) -> Codes:
    return Codes(provider, site, settings_of)


def why(client: Client, token: str, access: str, nonce: str = "n") -> str:
    with pytest.raises(NotVouchedFor) as caught:
        client.claims(token, access, nonce)
    return str(caught.value)


def test_tokens_of_another_client_are_not_for_us(codes: Codes) -> None:
    ours, theirs = codes.tokens("housecount"), codes.tokens("somebody-else")
    client = codes.client()
    assert client.claims(ours["id_token"], ours["access_token"], "n")["aud"] == "housecount"
    assert why(client, theirs["id_token"], theirs["access_token"]) == "the ID token's claims: aud"
    assert why(client, ours["id_token"], ours["access_token"], "m") == "the ID token's claims: nonce"


def test_a_token_that_has_expired_is_refused(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    given, client = codes.tokens("housecount"), codes.client(jwt_leeway_seconds=30)
    ends = jwt.decode(given["id_token"], options={"verify_signature": False})["exp"]
    monkeypatch.setattr(time, "time", lambda: ends + 29)
    client.claims(given["id_token"], given["access_token"], "n")
    monkeypatch.setattr(time, "time", lambda: ends + 31)
    assert why(client, given["id_token"], given["access_token"]) == "the ID token's claims: exp"


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_no_token_chooses_its_own_algorithm(codes: Codes, provider: Provider) -> None:
    given, client = codes.tokens("housecount"), codes.client()
    access = given["access_token"]
    head, body, signature = given["id_token"].split(".")
    header = jwt.get_unverified_header(given["id_token"])
    assert "signature" in why(client, f"{part(header | {'alg': 'none'})}.{body}.", access)
    assert "signature" in why(client, f"{part(header | {'alg': 'none'})}.{body}.{signature}", access)
    published = httpx.get(f"{provider.issuer}/jwks").json()["keys"][0]
    for secret in (SECRET, json.dumps(published), published["n"]):
        signed = f"{part(header | {'alg': 'HS256'})}.{body}"
        digest = hmac.digest(secret.encode(), signed.encode(), "sha256")
        forged = f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
        assert "signature" in why(client, forged, access)
    other = part(jwt.decode(given["id_token"], options={"verify_signature": False}) | {"sub": "boss"})
    assert "signature" in why(client, f"{head}.{other}.{signature}", access)
    unknown = f"{part(header | {'kid': 'unknown'})}.{body}.{signature}"
    assert why(client, unknown, access) == "no key of the provider is the ID token's"
    for odd in ("", "x", "a.b.c", "x" * 20_000, "ä.ö.ü"):
        assert why(client, odd, access)


def test_a_token_that_the_provider_signed_with_the_shared_secret_is_refused(codes: Codes) -> None:
    given = codes.tokens("shared-secret")
    assert jwt.get_unverified_header(given["id_token"])["alg"] == "HS256"
    client = codes.client(oidc_client_id="shared-secret")
    assert why(client, given["id_token"], given["access_token"])


@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": ["housecount", "somebody-else"]}, "azp"),
        ({"aud": ["housecount", "somebody-else"], "azp": "somebody-else"}, "azp"),
        ({"azp": "somebody-else"}, "azp"),
        ({"nonce": None}, "nonce"),
        ({"at_hash": "of-another-token"}, "at_hash"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": 4_000_000_000}, "iat"),
    ],
)
def test_what_a_token_says_has_to_be_for_us(codes: Codes, changed: dict[str, Any], claim: str) -> None:
    """Signed by a key that counts as the provider's, so that nothing but the claim is wrong."""
    given, client = codes.tokens("housecount"), codes.client()
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "ours"}
    client._discovered()
    client._keys = KeySet("", read=lambda _: json.dumps({"keys": [public]}).encode())
    claims = jwt.decode(given["id_token"], options={"verify_signature": False}) | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jwt.encode(claims, key, "RS256", headers={"kid": "ours"})
    assert why(client, token, given["access_token"]) == f"the ID token's claims: {claim}"


def test_keys_that_the_provider_changes_in_the_middle_are_found(
    ada: Browser, provider: Provider, browser: Browsers, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ada.open("/login/oidc").status_code == 200
    monkeypatch.setattr(jwks, "ASK_AGAIN_SECONDS", 0.0)
    provider.rotate()
    later = browser(email)
    assert later.open("/login/oidc").status_code == 200
    assert later.signed_in()


@pytest.fixture
def fragile(settings_of: Callable[..., Settings]) -> Iterator[tuple[Site, Provider]]:
    """An application whose provider does not run yet."""
    port, provider = free_port(), Provider(free_port())
    with site_of(settings_of(port, provider), port) as site:
        yield site, provider
        provider.stop()


def test_while_the_provider_is_away_the_page_says_so_and_passwords_still_open(
    fragile: tuple[Site, Provider],
    browser: Browsers,
    email: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(oidc_provider, "ASK_AGAIN_SECONDS", 0.0)
    site, provider = fragile
    ada = browser(email, site, provider)
    told = ada.open("/login/oidc?next=/sales")
    refused(ada, told, "Linden ID cannot be reached right now.", 503)
    assert told.headers["Retry-After"] == "5"
    let_in = ada.post("/login", told, email=email, password=PASSWORD, next="/sales")
    assert (let_in.status_code, let_in.headers["Location"]) == (303, "/sales")
    provider.start(site.url)
    ada = browser(email, site, provider)
    address = ada.to_the_answer()
    provider.stop()
    refused(ada, ada.client.get(address), "Linden ID cannot be reached right now.", 503)
    assert ada.client.get(f"{site.url}/login/oidc/leave").status_code == 303


def test_a_discovery_of_another_issuer_or_an_open_way_is_not_believed() -> None:
    good: dict[str, Any] = {
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/auth",
        "token_endpoint": "https://id.example/token",
        "jwks_uri": "https://id.example/jwks",
    }
    assert oidc_provider._usable(good, "https://id.example") == good
    bads: tuple[Any, ...] = (
        [],
        good | {"issuer": "https://id.example/"},
        good | {"token_endpoint": "http://id.example/token"},
        good | {"authorization_endpoint": "javascript:alert(1)"},
        good | {"jwks_uri": None},
        good | {"end_session_endpoint": "http://evil.example"},
    )
    for bad in bads:
        with pytest.raises(ValueError, match=r"of another issuer|no safe"):
            oidc_provider._usable(bad, "https://id.example")


def test_an_address_is_sent_to_the_provider_so_often_and_no_more(
    fragile: tuple[Site, Provider], browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "PER_MINUTE", 5)
    eve = browser("x", *fragile)
    answers = [eve.client.get(f"{eve.site}/login/oidc") for _ in range(6)]
    assert [each.status_code for each in answers] == [503] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert "Too many tries to sign in." in answers[-1].text


def test_every_sign_in_and_refusal_is_in_the_audit_log(
    ada: Browser, browser: Browsers, database: Database, tenant: Tenant
) -> None:
    def entries(tenant_id: Any) -> list[Any]:
        with database.tenant(tenant_id) as connection:
            return connection.rows(
                "SELECT actor_kind, action, outcome, detail FROM audit_log ORDER BY recorded_at, seq"
            )

    before = len(entries(HOUSE))
    ada.open("/login/oidc?next=/account")
    signed = entries(tenant.tenant_id)[0]
    assert (signed["actor_kind"], signed["action"], signed["outcome"]) == ("person", "sign-in", "done")
    assert (signed["detail"]["way"], signed["detail"]["first"]) == ("provider", True)
    browser("nobody@example.org").open("/login/oidc")
    stranger = entries(HOUSE)[before:]
    assert [(each["action"], each["outcome"]) for each in stranger] == [("sign-in", "refused")]
    assert "nobody" not in json.dumps(stranger[0]["detail"])


def test_nothing_of_a_token_is_logged(
    ada: Browser, caplog: pytest.LogCaptureFixture, email: str, browser: Browsers
) -> None:
    with caplog.at_level("DEBUG"):
        address = ada.to_the_answer()
        ada.client.get(address)
        bad = browser(email)
        bad.client.get(with_other(bad.to_the_answer(), code="not-a-code"))
    told = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith("werkzeug"))
    assert "a sign-in by the OpenID provider is refused: the code is not taken" in told
    ours = [each for each in caplog.records if each.name.startswith(("api", "data"))]
    assert ours
    for secret in (asked(address)["code"], "eyJ", email, "not-a-code"):
        assert secret not in "\n".join(each.getMessage() for each in ours)
