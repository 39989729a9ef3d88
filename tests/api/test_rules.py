"""Every address, page and callback of the running application has a rule that it holds everybody to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from dash import Dash
from dash._pages import PAGE_REGISTRY
from flask import Flask
from werkzeug.routing import Rule as Address

from api import gate
from api.callback_door import first_input
from api.rule_document import PATH, document
from api.rules import CALLBACKS, PAGES, RULES, rule_of
from app import CLOSE, create_app
from components.shell import PAGES as TABS
from config import Settings
from data.access import Access, Scope
from data.engine import Database
from data.permissions import PERMISSIONS, Permission, may, roles_with
from data.tokens import create_token
from data.users import Role
from tests.api.caller import Caller, person
from tests.conftest import Tenant

ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)


@pytest.fixture(scope="module")
def app(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dash]:
    settings = Settings(
        _env_file=None,
        database_url=postgres_url,
        redis_url=redis_url,
        redis_prefix=f"{redis_prefix}-rules",
        data_dir=tmp_path_factory.mktemp("rules"),
    )
    app = create_app(settings)
    app.server.test_client().get("/livez")  # Dash takes its callbacks over at the first request.
    yield app
    app.server.extensions[CLOSE]()


def addresses(server: Flask) -> list[tuple[Address, str]]:
    """Every address with each of its methods."""
    return [
        (address, method)
        for address in server.url_map.iter_rules()
        for method in sorted((address.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def path_of(address: Address) -> str:
    """A path that leads to it, with made-up ids."""
    values: dict[str, Any] = {}
    for name, converter in address._converters.items():
        kind = type(converter).__name__
        values[name] = uuid4() if kind == "UUIDConverter" else 1 if kind == "IntegerConverter" else "x"
    built = address.build(values)
    assert built is not None
    return built[1]


def test_every_address_has_a_rule_and_every_rule_an_address(app: Dash) -> None:
    server = app.server
    endpoints = {address.endpoint for address, _ in addresses(server)}
    assert [endpoint for endpoint in sorted(endpoints) if rule_of(endpoint) is None] == []
    used = {name for name in RULES if name in endpoints or any(e.startswith(f"{name}.") for e in endpoints)}
    assert set(RULES) - used == set()


def test_every_page_and_every_callback_has_a_rule_and_the_other_way_round(app: Dash) -> None:
    assert {page["module"].rpartition(".")[2] for page in PAGE_REGISTRY.values()} == set(PAGES)
    assert {first_input(callback) for callback in app.callback_map.values()} == set(CALLBACKS)


def test_an_address_without_a_rule_is_closed_to_everybody(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    # Not added to the shared application, which would then break the tests above.
    assert rule_of("forgotten") is None
    bare = Flask("bare")
    bare.add_url_rule("/forgotten", "forgotten", lambda: "open")
    gate.register(bare, app.server.extensions["housecount.services"])
    assert bare.test_client().get("/forgotten").status_code == 403


PERMITTED = {name: rule for name, rule in RULES.items() if rule.way == "permitted"}


def test_every_role_reaches_what_its_permissions_say_and_nothing_else(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    for role in ROLES:
        caller, access = person(app.server, database, tenant, role), Access(tenant.tenant_id, role)
        reached = refused = 0
        for address, method in addresses(app.server):
            rule = rule_of(address.endpoint)
            assert rule is not None
            if rule.way not in ("permitted", "page"):
                continue
            permission = rule.permission(method)
            assert permission is not None
            answer = caller(method, path_of(address), {} if method != "GET" else None)
            told = (
                answer.json["code"] if answer.mimetype == "application/problem+json" and answer.json else ""
            )
            if may(access, permission):
                assert (answer.status_code, told) != (403, "not-permitted"), f"{role} {method} {address}"
                reached += 1
            else:
                assert (answer.status_code, told) == (403, "not-permitted"), f"{role} {method} {address}"
                refused += 1
        assert refused > 0
        assert (reached > 0) == any(may(access, permission) for permission in PERMISSIONS)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_reaches_what_its_scope_says_and_nothing_else(
    app: Dash, database: Database, tenant: Tenant, scope: Scope
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        token = create_token(connection, "scoped", [scope])
    caller = Caller(app.server.test_client(), {"Authorization": f"Bearer {token}"})
    access = Access(tenant.tenant_id, "owner", scopes=frozenset({scope}))
    for address, method in addresses(app.server):
        rule = rule_of(address.endpoint)
        assert rule is not None
        permission = rule.permission(method)
        if permission is None:
            continue
        answer = caller(method, path_of(address), {} if method != "GET" else None)
        assert (answer.status_code == 403) == (not may(access, permission)), f"{method} {address}"
    sent = caller("POST", "/api/v1/ingest/sale", {})
    assert sent.status_code == (422 if scope == "send" else 403), sent.text


def test_a_stranger_reaches_nothing_that_is_not_for_anyone(app: Dash) -> None:
    for address, method in addresses(app.server):
        rule = rule_of(address.endpoint)
        assert rule is not None
        answer = app.server.test_client().open(path_of(address), method=method)
        if rule.way == "permitted":
            assert answer.status_code == 401, f"{method} {address}"
        elif rule.way in ("session", "page"):
            assert answer.status_code in (302, 401), f"{method} {address}"
        else:
            assert rule.why, address


PLACES = {"tonight": "/", "board": f"/dashboards/{uuid4()}", "not_found_404": "/nowhere"}


def test_every_page_shows_a_role_that_it_is_not_for_nothing_but_that(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    for role in ROLES:
        caller = person(app.server, database, tenant, role)
        for name, permission in PAGES.items():
            page = caller("GET", PLACES.get(name, f"/{name}"))
            assert page.status_code == 200
            allowed = permission is None or role in roles_with(permission)
            assert ("not part of your role" in page.text) == (not allowed), f"{role} {name}"


def test_every_callback_answers_the_roles_it_is_for(app: Dash, database: Database, tenant: Tenant) -> None:
    for role in ROLES:
        caller = person(app.server, database, tenant, role)
        for output, callback in app.callback_map.items():
            permission = CALLBACKS[first_input(callback)]
            body = {"output": output, "outputs": None, "inputs": [], "state": [], "changedPropIds": []}
            answer = caller("POST", "/_dash-update-component", body)
            refused = answer.status_code == 403
            assert refused == (permission is not None and role not in roles_with(permission)), (role, output)


def test_permissions_are_held_by_somebody_and_asked_for_somewhere() -> None:
    asked = {each for rule in RULES.values() for each in (rule.reading, rule.changing) if each}
    asked |= {each for each in (*PAGES.values(), *CALLBACKS.values()) if each}
    assert set(get_args(Permission)) == set(PERMISSIONS) == asked | {"send-messages", "all-exports"}
    held = set(itertools.chain.from_iterable(grant.roles for grant in PERMISSIONS.values()))
    assert held == set(ROLES)


def test_the_navigation_leads_to_pages_that_have_a_rule_and_a_role_to_those_it_may_open(
    app: Dash, database: Database, tenant: Tenant
) -> None:
    assert set(TABS) <= set(PAGES)
    for role in ROLES:
        page = person(app.server, database, tenant, role)("GET", "/gallery").text
        side = page.partition('aria-label="Pages"')[2].partition("</nav>")[0]
        led = {name for name, tab in TABS.items() if f'href="{tab.href}"' in side}
        assert led == {
            name for name in TABS if (needed := PAGES[name]) is None or role in roles_with(needed)
        }, role


def test_another_tenants_token_is_another_tenants(
    app: Dash, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    with database.tenant(other_tenant.tenant_id) as connection:
        token = create_token(connection, "theirs", SCOPES)
    theirs = Caller(app.server.test_client(), {"Authorization": f"Bearer {token}"})
    ours = person(app.server, database, tenant, "owner")
    board = ours.json("POST", "/api/v1/dashboards", {"name": "Ours"})
    assert theirs("GET", f"/api/v1/dashboards/{UUID(board['id'])}").status_code == 404


def test_the_document_is_written_from_the_tables() -> None:
    assert PATH.read_text() == document(), "write it again: python -m api.rule_document"
    assert "| `administer`: API tokens, and what everybody needs to sign in |" in document()
