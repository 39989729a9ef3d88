"""Every address, page and callback of the running application leaves the entry that its rule names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from dash import Dash
from dash._pages import PAGE_REGISTRY
from flask import Flask

from api.callback_door import first_input
from api.rules import CALLBACKS, PAGES, RULES, action_of, rule_of
from app import CLOSE, SERVICES, create_app
from config import Settings
from data.audit_entry import HOUSE, Entry, Keys
from data.audit_verify import verify
from data.dashboards import create
from data.engine import Database, DatabaseUnavailable
from data.permissions import roles_with
from data.services import Services
from data.tokens import add_token
from tests.api.caller import OUR_PAGE, Caller, person
from tests.api.test_rules import addresses, path_of
from tests.conftest import Tenant


@pytest.fixture(scope="module")
def app(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dash]:
    settings = Settings(
        _env_file=None,
        database_url=postgres_url,
        redis_url=redis_url,
        redis_prefix=f"{redis_prefix}-audit",
        data_dir=tmp_path_factory.mktemp("audit"),
    )
    app = create_app(settings)
    app.server.test_client().get("/livez")  # Dash takes its callbacks over at the first request.
    yield app
    app.server.extensions[CLOSE]()


ASKED_APART = (
    "/",
    "/<path:path>",
    "login.sign_in",
    "login.code",
    "login.sign_out",
    "oidc.back",
    "oidc.choose",
)
COLUMNS = (
    "actor_kind, actor_id, session_id, door, action, outcome, object, venue_id, event_id, request_id, detail"
)


def entries(database: Database, tenant_id: UUID) -> list[dict[str, Any]]:
    """All entries in the order in which they were written."""
    with database.tenant(tenant_id) as tenant:
        return tenant.rows(f"SELECT {COLUMNS} FROM audit_log ORDER BY recorded_at, seq")


class Log:
    """The entries since the last look."""

    def __init__(self, database: Database, tenant_id: UUID) -> None:
        self._database, self._tenant_id = database, tenant_id
        self._seen = len(entries(database, tenant_id))

    def new(self) -> list[dict[str, Any]]:
        found = entries(self._database, self._tenant_id)
        new, self._seen = found[self._seen :], len(found)
        return new

    def peek(self) -> list[dict[str, Any]]:
        """The same, which the next look has again."""
        return entries(self._database, self._tenant_id)[self._seen :]

    def told(self) -> list[tuple[str, str, str]]:
        """Door, action and outcome of each."""
        return [(entry["door"], entry["action"], entry["outcome"]) for entry in self.new()]


def test_every_rule_has_an_action_or_says_why_it_leaves_no_entry() -> None:
    silent = [
        name
        for name, rule in RULES.items()
        if not rule.unrecorded and not (action_of(rule, name, "GET") and action_of(rule, name, "POST"))
    ]
    assert silent == []
    both = [name for name, rule in RULES.items() if rule.unrecorded and rule.action]
    assert both == []


def test_every_address_leaves_the_entry_that_its_rule_names(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    caller, log = person(app.server, database, tenant, "owner"), Log(database, tenant.tenant_id)
    seen = 0
    for address, method in addresses(app.server):
        rule = rule_of(address.endpoint)
        assert rule is not None
        if rule.way == "own" or address.endpoint in ASKED_APART:
            continue  # These are asked by those whom they are for, below.
        caller(method, path_of(address), {})
        action = action_of(rule, address.endpoint, method)
        new = log.new()
        assert {entry["action"] for entry in new} == ({action} if action else set()), (address.rule, method)
        if action:
            seen += 1
            ended = new[-1]
            assert ended["outcome"] in ("done", "refused", "failed")
            assert ended["detail"]["address"] == f"{method} {address.rule}"
            changes = method != "GET" and not action.startswith("see-")
            assert [entry["outcome"] for entry in new[:-1]] == ["begun"] * changes, (address.rule, method)
            assert len({entry["request_id"] for entry in new}) == 1
    assert seen > 40


def test_every_page_leaves_an_entry_when_it_is_opened_and_when_it_is_gone_to(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    callers = {role: person(app.server, database, tenant, role) for role in ("owner", "promoter", "door")}
    log = Log(database, tenant.tenant_id)
    with database.tenant(tenant.tenant_id) as connection:
        board = create_board(connection, tenant)
    output = next(
        output
        for output, found in app.callback_map.items()
        if first_input(found) == "_pages_location.pathname"
    )
    for page in PAGE_REGISTRY.values():
        name = page["module"].rpartition(".")[2]
        path = f"/dashboards/{board}" if name == "board" else page["path"]
        action, subject = PAGES[name], f"dashboard:{board}" if name == "board" else ""
        for role in callers:
            outcome = "done" if action and role in roles_with(action) else "refused"
            callers[role]("GET", path)
            expected = [("page", action, outcome, subject, name)] if action else []
            assert shown(log.new()) == expected, (name, role)
            inputs = [
                {"id": "_pages_location", "property": "whatever", "value": path},
                {"id": "_pages_location", "property": "search", "value": ""},
            ]
            outputs = [
                {"id": "_pages_content", "property": "children"},
                {"id": "_pages_store", "property": "data"},
            ]
            body = {"output": output, "outputs": outputs, "inputs": inputs, "state": [], "changedPropIds": []}
            callers[role]("POST", "/_dash-update-component", body)
            expected = [("callback", action, outcome, subject, name)] if action else []
            assert shown(log.new()) == expected, (name, role)


def create_board(connection: Any, tenant: Tenant) -> UUID:
    from data.access import Access
    from data.board_document import BoardDocument

    access = Access(tenant.tenant_id, "owner", UUID(int=5))
    return create(connection, access, "A board", BoardDocument()).dashboard_id


def shown(new: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("door", "action", "outcome", "object")
    return [(*(entry[name] for name in names), entry["detail"].get("page")) for entry in new]


def test_every_callback_with_a_permission_leaves_an_entry(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    for role in ("owner", "promoter"):
        caller, log = person(app.server, database, tenant, role), Log(database, tenant.tenant_id)
        for output, callback in app.callback_map.items():
            permission = CALLBACKS[first_input(callback)]
            body = {"output": output, "outputs": None, "inputs": [], "state": [], "changedPropIds": []}
            caller("POST", "/_dash-update-component", body)
            found = [(door, action) for door, action, _ in log.told()]
            assert found == ([("callback", permission)] if permission else []), (output, role)


def test_signing_in_and_out_and_failing_to_is_recorded_where_the_account_is(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    log, house = Log(database, tenant.tenant_id), Log(database, HOUSE)
    caller = person(app.server, database, tenant, "owner")
    new = log.new()
    assert [(entry["actor_kind"], entry["action"], entry["outcome"]) for entry in new] == [
        ("person", "sign-in", "done")
    ]
    assert new[0]["object"] == f"user:{new[0]['actor_id']}"
    page = caller("GET", "/account").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    email = email_of(database, tenant)
    caller.client.post("/logout", data={"csrf": csrf}, headers=OUR_PAGE)
    assert log.told() == [("page", "see-account", "done"), ("page", "sign-out", "done")]
    guess(app.server, email)
    assert guess(app.server, "nobody@example.org") == 401
    found = log.new()
    assert [(entry["actor_kind"], entry["action"], entry["outcome"]) for entry in found] == [
        ("stranger", "sign-in", "refused")
    ]
    assert found[0]["object"] == new[0]["object"]
    assert house.told() == [("page", "sign-in", "refused")]


def email_of(database: Database, tenant: Tenant) -> str:
    """What the tenant's only user signs in with."""
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute("SELECT email FROM users").fetchone()
    assert row is not None
    return str(row[0])


def guess(server: Flask, email: str) -> int:
    """Try to sign in with a wrong password; the status."""
    client = server.test_client()
    csrf = client.get("/login").text.split('name="csrf" value="')[1].split('"')[0]
    return client.post("/login", data={"email": email, "password": "wrong", "csrf": csrf}).status_code


def test_a_lock_out_is_recorded_once_however_often_somebody_tries(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    person(app.server, database, tenant, "owner")
    email, log = email_of(database, tenant), Log(database, tenant.tenant_id)
    statuses = [guess(app.server, email) for _ in range(9)]
    tried, refused = statuses.count(401), statuses.count(429)
    assert (tried + refused, refused >= 2) == (9, True)
    actions = [action for _, action, _ in log.told()]
    assert (actions.count("sign-in"), actions.count("locked-out"), len(actions)) == (tried, 1, tried + 1)


def test_an_entry_says_who_by_what_and_about_what_without_a_figure_or_a_filter(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        token_id, token = add_token(connection, "ours", ["read"])
    program = Caller(app.server.test_client(), {"Authorization": f"Bearer {token}", "X-Request-Id": "abc-1"})
    log = Log(database, tenant.tenant_id)
    question = {
        "metrics": ["revenue", "tickets_sold"],
        "dimensions": ["channel"],
        "range": {"last": 7},
        "where": {"dimension": "customer", "values": ["planted-customer"]},
    }
    program("POST", "/api/v1/analytics/query", question)
    entry = log.new()[0]
    assert (entry["actor_kind"], entry["actor_id"], entry["session_id"]) == ("token", token_id, None)
    assert (entry["door"], entry["action"], entry["request_id"]) == ("rest", "see-figures", "abc-1")
    assert "planted-customer" not in str(entry)
    program("GET", f"/api/v1/widgets/kpi?venue={tenant.venue_id}")
    assert [(entry["venue_id"], entry["action"]) for entry in log.new()] == [(tenant.venue_id, "see-figures")]


def test_names_that_are_none_of_the_catalogues_are_not_recorded(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        _, token = add_token(connection, "ours", ["read"])
    program = Caller(app.server.test_client(), {"Authorization": f"Bearer {token}"})
    log = Log(database, tenant.tenant_id)
    question = {
        "metrics": ["tickets_sold", "jane@planted.example", "x" * 900_000],
        "dimensions": ["jane@planted.example"],
    }
    assert program("POST", "/api/v1/analytics/query", question).status_code == 422
    [entry] = log.new()
    assert (entry["detail"]["metrics"], entry["detail"]["dimensions"]) == (["tickets_sold"], [])
    assert "planted" not in str(entry)


def test_who_is_turned_away_at_the_gate_leaves_no_entry(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    log, house = Log(database, tenant.tenant_id), Log(database, HOUSE)
    stranger = app.server.test_client()
    assert stranger.get("/api/v1/dashboards").status_code == 401
    assert stranger.get("/sales").status_code == 302
    assert (log.new(), house.new()) == ([], [])


def test_a_link_and_its_files_are_recorded_as_the_links(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    owner = person(app.server, database, tenant, "owner")
    board = owner.json("POST", "/api/v1/dashboards", {"name": "Shown"})["id"]
    made = owner.json(
        "POST",
        f"/api/v1/dashboards/{board}/links",
        {
            "label": "Promoter",
            "filters": {"venue": str(tenant.venue_id)},
            "expiresAt": "2026-12-24T00:00:00Z",
        },
    )
    log = Log(database, tenant.tenant_id)
    path = "/shared/" + made["url"].rpartition("/shared/")[2]
    anybody = app.server.test_client()
    assert anybody.get(path).status_code == 200
    assert anybody.get(f"{path}/file?format=csv").status_code == 200
    assert anybody.get("/shared/nothing").status_code == 404
    new = log.new()
    assert [(entry["door"], entry["action"], entry["outcome"]) for entry in new] == [
        ("link", "see-link", "done"),
        ("link", "download-link", "done"),
    ]
    assert {(entry["actor_kind"], str(entry["actor_id"]), entry["object"]) for entry in new} == {
        ("link", made["id"], f"dashboard:{board}")
    }
    assert made["url"].rpartition("/")[2] not in str(new)


class Away:
    """A trail that cannot be written."""

    def record(self, tenant_id: UUID, entry: Entry) -> None:
        raise DatabaseUnavailable("away")


def test_while_the_log_cannot_be_written_nothing_is_shown_and_nothing_changed(
    app: Dash, database: Database, tenant: Tenant, postgres_url: str, redis_url: str, tmp_path: Any
) -> None:
    settings = Settings(
        _env_file=None, database_url=postgres_url, redis_url=redis_url, data_dir=tmp_path, secret_key="k" * 40
    )
    closed = create_app(settings, trail=lambda _: Away()).server
    try:
        with database.tenant(tenant.tenant_id) as connection:
            _, token = add_token(connection, "ours", ["read", "write"])
        program = Caller(closed.test_client(), {"Authorization": f"Bearer {token}"})
        for method, path in (("GET", "/api/v1/dashboards"), ("POST", "/api/v1/dashboards")):
            answer = program(method, path, {"name": "Never made"} if method == "POST" else None)
            assert (answer.status_code, answer.get_json()["code"]) == (503, "database-unavailable")
        assert program("GET", f"/api/v1/dashboards/{UUID(int=1)}").status_code == 404
        assert program("GET", "/livez").status_code == 200
    finally:
        closed.extensions[CLOSE]()
    with database.tenant(tenant.tenant_id) as connection:
        assert connection.execute("SELECT count(*) FROM dashboards").fetchone() == (0,)


def test_what_the_application_wrote_in_these_tests_is_a_whole_chain(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    services: Services = app.server.extensions[SERVICES]
    caller = person(app.server, database, tenant, "owner")
    caller("GET", "/sales")
    keys = Keys(services.settings.audit_keys())
    assert list(verify(database, tenant.tenant_id, keys)) == []
    assert len(entries(database, tenant.tenant_id)) == 2


def test_the_log_is_searched_by_rest_page_by_page(app: Dash, database: Database, tenant: Tenant) -> None:
    owner = person(app.server, database, tenant, "owner")
    board = owner.json("POST", "/api/v1/dashboards", {"name": "One"})["id"]
    owner.json("GET", f"/api/v1/dashboards/{board}")
    owner.json("GET", f"/api/v1/widgets/kpi?venue={tenant.venue_id}")
    with database.tenant(tenant.tenant_id) as connection:
        _, token = add_token(connection, "auditor", ["audit"])
    auditor = Caller(app.server.test_client(), {"Authorization": f"Bearer {token}"})

    def actions(query: str) -> list[tuple[str, str]]:
        found = auditor.json("GET", f"/api/v1/audit?{query}")["entries"]
        return [(entry["action"], entry["outcome"]) for entry in found]

    expected = [
        ("see-figures", "done"),
        ("see-boards", "done"),
        ("change-boards", "done"),
        ("change-boards", "begun"),
        ("sign-in", "done"),
    ]
    first = auditor.json("GET", "/api/v1/audit?limit=2")
    assert [(entry["action"], entry["outcome"]) for entry in first["entries"]] == expected[:2]
    found, cursor = list[tuple[str, str]](), None
    while True:
        page = auditor.json(
            "GET", "/api/v1/audit?limit=2&kind=person" + (f"&cursor={cursor}" if cursor else "")
        )
        found += [(entry["action"], entry["outcome"]) for entry in page["entries"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert found == expected
    mine = first["entries"][0]["who"]
    assert mine["name"] == "Ada"
    assert actions(f"who={mine['id']}&action=see-boards") == [("see-boards", "done")]
    about_it = [("see-boards", "done"), ("change-boards", "done")]
    assert actions(f"object=dashboard:{board}") == about_it
    assert actions("object=dashboard&kind=person") == about_it
    assert actions(f"venue={tenant.venue_id}") == [("see-figures", "done")]
    assert actions("outcome=begun") == [("change-boards", "begun")]
    assert actions("until=2020-01-01T00:00:00Z") == []
    assert actions("door=page") == [("sign-in", "done")]
    seen = auditor.json("GET", "/api/v1/audit?action=see-audit&limit=1")["entries"][0]
    assert (seen["who"]["kind"], seen["who"]["name"]) == ("token", "auditor")


def test_what_is_no_search_of_the_log_is_told_and_only_owners_and_their_tokens_see_it(
    app: Dash, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    owner = person(app.server, database, tenant, "owner")
    for query, field in (
        ("whom=me", "whom"),
        ("since=yesterday", "since"),
        ("since=2026-01-01", "since"),
        ("who=Ada", "who"),
        ("door=window", "door"),
        ("object=%25", "object"),
        ("cursor=abc", "cursor"),
        ("limit=0", "limit"),
    ):
        answer = owner("GET", f"/api/v1/audit?{query}")
        assert (answer.status_code, field in answer.text) == (422, True), query
    assert owner("GET", "/api/v1/audit").status_code == 200
    assert person(app.server, database, tenant, "manager")("GET", "/api/v1/audit").status_code == 403
    with database.tenant(tenant.tenant_id) as connection:
        _, token = add_token(connection, "reader", ["send", "read", "write"])
    reader = Caller(app.server.test_client(), {"Authorization": f"Bearer {token}"})
    assert reader("GET", "/api/v1/audit").status_code == 403
    theirs = person(app.server, database, other_tenant, "owner").json("GET", "/api/v1/audit")
    assert [entry["action"] for entry in theirs["entries"]] == ["sign-in"]
