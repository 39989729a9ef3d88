"""The pages of refused messages: hostile ones are texts, forms do what they say, and only for those who
may."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.letter_words import pretty
from app import SERVICES
from data import letters
from data.dead_letters import DeadLetter, keep
from data.engine import Database
from data.letters import Letter, Wanted
from data.services import Services
from ingest.replaying import Replayer
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/sources/dead-letters"
NOW = datetime(2026, 7, 1, 18, 30, tzinfo=UTC)
SALE = {
    "type": "ticket-purchase",
    "message_id": "order-1",
    "event_id": "gala",
    "venue_id": "hall",
    "ticket_id": "t-1",
    "occurred_at": "2026-07-01T18:00:00+00:00",
}


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


def put(database: Database, tenant: Tenant, *payloads: str, code: str = "negative-amount") -> list[UUID]:
    """Letters with these payloads, the last one the newest; their ids, the newest first."""
    with database.tenant(tenant.tenant_id) as connection:
        keep(
            connection,
            [
                DeadLetter(NOW + timedelta(minutes=n), "rest", code, "amount", "Not negative.", payload)
                for n, payload in enumerate(payloads)
            ],
        )
        return [each.letter_id for each in letters.search(connection, Wanted(None), limit=200)]


def look(caller: Caller, path: str) -> str:
    answer = caller("GET", path, Accept="text/html")
    assert answer.status_code == 200, answer.text
    return answer.text


def send(caller: Caller, path: str, **fields: object) -> TestResponse:
    """The form of the page, with these fields."""
    token = re.search(r'name="csrf" value="([^"]+)"', caller("GET", "/account").text)
    assert token
    return caller.client.post(path, data={"csrf": token[1], **fields}, headers=caller.headers)


def letter(database: Database, tenant: Tenant, letter_id: UUID) -> Letter:
    with database.tenant(tenant.tenant_id) as connection:
        return letters.by_ids(connection, [letter_id])[0]


@pytest.mark.parametrize(
    "payload",
    [
        '{"note": "</textarea><script>alert(1)</script>"}',
        '{"</pre><img src=x onerror=alert(1)>": 1}',
        "\"}'><svg onload=alert(1)>",
        "{" * 5000,
        "[" * 60_000,
        json.dumps({"a": "\u202egnp.exe", "b": "\x01"}),
    ],
)
def test_what_was_sent_is_text_whatever_it_is(
    database: Database, tenant: Tenant, owner: Caller, payload: str
) -> None:
    [found] = put(database, tenant, payload)
    for path in (PATH, f"{PATH}/{found}"):
        text = look(owner, path)
        for evil in ("<script>alert", "<img src=x", "<svg onload"):
            assert evil not in text
        assert text.count("</textarea>") <= 1


def test_numbers_are_shown_as_they_came_and_members_one_a_line() -> None:
    text = '{"amount":12.50,"big":123456789012345678901,"deep":{"a":[1,true,null,"é"]},"none":{}}'
    assert pretty(text) == (
        '{\n  "amount": 12.50,\n  "big": 123456789012345678901,\n  "deep": {\n    "a": [\n      1,\n'
        '      true,\n      null,\n      "é"\n    ]\n  },\n  "none": {}\n}'
    )
    assert pretty("{oops") == "{oops"


def test_an_edit_is_checked_kept_on_the_page_and_replayed(
    database: Database, tenant: Tenant, owner: Caller
) -> None:
    [found] = put(database, tenant, json.dumps(SALE | {"amount": -5}))
    text = look(owner, f"{PATH}/{found}")
    assert "An amount is negative" in text
    assert "1 Jul 2026, 19:30:00" in text, "by the venue's clock"
    one = f"{PATH}/{found}"
    wrong = send(owner, f"{one}/replay", payload='{"type": "ticket-purchase", "x": "<i>"}')
    assert (wrong.status_code, "&lt;i&gt;" in wrong.text) == (422, True)
    good = json.dumps(SALE | {"amount": 5})
    checked = send(owner, f"{one}/check", payload=good)
    assert "It would be taken" in checked.text
    assert letter(database, tenant, found).state == "open"
    done = send(owner, f"{one}/replay", payload=good)
    assert (done.status_code, done.location) == (303, f"{one}?done=accepted")
    after = look(owner, f"{one}?done=accepted")
    assert "It counts now." in after
    assert "by <bdi>Olga</bdi>, with changes" in after
    assert "Edit and replay" not in after
    assert send(owner, f"{one}/replay", payload=good).status_code == 409
    assert send(owner, f"{one}/discard").location == f"{one}?done=gone"


def test_chosen_ones_are_handled_at_once_and_all_as_a_job(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    sales = [json.dumps(SALE | {"message_id": str(n), "amount": n}) for n in range(60)]
    found = put(database, tenant, *sales)
    assert "60</b>" in look(owner, PATH)
    assert look(owner, PATH).count('class="letter-row"') == 50
    older = re.search(r'href="([^"]+cursor=[^"]+)">Older', look(owner, PATH))
    assert older
    assert look(owner, older[1].replace("&amp;", "&")).count('class="letter-row"') == 10
    assert "Choose messages first." in send(owner, f"{PATH}/bulk", action="replay").text
    told = send(owner, f"{PATH}/bulk", action="replay", letter=[str(found[0]), str(found[1])])
    assert "2 counted." in told.text
    told = send(owner, f"{PATH}/bulk", action="discard", letter=[str(found[0]), str(found[2])])
    assert "1 discarded, 1 handled before." in told.text
    begun = send(owner, f"{PATH}/bulk", action="replay", all="1", door="rest")
    assert begun.status_code == 303
    page = owner("GET", begun.location, Accept="text/html")
    assert (page.headers["Refresh"], "0 of 57" in page.text) == ("2", True)
    services: Services = whole_server.extensions[SERVICES]
    replayer = Replayer(services.database, services.directory, services.live)
    job = UUID(begun.location.rpartition("/")[2])
    while replayer.work(tenant.tenant_id, job):
        pass
    page = owner("GET", begun.location, Accept="text/html")
    assert "Refresh" not in page.headers
    assert "57 of 57" in page.text
    assert "Nothing waits here" in look(owner, PATH)


def test_filters_stand_in_the_address_and_times_are_the_venues(
    database: Database, tenant: Tenant, owner: Caller
) -> None:
    put(database, tenant, "{}", "{}", "{}")
    assert (
        look(owner, f"{PATH}?since=2026-07-01T19:31&until=2026-07-01T19:32").count('class="letter-row"') == 1
    )
    assert "No message fits" in look(owner, f"{PATH}?reason=unknown-venue")
    wrong = owner("GET", f"{PATH}?since=soon&door=%22%3E%3Cscript%3E", Accept="text/html")
    assert (wrong.status_code, '"><script>' in wrong.text) == (422, False)


def test_forms_of_elsewhere_do_nothing(database: Database, tenant: Tenant, owner: Caller) -> None:
    [found] = put(database, tenant, json.dumps(SALE | {"amount": 5}))
    for path in (f"{PATH}/{found}/replay", f"{PATH}/{found}/discard", f"{PATH}/bulk"):
        data = {"csrf": "wrong", "action": "discard", "letter": str(found)}
        assert owner.client.post(path, data=data, headers=owner.headers).status_code == 400
    assert letter(database, tenant, found).state == "open"


def test_another_tenants_letters_have_no_page(
    database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    [theirs] = put(database, other_tenant, json.dumps(SALE | {"amount": 5}))
    assert owner("GET", f"{PATH}/{theirs}", Accept="text/html").status_code == 404
    for name in ("replay", "discard", "check"):
        assert send(owner, f"{PATH}/{theirs}/{name}").status_code == 404
    assert "Nothing was there" in send(owner, f"{PATH}/bulk", action="discard", letter=str(theirs)).text
    assert letter(database, other_tenant, theirs).state == "open"
