"""The application logs in to PostgreSQL as a user of its own: no statement of its leads back to the owner."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from data.database_login import application_url, login_name
from data.embedded import postgres_server
from data.engine import Database
from data.folder import Urls
from data.migrations import login, run
from data.security import APP_ROLE
from tests.conftest import Tenant, drop, fresh_database, make_url

WAYS_BACK = (
    "SELECT set_config('role', 'none', false)",
    "RESET ROLE",
    "RESET ALL",
    "SET SESSION AUTHORIZATION DEFAULT",
    "DISCARD ALL",
)


@pytest.mark.parametrize("way", WAYS_BACK)
def test_no_statement_leads_back_to_the_owner(
    database: Database, tenant: Tenant, other_tenant: Tenant, way: str
) -> None:
    with database.tenant(tenant.tenant_id) as own:
        # Outside the transaction, where all of them are allowed.
        own.execute("COMMIT")
        own.execute(way)
        own.execute("BEGIN")
        assert own.execute("SELECT session_user").fetchone() == (login_name(own.connection.info.dbname),)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), own.connection.transaction():
            own.execute("ALTER TABLE venues NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), own.connection.transaction():
            own.execute("UPDATE ticket_sales SET quantity = 0")
        try:
            with own.connection.transaction():
                seen = own.execute(
                    "SELECT FROM venues WHERE tenant_id = %s", [other_tenant.tenant_id]
                ).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            seen = []
        assert seen == []
        own.connection.close()  # Not to be used by others in this state.


def test_it_can_become_nobody_else(database: Database, postgres_url: str, tenant: Tenant) -> None:
    with psycopg.connect(postgres_url) as owner:
        others = [
            name
            for (name,) in owner.execute("SELECT rolname FROM pg_roles")
            if name not in (APP_ROLE, login_name(owner.info.dbname))
        ]
    assert others
    for name in others:
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            database.tenant(tenant.tenant_id) as own,
        ):
            own.execute("SELECT set_config('role', %s, true)", [name])


def test_another_password_of_the_owner_is_another_one_of_the_application(tmp_path: Path) -> None:
    server = postgres_server(tmp_path)  # One that asks for passwords.
    server.start()
    try:
        run.upgrade(server.url)
        run.upgrade(server.url)
        before = application_url(server.url)
        with psycopg.connect(server.url, autocommit=True) as owner:
            secret = str(conninfo_to_dict(server.url)["password"])
            owner.execute(f"ALTER ROLE {owner.info.user} PASSWORD 'another'")
        renewed = server.url.replace(secret, "another")
        run.upgrade(renewed)
        with closing(Database(renewed, max_size=1)) as database, database.login("a@b.example") as session:
            assert session.execute("SELECT current_user").fetchone() == (APP_ROLE,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(before)
    finally:
        server.stop()


@pytest.fixture
def owner_without_rights(server_urls: Urls) -> Iterator[str]:
    """The address of an empty database whose owner may make no users."""
    role, name = f"owner_{secrets.token_hex(4)}", f"housecount_test_{secrets.token_hex(6)}"
    with psycopg.connect(server_urls.database_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} NOSUPERUSER")
        with fresh_database(server_urls.database_url):
            admin.execute(f"GRANT {APP_ROLE} TO {role}")
        admin.execute(f"CREATE DATABASE {name} OWNER {role}")
        url = make_url(server_urls.database_url, name)
        with psycopg.connect(url, autocommit=True) as inside:
            inside.execute(f"ALTER SCHEMA public OWNER TO {role}")
        try:
            yield f"{url}&options={quote(f'-c role={role}')}"
        finally:
            drop(admin, name)
            admin.execute(f"DROP ROLE {role}")


def test_an_owner_who_may_make_no_user_is_told_what_is_missing(owner_without_rights: str) -> None:
    with pytest.raises(login.LoginError, match="CREATEROLE"):
        login.ensure(owner_without_rights)


def test_a_user_with_rights_of_its_own_is_refused(server_urls: Urls) -> None:
    with (
        psycopg.connect(server_urls.database_url, autocommit=True) as admin,
        fresh_database(server_urls.database_url) as url,
    ):
        name = login_name(str(conninfo_to_dict(url)["dbname"]))
        for given, taken in (
            ("ALTER ROLE {} CREATEROLE", "ALTER ROLE {} NOCREATEROLE"),
            ("GRANT pg_monitor TO {}", "REVOKE pg_monitor FROM {}"),
        ):
            admin.execute(given.format(name))
            with pytest.raises(login.LoginError, match="must not have"):
                run.upgrade(url)
            admin.execute(taken.format(name))
            run.upgrade(url)


@pytest.mark.parametrize(
    ("given", "user", "rest"),
    [
        ("postgresql://ada:s%40y@db.example:5433/sales", "housecount_login_sales", "@db.example:5433/sales"),
        (
            "postgres://ada@[::1]/sales?sslmode=require",
            "housecount_login_sales",
            "@[::1]/sales?sslmode=require",
        ),
        (
            "postgresql://one:1,two:2/sales?user=ada&password=p%26q",
            "housecount_login_sales",
            "@one:1,two:2/sales",
        ),
        (
            "postgresql:///?host=/run/pg&dbname=sales&user=ada",
            "housecount_login_sales",
            "@/sales?host=%2Frun%2Fpg",
        ),
        ("postgresql://ada@db.example", "housecount_login_ada", "@db.example/ada"),
    ],
)
def test_an_address_leads_to_the_same_place_as_another_user(given: str, user: str, rest: str) -> None:
    derived = application_url(given)
    before, _, after = derived.partition("://")[2].partition("@")
    assert (before.partition(":")[0], f"@{after}") == (
        user,
        rest.replace("%2F", "/") if "/run" in after else rest,
    )
    assert application_url(derived) == derived
    assert "ada" not in before.replace("housecount_login_ada", "")


def test_passwords_differ_by_owner_and_database_and_there_is_none_without_the_owners() -> None:
    def password(url: str) -> str:
        return application_url(url).partition("://")[2].partition("@")[0].partition(":")[2]

    made = [password(f"postgresql://o:{word}@h/{name}") for word in ("x", "y") for name in ("one", "two")]
    assert len(set(made)) == 4
    assert all(len(one) == 64 for one in made)
    assert password("postgresql://o@h/one") == ""


def test_long_names_of_databases_stay_apart_and_an_address_without_one_is_refused() -> None:
    names = {login_name("d" * 60 + end) for end in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)
    with pytest.raises(ValueError, match="which database"):
        application_url("postgresql://h")
