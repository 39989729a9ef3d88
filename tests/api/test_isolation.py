"""Two tenants, every role: with the other's ids, in whatever place, nobody gets anywhere or learns anything.

An id of the other tenant has to be answered in every respect as one that does not exist: same status, same
words, as many statements of SQL. Each question is first asked with one's own ids, where it has to succeed.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args
from urllib.parse import quote
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from werkzeug.routing import Rule as Address
from werkzeug.test import TestResponse

from api.rules import rule_of
from app import SERVICES
from data import directory
from data.engine import Database
from data.users import Role
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.api.furnished import WIDGET, Furnished, furnish
from tests.conftest import new_tenant

ROLES: tuple[Role, ...] = get_args(Role)
SHOWN = ("Content-Type", "ETag", "Location", "Cache-Control", "Content-Disposition", "Retry-After")


@pytest.fixture(autouse=True)
def asked_as_often_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held for seconds, and unknown names looked up so often a second, must not differ by chance."""
    monkeypatch.setattr(directory, "HOLD_SECONDS", 3_600)
    monkeypatch.setattr(directory, "ASKED_A_SECOND", 1_000_000)


@pytest.fixture(scope="module")
def ours(whole_server: Flask, database: Database, postgres_url: str) -> Furnished:
    return furnish(whole_server, database, new_tenant(postgres_url), "Linden")


@pytest.fixture(scope="module")
def theirs(whole_server: Flask, database: Database, postgres_url: str) -> Furnished:
    return furnish(whole_server, database, new_tenant(postgres_url), "Harlequin")


@pytest.fixture(scope="module")
def callers(whole_server: Flask, database: Database, ours: Furnished) -> dict[str, Caller]:
    """Everybody of our tenant: a person of each role, and a program that may everything."""
    people = {str(role): person(whole_server, database, ours.tenant, role) for role in ROLES}
    token = {"Authorization": f"Bearer {token_of(database, ours.tenant)}"}
    return {
        **{str(role): caller for role, caller in people.items()},
        "program": Caller(whole_server.test_client(), token),
    }


NOBODY = {
    name: "ref-of-nobody" if name == "ref" else str(UUID(int=0xABCDEF, version=4))
    for name in (
        "venue",
        "event",
        "ref",
        "board",
        "link",
        "note",
        "export",
        "user",
        "token",
        "tenant",
        "invitation",
        "import",
        "letter",
        "job",
        "webhook",
        "message",
        "unregistered",
    )
}
"""Ids of nothing."""
MANY = 1_000
UNKNOWN = {name: value.replace("ab", "cd").replace("nobody", "none") for name, value in NOBODY.items()}
NAMES = {
    "board_id": "board",
    "link_id": "link",
    "note_id": "note",
    "export_id": "export",
    "import_id": "import",
    "ref": "event",
    "user_id": "user",
    "token_id": "token",
    "invitation_id": "invitation",
    "letter_id": "letter",
    "job_id": "job",
    "webhook_id": "webhook",
    "message_id": "message",
    "unregistered_id": "unregistered",
}
PLAIN = {"grantee": "owner", "number": "1", "name": "kpi"}
"""What stands in an address beside the ids and belongs to nobody."""
LOOK = "?venue={venue}&event={event}"
QUESTION: dict[str, Any] = {"metrics": ["tickets_sold"], "range": {"named": "all"}}
EVER = {"range": {"named": "all"}}
ALL_ROWS: dict[str, Any] = {"range": {"named": "all"}, "limit": 10}
COMPARED = {"range": {"last": 7, "unit": "day"}, "compareEvent": "{event}"}
DASH = "/_dash-update-component"

BODIES: list[tuple[str, str, Any]] = [
    ("POST", "/api/v1/analytics/query", {**QUESTION, "venues": ["{venue}"]}),
    ("POST", "/api/v1/analytics/query", {**QUESTION, "events": ["{event}"]}),
    ("POST", "/api/v1/analytics/query", {"queries": [{**QUESTION, "events": ["{event}"]}], "explain": True}),
    ("POST", "/api/v1/analytics/query", {**QUESTION, **COMPARED, "events": ["{event}"]}),
    ("POST", "/api/v1/analytics/query", {**QUESTION, "where": {"dimension": "event", "in": ["{event}"]}}),
    ("POST", "/api/v1/analytics/query", {**QUESTION, "where": {"dimension": "venue", "in": ["{venue}"]}}),
    ("POST", "/api/analytics/query", {**QUESTION, "venues": ["{venue}"]}),
    ("POST", "/api/v1/analytics/rows", {**ALL_ROWS, "events": ["{event}"]}),
    ("POST", "/api/v1/analytics/rows", {**ALL_ROWS, "venues": ["{venue}"]}),
    ("POST", "/api/v1/analytics/rows", {**ALL_ROWS, "kind": "scans", "events": ["{event}"]}),
    *[
        ("GET", f"{prefix}/stats{part}?event_id={{{name}}}", None)
        for prefix in ("/api/v1", "")
        for part in ("", "/scans", "/transfers", "/invalid-attempts", "/days")
        for name in ("event", "ref")
    ],
    ("GET", "/api/v1/widgets/kpi?venue={venue}", None),
    ("GET", "/api/v1/widgets/kpi?event={event}", None),
    ("GET", "/api/v1/widgets/house-count?event={event}", None),
    ("POST", "/api/v1/widgets/kpi", {"settings": {}, "look": {"event": ["{event}"]}}),
    ("GET", "/api/v1/annotations?venue_id={venue}", None),
    ("GET", "/api/v1/annotations?event_id={event}", None),
    ("POST", "/api/v1/annotations", {"text": "x", "at": "2026-01-01T00:00:00Z", "event_id": "{event}"}),
    ("POST", "/api/v1/annotations", {"text": "x", "at": "2026-01-01T00:00:00Z", "venue_id": "{venue}"}),
    ("PUT", "/api/v1/dashboards/{board}/shares/user:{user}", {"mayEdit": True}),
    ("POST", "/api/v1/exports", {"format": "csv", "query": {**QUESTION, "events": ["{event}"]}}),
    ("POST", "/api/v1/exports", {"format": "csv", "dashboard": "{board}"}),
    ("POST", "/api/v1/exports", {"format": "csv", "dashboard": "{board}", "placed": "a"}),
    ("POST", "/api/v1/exports", {"format": "csv", "widget": "kpi", "filters": {"event": "{event}"}}),
    ("POST", "/api/v1/exports", {"format": "csv", "table": "sales", "filters": {"venue": "{venue}"}}),
    (
        "POST",
        "/api/v1/exports",
        {"format": "csv", "rows": {**EVER, "events": ["{event}"]}},
    ),
    *[
        ("GET", f"{prefix}/analytics/real-time/{section}?event_id={{{name}}}", None)
        for prefix in ("/api/v1", "/api")
        for section in ("attendance", "capacity", "revenue", "sales")
        for name in ("event", "ref")
    ],
    ("GET", "/api/v1/realtime/state/{ref}", None),
    ("GET", "/api/v1/dead-letters?state=all", None),
    ("GET", "/api/v1/unregistered-events?limit=200", None),
    ("GET", "/api/v1/event-matches", None),
    ("POST", "/api/v1/dead-letters/bulk", {"action": "replay", "ids": ["{letter}"]}),
    ("GET", "/api/v1/audit?who={user}&object=dashboard:{board}", None),
    ("GET", "/api/v1/audit?venue={venue}&event={event}", None),
    ("GET", "/audit?who={user}&object=dashboard:{board}", None),
    ("GET", "/audit?venue={venue}&event={event}", None),
    ("GET", "/audit/file?format=csv&who={user}&object=dashboard:{board}", None),
    ("GET", "/audit/file?format=csv&venue={venue}&event={event}", None),
    ("GET", "/imports/{import}", None),
    ("GET", "/imports/{import}/state", None),
    ("GET", "/imports/{import}/errors", None),
    ("GET", f"/dashboards/{{board}}{LOOK}", None),
    ("GET", "/tv?boards={board}&seconds=30", None),
    ("GET", f"/{LOOK}", None),
    ("GET", f"/sales{LOOK}", None),
    ("GET", f"/attendance{LOOK}", None),
]
"""Every place beside the path in which an id may come."""


def told(text: str, ids: Mapping[str, str]) -> str:
    """The text with these ids in their places."""
    return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]] if found[1] in ids else found[0], text)


def ask(caller: Caller, method: str, path: str, body: Any, ids: Mapping[str, str]) -> TestResponse:
    sent = None if body is None else json.loads(told(json.dumps(body), ids))
    version = 1 if method in ("PUT", "PATCH", "DELETE") else None
    answer = caller(method, told(path, ids), sent, version=version, X_Request_Id="same")
    answer.get_data()
    answer.close()
    if method == "POST" and path == "/api/v1/exports" and answer.status_code in (201, 202):
        assert answer.json is not None
        caller("DELETE", f"{path}/{answer.json['id']}")  # Few may wait at a time.
    return answer


def seen(answer: TestResponse, ids: Mapping[str, str]) -> tuple[Any, ...]:
    """All that an answer tells, without the ids that were sent and what changes from moment to moment."""
    if answer.mimetype == "text/html":  # Has words for this one load in many places.
        return answer.status_code, answer.headers.get("Cache-Control")
    text = answer.get_data(as_text=True)
    for value in sorted({*ids.values()}, key=len, reverse=True):
        text = text.replace(value, "<id>").replace(quote(value), "<id>")
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z| ?\+00:00)|-\d{8}-\d{4}|[0-9a-f]{8}-[0-9a-f-]{27}", "", text)
    headers = {name: re.sub(r"[0-9a-f-]{36}|\d+", "", answer.headers.get(name, "")) for name in SHOWN}
    return answer.status_code, headers, text


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements of SQL that this thread sends meanwhile."""
    sent: list[str] = []
    here = threading.get_ident()
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *parts: Any, **named: Any) -> Any:
        if threading.get_ident() == here:
            sent.append(str(query))
        return execute(cursor, query, *parts, **named)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noted)
        yield sent


def addresses(server: Flask) -> list[tuple[str, str, bool]]:
    """Method, path with places for ids, and whether it has any, of all that take a permission."""
    found = []
    for address in server.url_map.iter_rules():
        rule = rule_of(address.endpoint)
        assert rule is not None
        if rule.way == "permitted":
            path = _template(address)
            found += [
                (m, path, "{" in path) for m in sorted((address.methods or set()) - {"HEAD", "OPTIONS"})
            ]
    return found


def _template(address: Address) -> str:
    def place(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        return PLAIN[name] if name in PLAIN else f"{{{NAMES[name]}}}"

    return re.sub(r"<([^>]+)>", place, address.rule)


def check(
    case: tuple[str, str, Any],
    callers: Mapping[str, Caller],
    theirs: Furnished,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method, path, body = case
    for role, caller in callers.items():
        where = f"{role} {method} {path} {body}"
        ask(caller, method, path, body, UNKNOWN)  # What is read once in a while is read now.
        fewest = {"nothing": MANY, "theirs": MANY}
        for order in (("nothing", "theirs"), ("theirs", "nothing"), ("nothing", "theirs")):
            answers = {}
            for whose in order:
                ids = theirs.ids if whose == "theirs" else NOBODY
                answers[whose], taken = _asked(caller, case, ids, monkeypatch)
                fewest[whose] = min(fewest[whose], taken)
            assert answers["theirs"].status_code < 500, where
            assert theirs.word not in answers["theirs"].get_data(as_text=True), where
            assert seen(answers["nothing"], NOBODY) == seen(answers["theirs"], theirs.ids), where
            if fewest["nothing"] == fewest["theirs"]:
                break  # What is read anew every few seconds fell to one of them; either may be the first.
        assert fewest["nothing"] == fewest["theirs"], f"{where}: {fewest} statements"


def _asked(
    caller: Caller, case: tuple[str, str, Any], ids: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[TestResponse, int]:
    """The answer and how many statements it took."""
    with statements(monkeypatch) as sent:
        answer = ask(caller, *case, ids)
    return answer, len(sent)


def test_no_path_leads_to_anything_of_another_tenant(
    whole_server: Flask,
    callers: dict[str, Caller],
    ours: Furnished,
    theirs: Furnished,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths: list[tuple[str, str, Any]] = [
        (method, path, {} if method in ("POST", "PUT", "PATCH") else None)
        for method, path, has_ids in addresses(whole_server)
        if has_ids
    ]
    assert len(paths) > 30
    for case in paths:
        check(case, callers, theirs, monkeypatch)
    reached = {
        path: ask(callers["owner"], "GET", path, None, ours.ids).status_code
        for method, path, _ in paths
        if method == "GET"
    }
    assert {path: status for path, status in reached.items() if status != 200} == {}


@pytest.mark.parametrize(
    "case", BODIES, ids=lambda case: re.sub(r"\W+", " ", f"{case[0]} {case[1]} {case[2]}")
)
def test_no_id_in_a_question_leads_to_anything_of_another_tenant(
    case: tuple[str, str, Any],
    callers: dict[str, Caller],
    ours: Furnished,
    theirs: Furnished,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = ask(callers["owner"], *case, ours.ids)
    assert 200 <= own.status_code < 300, own.text
    check(case, callers, theirs, monkeypatch)


def test_every_address_that_takes_a_body_or_parameters_has_a_question_above(whole_server: Flask) -> None:
    without = {
        "/api/v1/analytics/metrics", "/api/analytics/metrics", "/metrics", "/api/v1/widgets",
        "/api/v1/dashboards", "/api/v1/exports", "/api/v1/imports", "/api/v1/widgets/kpi/check", "/admin",
        "/api/v1/sources", "/api/v1/webhooks", "/api/v1/webhooks/types", "/api/v1/competitor-events",
    }  # fmt: skip
    asked = {path.partition("?")[0] for _, path, _ in BODIES}
    plain = {path for _, path, ids in addresses(whole_server) if not ids}
    assert plain - asked <= without, plain - asked - without


def test_no_form_changes_anything_of_another_tenant(
    whole_server: Flask, database: Database, ours: Furnished, theirs: Furnished
) -> None:
    forms = [
        re.sub(r"<uuid:(\w+)_id>", r"{\1}", address.rule)
        for address in whole_server.url_map.iter_rules()
        if address.rule.startswith("/admin/") and "<" in address.rule and "POST" in (address.methods or ())
    ]
    found = re.search(r'name="csrf" value="([^"]+)"', ours.owner("GET", "/admin").text)
    assert found
    sent = {"csrf": found[1], "role": "door", "reach": "all"}

    def post(path: str, ids: Mapping[str, str]) -> tuple[int, str]:
        answer = ours.owner.client.post(told(path, ids), data=sent, headers=ours.owner.headers)
        return answer.status_code, answer.headers.get("Location", "")

    before = _people(database, theirs)
    for path in forms:
        assert post(path, theirs.ids) == post(path, NOBODY), path
        assert post(path, theirs.ids)[0] == 404, path
        assert post(path, ours.ids)[0] == 303, path  # The same form does it to one's own.
    assert len(forms) >= 8
    assert _people(database, theirs) == before


def _people(database: Database, house: Furnished) -> list[dict[str, Any]]:
    with database.tenant(house.tenant.tenant_id) as tenant:
        return [
            *tenant.rows("SELECT * FROM users WHERE tenant_id = %s ORDER BY user_id", [tenant.tenant_id]),
            *tenant.rows(
                "SELECT token_id, revoked_at FROM api_tokens WHERE tenant_id = %s", [tenant.tenant_id]
            ),
            *tenant.rows("SELECT * FROM invitations WHERE tenant_id = %s", [tenant.tenant_id]),
        ]


def test_lists_hold_ones_own_alone(callers: dict[str, Caller], ours: Furnished, theirs: Furnished) -> None:
    board = told("/api/v1/dashboards/{board}", ours.ids)
    for path in ("/api/v1/dashboards", "/api/v1/annotations", f"{board}/links"):
        text = ours.owner("GET", path).text
        assert ours.word in text, path
        assert theirs.word not in text, path
    assert theirs.word not in ours.owner("GET", f"{board}/candidates").text
    exports = ours.owner("GET", "/api/v1/exports").text
    assert (ours.ids["export"] in exports, theirs.ids["export"] in exports) == (True, False)
    found = ours.owner.json("POST", "/api/v1/analytics/query", {**QUESTION, "dimensions": ["venue", "event"]})
    assert found["rows"] == [[ours.ids["venue"], ours.ids["event"], 7]]


def test_nothing_of_another_tenant_is_drawn(
    callers: dict[str, Caller], ours: Furnished, theirs: Furnished
) -> None:
    placed = {**WIDGET, "x": 0, "y": 0, "w": 3, "h": 2, "phone": 0, "title": ""}

    def drawn(caller: Caller, board: str, event: str) -> str:
        query = f"?event={event}"
        asked = {"board": board, "query": query, "slots": {"0": {"placed": placed}}, "look": True}
        return called(caller, "board-ask", asked)

    def page(caller: Caller, event: str) -> str:
        marks = {"page": "sales", "marks": [""] * 40}
        return called(caller, "figures-ask", 1, f"?event={event}", marks)

    assert "Linden night" in drawn(ours.owner, ours.ids["board"], ours.ids["event"])
    for caller in (callers[role] for role in ROLES):
        for board, event in (
            (theirs.ids["board"], ours.ids["event"]),
            (ours.ids["board"], theirs.ids["event"]),
        ):
            assert theirs.word not in drawn(caller, board, event)
        assert theirs.word not in page(caller, theirs.ids["event"])


def called(caller: Caller, asked: str, value: Any, *states: Any) -> str:
    """What Dash's callback of an input answers, as the page's script asks it."""
    known: Any = caller.client.get("/_dash-dependencies").json
    assert isinstance(known, list), known
    [own] = [each for each in known if each["inputs"][0]["id"] == asked]
    inputs = [{**own["inputs"][0], "value": value}]
    state = [{**each, "value": given} for each, given in zip(own["state"], states, strict=True)]
    body = {"output": own["output"], "outputs": [], "inputs": inputs, "state": state}
    return caller("POST", DASH, {**body, "changedPropIds": [f"{asked}.data"]}).text


def test_equal_questions_of_two_tenants_share_no_answer(ours: Furnished, theirs: Furnished) -> None:
    asked = {**QUESTION, "metrics": ["tickets_sold", "entries"], "dimensions": ["event"]}
    for _ in range(2):  # Computed, then from the cache.
        for house in (ours, theirs):
            found = house.owner.json("POST", "/api/v1/analytics/query", asked)
            assert found["rows"] == [[house.ids["event"], 7, 3]]


def test_equal_idempotency_keys_of_two_tenants_are_two_keys(ours: Furnished, theirs: Furnished) -> None:
    key = uuid4().hex
    made = [
        house.owner("POST", "/api/v1/dashboards", {"name": f"{house.word} twice"}, Idempotency_Key=key)
        for house in (ours, theirs)
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert "Idempotent-Replayed" not in made[1].headers
    assert [answer.json and answer.json["name"] for answer in made] == ["Linden twice", "Harlequin twice"]


def test_a_transaction_that_dies_leaves_no_tenant_on_its_connection(
    database: Database, ours: Furnished, whole_server: Flask
) -> None:
    pool = whole_server.extensions[SERVICES].database.pool

    class Died(Exception):
        pass

    def work() -> None:
        with whole_server.extensions[SERVICES].database.tenant(ours.tenant.tenant_id) as tenant:
            tenant.execute("SELECT 1 FROM events WHERE tenant_id = %s", [ours.tenant.tenant_id])
            raise Died

    for _ in range(pool.max_size + 1):
        with pytest.raises(Died):
            work()
    for _ in range(pool.max_size):
        with pool.connection() as connection:
            left = connection.execute("SELECT current_setting('app.tenant_id', true), count(*) FROM events")
            assert left.fetchone() in (("", 0), (None, 0))


def test_the_role_of_the_application_reads_nothing_without_a_tenant_and_goes_round_no_policy(
    database: Database, ours: Furnished
) -> None:
    with database.pool.connection() as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'SELECT')"
        ).fetchall()
        assert len(tables) > 40
        for (table,) in tables:
            identifier = psycopg.sql.Identifier(table)
            query = psycopg.sql.SQL("SELECT EXISTS (SELECT FROM {})").format(identifier)
            assert connection.execute(query).fetchone() == (False,), table
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        assert rights == (False, False, False, False)
