"""The pages of webhooks: an owner makes one, sees its secret once, reads its log, and turns it off and on."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from flask import Flask

from data import webhooks
from data.engine import Database
from data.users import Role
from tests.api.caller import Caller, person
from tests.api.test_admin import post
from tests.api.test_webhooks import fail
from tests.conftest import Tenant

HOOK = {"url": "https://hooks.example/SECRET", "description": "Box office", "types": ["event.sold_out"]}


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


def only(database: Database, tenant: Tenant) -> webhooks.Webhook:
    with database.tenant(tenant.tenant_id) as connection:
        [found] = webhooks.listed(connection)
    return found


def test_a_secret_is_on_the_page_that_made_it_and_on_no_other(
    owner: Caller, database: Database, tenant: Tenant
) -> None:
    made = post(owner, "/webhooks", HOOK)
    secret = re.findall(r"whsec_[\w+/=]+", made.text)
    assert (made.status_code, len(secret), made.headers["Cache-Control"]) == (201, 1, "no-store")
    one = f"/webhooks/{only(database, tenant).webhook_id}"
    for address in ("/webhooks", one):
        page = owner.client.get(address)
        assert (page.status_code, "Box office" in page.text, "whsec_" in page.text) == (200, True, False)
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        assert " style=" not in page.text
    assert "SECRET" not in owner.client.get("/webhooks").text
    again = post(owner, f"{one}/rotate", {"hours": "24"})
    assert re.findall(r"whsec_[\w+/=]+", again.text) not in ([], secret)
    assert "Former secret" in owner.client.get(one).text


def test_an_owner_tries_it_reads_what_was_answered_and_sends_again(
    owner: Caller, database: Database, tenant: Tenant
) -> None:
    post(owner, "/webhooks", HOOK)
    webhook = only(database, tenant)
    one = f"/webhooks/{webhook.webhook_id}"
    assert post(owner, f"{one}/test").location == f"{one}?done=test"
    fail(database, tenant, str(webhook.webhook_id), 410)
    page = owner.client.get(one).text
    assert "Its receiver said that it is gone (410)." in page
    [delivery] = set(re.findall(rf'href="({one}/deliveries/[\w-]+)"', page))
    detail = owner.client.get(delivery).text
    assert "webhook.test" in detail
    assert "&#34;type&#34;: &#34;webhook.test&#34;" in detail
    assert "&lt;b&gt;" in detail, "what a receiver answers is text"
    assert "<b>410" not in detail
    refused = post(owner, f"{delivery}/replay")
    assert (refused.status_code, "This webhook is off" in refused.text) == (409, True)
    assert post(owner, f"{one}/enable").location == f"{one}?done=enabled"
    assert "Send all 1 failed again" in owner.client.get(f"{one}?show=failed").text
    assert post(owner, f"{one}/replay").location == f"{one}?done=all"
    assert "There are none of these." in owner.client.get(f"{one}?show=failed").text
    assert post(owner, f"{one}/disable").location == f"{one}?done=disabled"
    assert only(database, tenant).reason == "by-hand"


def test_what_is_wrong_stands_at_its_field_and_nothing_that_was_typed_is_lost(
    owner: Caller, database: Database, tenant: Tenant
) -> None:
    typed = HOOK | {"url": "https://127.0.0.1/"}
    refused = post(owner, "/webhooks", typed)
    assert refused.status_code == 422
    assert 'id="url-error">It does not lead to the public Internet.' in refused.text
    assert 'value="https://127.0.0.1/"' in refused.text
    assert 'value="Box office"' in refused.text
    assert re.search(r'value="event.sold_out" checked', refused.text)
    nothing = post(owner, "/webhooks", {"url": "https://hooks.example/"})
    assert (nothing.status_code, "Choose what it is told." in nothing.text) == (422, True)
    post(owner, "/webhooks", {"url": "https://hooks.example/", "every": "yes", "types": ["event.sold_out"]})
    webhook = only(database, tenant)
    assert webhook.types == ()
    one = f"/webhooks/{webhook.webhook_id}"
    changed = post(owner, f"{one}/change", HOOK)
    assert changed.location == f"{one}?done=changed"
    assert only(database, tenant).types == ("event.sold_out",)
    refused = post(owner, f"{one}/change", typed)
    assert (refused.status_code, "url-error" in refused.text) == (422, True)
    assert only(database, tenant).url == HOOK["url"]
    unsure = post(owner, f"{one}/remove")
    assert (unsure.status_code, "Say that you are sure" in unsure.text) == (422, True)
    assert post(owner, f"{one}/remove", {"sure": "yes"}).location == "/webhooks?done=removed"
    assert owner.client.get(one).status_code == 404


def test_a_form_of_another_site_does_nothing(owner: Caller, database: Database, tenant: Tenant) -> None:
    sent = owner.client.post("/webhooks", data=HOOK | {"csrf": "guessed"}, headers=dict(owner.headers))
    assert sent.status_code == 400
    elsewhere = owner.client.post("/webhooks", data=HOOK, headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    with database.tenant(tenant.tenant_id) as connection:
        assert webhooks.listed(connection) == []


@pytest.mark.parametrize("role", ["manager", "analyst", "door", "promoter"])
def test_others_see_nothing_of_it(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, role: Role
) -> None:
    post(owner, "/webhooks", HOOK)
    other = person(whole_server, database, tenant, role)
    for address in ("/webhooks", f"/webhooks/{only(database, tenant).webhook_id}"):
        page = other("GET", address, Accept="text/html")
        assert (page.status_code, "hooks.example" in page.text) == (403, False)
    assert 'href="/webhooks"' not in other.client.get("/account").text
    assert 'href="/webhooks"' in owner.client.get("/account").text


def test_a_webhook_of_another_organisation_is_not_there(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    eve = person(whole_server, database, other_tenant, "owner", "Eve")
    post(eve, "/webhooks", HOOK)
    theirs = only(database, other_tenant)
    for address in (f"/webhooks/{theirs.webhook_id}", f"/webhooks/{uuid4()}"):
        for form in ("change", "rotate", "test", "enable", "disable", "remove", "replay"):
            fields = HOOK | {"hours": "24", "sure": "yes"}
            answer = post(owner, f"{address}/{form}", fields)
            assert (answer.status_code, "There is nothing here" in answer.text) == (404, True), form
        assert owner.client.get(address).status_code == 404
    assert only(database, other_tenant) == theirs
