"""Signing in by an OpenID provider, whole: the application, a certified provider, and HTTP between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from config import Settings
from data import people, second_factor
from data.engine import Database
from data.second_factor import code_of
from data.users import find_user, set_disabled
from tests.conftest import Tenant
from tests.oidc.running import Browser, Provider, Site, asked, free_port, site_of

Browsers = Callable[..., Browser]
Adds = Callable[..., str]


def role_shown(browser: Browser) -> str:
    found = re.search(r"<dt>Role</dt><dd>([^<]+)</dd>", browser.client.get(f"{browser.site}/account").text)
    assert found
    return found[1]


def test_who_was_added_signs_in_by_the_provider_and_has_the_role_that_was_given(
    browser: Browsers, added: Adds, tenant: Tenant, site: Site, provider: Provider
) -> None:
    ada = browser(added(tenant, role="manager"))
    page = ada.client.get(f"{site.url}/login?next=/sales%3Frange%3Dlast-7").text
    link = re.search(r'href="(/login/oidc[^"]*)">Sign in with Linden ID<', page)
    assert link
    ended = ada.open(link[1])
    assert str(ended.url) == f"{site.url}/sales?range=last-7"
    assert any(each.startswith(f"{provider.issuer}/interaction/") for each in ada.visited)
    assert role_shown(ada) == "Manager at Test"


def test_what_is_asked_of_the_provider(browser: Browsers, site: Site, provider: Provider) -> None:
    first, second = asked(browser("x").sent_out()), asked(browser("x").sent_out())
    assert {name: first[name] for name in ("response_type", "scope", "code_challenge_method")} == {
        "response_type": "code",
        "scope": "openid email",
        "code_challenge_method": "S256",
    }
    for fresh in ("state", "nonce", "code_challenge"):
        assert len(first[fresh]) >= 43
        assert first[fresh] != second[fresh]


def test_the_way_back_is_that_of_the_settings_whatever_host_a_request_names(
    browser: Browsers, site: Site
) -> None:
    answer = browser("x").client.get(f"{site.url}/login/oidc", headers={"Host": "evil.example"})
    assert asked(answer.headers["Location"])["redirect_uri"] == f"{site.url}/login/oidc/back"


def test_the_cookie_tells_neither_state_nor_verifier(browser: Browsers) -> None:
    ada = browser("x")
    state = asked(ada.sent_out())["state"]
    cookie = ada.client.cookies["housecount"]
    assert state not in cookie
    assert len(cookie) < 3_500


def test_one_signs_in_again_by_what_the_provider_calls_one_whatever_the_e_mail(
    browser: Browsers, added: Adds, tenant: Tenant, provider: Provider
) -> None:
    email = added(tenant)
    assert browser(email).open("/login/oidc").status_code == 200
    for later in ("ada@elsewhere.example", "unverified+ada@elsewhere.example"):
        ada = browser(provider.call(email, later))
        ada.open("/login/oidc")
        assert role_shown(ada) == "Analyst at Test"


def test_who_got_a_former_colleagues_address_gets_no_account_with_it(
    browser: Browsers, added: Adds, tenant: Tenant, provider: Provider
) -> None:
    email = added(tenant)
    browser(email).open("/login/oidc")
    newcomer = browser(provider.call(f"newcomer-{email}", email))
    answer = newcomer.open("/login/oidc")
    assert answer.status_code == 403
    assert "Nobody here is known by the e-mail that Linden ID has for you." in answer.text
    assert not newcomer.signed_in()


def test_an_e_mail_that_is_not_verified_or_not_known_opens_nothing(
    browser: Browsers, added: Adds, tenant: Tenant
) -> None:
    email = added(tenant)
    stranger = browser(f"unverified+{email}")
    answer = stranger.open("/login/oidc")
    assert (answer.status_code, stranger.signed_in()) == (403, False)
    assert "Linden ID has not verified your e-mail." in answer.text
    nobody = browser("nobody@example.org")
    assert (nobody.open("/login/oidc").status_code, nobody.signed_in()) == (403, False)


def test_a_letter_that_only_looks_plain_in_lower_case_is_another_address(
    browser: Browsers, added: Adds, tenant: Tenant
) -> None:
    email = added(tenant, f"k-{tenant.tenant_id}@example.org")
    thief = browser(email.replace("k-", "\N{KELVIN SIGN}-"))
    assert (thief.open("/login/oidc").status_code, thief.signed_in()) == (403, False)
    assert browser(email.replace("k-", "K-")).open("/login/oidc").status_code == 200


def test_who_is_in_several_organisations_chooses_and_gets_into_no_other(
    browser: Browsers, added: Adds, tenant: Tenant, other_tenant: Tenant, database: Database
) -> None:
    email = added(tenant)
    ada = browser(email)
    ada.open("/login/oidc")
    assert role_shown(ada) == "Analyst at Test"
    added(other_tenant, email, role="door")
    ada = browser(email)
    page = ada.open("/login/oidc?next=/account")
    assert not ada.signed_in()
    assert set(re.findall(r'name="tenant" value="([^"]+)"', page.text)) == {
        str(tenant.tenant_id),
        str(other_tenant.tenant_id),
    }
    foreign = ada.post("/login/oidc/choose", page, tenant="00000000-0000-4000-8000-000000000000")
    assert (foreign.status_code, ada.signed_in()) == (403, False)
    ada = browser(email)
    page = ada.open("/login/oidc?next=/account")
    chosen = ada.post("/login/oidc/choose", page, tenant=str(other_tenant.tenant_id))
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/account")
    assert role_shown(ada) == "Door at Test"
    assert ada.client.post(f"{ada.site}/login/oidc/choose").status_code == 400


def test_another_address_at_the_provider_opens_no_other_account_beside_the_one_that_is_linked(
    browser: Browsers, added: Adds, tenant: Tenant, provider: Provider
) -> None:
    email, boss = added(tenant), added(tenant, role="owner")
    browser(email).open("/login/oidc")
    ada = browser(provider.call(email, boss))
    ada.open("/login/oidc")
    assert role_shown(ada) == "Analyst at Test"


def test_who_is_disabled_does_not_sign_in_by_the_provider(
    browser: Browsers, added: Adds, tenant: Tenant, database: Database
) -> None:
    email = added(tenant)
    ada = browser(email)
    ada.open("/login/oidc")
    with database.tenant(tenant.tenant_id) as connection:
        user = find_user(connection, email)
        assert user
        set_disabled(connection, user, True)
    assert not ada.signed_in()
    assert browser(email).open("/login/oidc").status_code == 403


def with_factor(database: Database, tenant: Tenant, email: str) -> str:
    with database.tenant(tenant.tenant_id) as connection:
        user = find_user(connection, email)
        assert user
        secret = second_factor.begin(connection, user, datetime.now(UTC))
        assert secret
        step = int(datetime.now(UTC).timestamp()) // 30
        assert second_factor.confirm(connection, user, code_of(secret, step - 1), datetime.now(UTC))
    return secret


def test_the_second_factor_is_asked_for_all_the_same(
    browser: Browsers, added: Adds, tenant: Tenant, database: Database
) -> None:
    email = added(tenant)
    secret = with_factor(database, tenant, email)
    ada = browser(email)
    page = ada.open("/login/oidc?next=/account")
    assert "Your code" in page.text
    assert not ada.signed_in()
    wrong = ada.post("/login/code", page, code="000000")
    assert (wrong.status_code, ada.signed_in()) == (401, False)
    with database.tenant(tenant.tenant_id) as connection:
        assert connection.execute("SELECT count(*) FROM provider_links").fetchone() == (0,)
    code = code_of(secret, int(datetime.now(UTC).timestamp()) // 30)
    right = ada.post("/login/code", page, code=code, next="/account")
    assert (right.status_code, right.headers["Location"], ada.signed_in()) == (303, "/account", True)


def test_a_provider_that_asks_for_one_itself_is_believed_where_the_settings_say_so(
    browser: Browsers,
    settings_of: Callable[..., Settings],
    added: Adds,
    tenant: Tenant,
    database: Database,
) -> None:
    port, own = free_port(), Provider(free_port())
    own.start(f"http://127.0.0.1:{port}", EMAIL_IN="userinfo")
    email, without = added(tenant), added(tenant)
    with_factor(database, tenant, email)
    with database.tenant(tenant.tenant_id) as connection:
        people.require_second_factor(connection, True)
    try:
        with site_of(settings_of(port, own, oidc_second_factor=True), port) as site:
            for each in (email, without):
                ada = browser(each, site, own)
                assert str(ada.open("/login/oidc?next=/sales").url) == f"{site.url}/sales"
    finally:
        own.stop()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login"])
def test_after_the_provider_nobody_is_sent_elsewhere(
    browser: Browsers, added: Adds, tenant: Tenant, site: Site, target: str
) -> None:
    ada = browser(added(tenant))
    ended = ada.client.get(ada.to_the_answer(f"/login/oidc?next={target}"))
    assert (ended.status_code, ended.headers["Location"]) == (303, "/")


def test_the_sign_in_makes_a_session_anew_and_the_former_one_ends(
    browser: Browsers, added: Adds, tenant: Tenant
) -> None:
    ada = browser(added(tenant))
    ada.open("/login/oidc")
    before = ada.client.cookies["housecount"]
    answer = ada.post("/logout", ada.client.get(f"{ada.site}/account"))
    ada.client.cookies.set("housecount", before, domain="127.0.0.1")
    assert answer.headers["Location"] == "/login?ended=provider"
    assert not ada.signed_in()


def test_signing_out_offers_to_sign_out_at_the_provider_too(
    browser: Browsers, added: Adds, tenant: Tenant, provider: Provider, site: Site
) -> None:
    ada = browser(added(tenant))
    ada.open("/login/oidc")
    out = ada.post("/logout", ada.client.get(f"{ada.site}/account"))
    page = ada.client.get(f"{site.url}{out.headers['Location']}")
    assert 'href="/login/oidc/leave"' in page.text
    leaving = ada.client.get(f"{site.url}/login/oidc/leave").headers["Location"]
    assert urlsplit(leaving).path == "/session/end"
    asks = ada.client.get(leaving)
    assert "Do you want to sign-out" in asks.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asks.text)) | {"logout": "yes"}
    ended = ada.follow(ada.client.post(f"{provider.issuer}/session/end/confirm", data=fields))
    assert str(ended.url) == f"{site.url}/login"


def test_one_unlinks_and_allows_it_again_and_an_owner_sees_and_forgets_it(
    browser: Browsers, added: Adds, tenant: Tenant, provider: Provider
) -> None:
    email, owner = added(tenant), browser(added(tenant, role="owner"))
    ada, elsewhere = browser(email), browser(email)
    ada.open("/login/oidc")
    elsewhere.open("/login/oidc")
    owner.open("/login/oidc")
    assert ">Linden ID</span>" in owner.client.get(f"{owner.site}/admin").text
    account = ada.client.get(f"{ada.site}/account")
    assert "Linked since" in account.text
    ada.post("/account/provider/unlink", account)
    assert (ada.signed_in(), elsewhere.signed_in()) == (True, False)
    assert browser(email).open("/login/oidc").status_code == 403
    ada.post("/account/provider/allow", ada.client.get(f"{ada.site}/account"))
    again = browser(email)
    assert again.open("/login/oidc").status_code == 200
    listed = owner.client.get(f"{owner.site}/admin").text
    person = re.search(
        r'href="(/admin/people/[^"]+)"', listed[: listed.index(email) + 600][listed.index(email) :]
    )
    assert person
    page = owner.client.get(f"{owner.site}{person[1]}")
    assert "Unlink Linden ID" in page.text
    owner.post(f"{person[1]}/provider", page)
    assert not again.signed_in()
    assert browser(provider.call(f"new-{email}", email)).open("/login/oidc").status_code == 200
