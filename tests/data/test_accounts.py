"""People, passwords and sessions on a real PostgreSQL."""

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from argon2 import PasswordHasher

from data.accounts import Accounts, Person
from data.engine import Database
from data.users import add_user
from tests.conftest import Tenant

PASSWORD = "a long and quiet night"


@pytest.fixture(scope="module")
def accounts(database: Database) -> Accounts:
    return Accounts(database, idle=timedelta(minutes=30), absolute=timedelta(hours=8))


@pytest.fixture
def email(database: Database, tenant: Tenant) -> str:
    """A manager of `tenant` by the name of Ada, with PASSWORD."""
    email = f"ada-{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email.upper(), "Ada Byron", "manager", PASSWORD)
    return email


def age(database: Database, token: str, column: str, by: timedelta) -> None:
    """Move one of a session's times into the past."""
    tenant_id, session_id = (UUID(hex=part) for part in token.split(".")[:2])
    with database.tenant(tenant_id) as tenant:
        tenant.execute(
            f"UPDATE sessions SET {column} = {column} - %s WHERE tenant_id = %s AND session_id = %s",
            [by, tenant_id, session_id],
        )


def test_whoever_signs_in_is_recognised_by_the_session(
    accounts: Accounts, tenant: Tenant, email: str, database: Database
) -> None:
    token = accounts.sign_in(f"  {email.title()} ", PASSWORD)
    assert token is not None
    with database.tenant(tenant.tenant_id) as connection:
        users = connection.rows("SELECT user_id FROM users WHERE tenant_id = %s", [tenant.tenant_id])
    assert accounts.person(token) == Person(
        tenant_id=tenant.tenant_id,
        user_id=users[0]["user_id"],
        session_id=UUID(hex=token.split(".")[1]),
        name="Ada Byron",
        email=email,
        role="manager",
        tenant_name="Test",
        demo=False,
    )


def test_a_wrong_password_and_an_unknown_e_mail_get_the_same_nothing(accounts: Accounts, email: str) -> None:
    assert accounts.sign_in(email, PASSWORD + " ") is None
    assert accounts.sign_in("nobody@example.org", PASSWORD) is None


@pytest.mark.parametrize("typed", ["ada\0@example.org", "\0", "\ud800@example.org", "a\n@example.org"])
def test_what_no_e_mail_can_hold_is_as_unknown_as_any_other(accounts: Accounts, typed: str) -> None:
    assert accounts.sign_in(typed, PASSWORD) is None


def test_passwords_are_kept_as_argon2id_and_secrets_as_hashes(
    accounts: Accounts, tenant: Tenant, email: str, database: Database
) -> None:
    token = accounts.sign_in(email, PASSWORD)
    assert token is not None
    with database.tenant(tenant.tenant_id) as connection:
        user = connection.rows("SELECT password_hash FROM users WHERE tenant_id = %s", [tenant.tenant_id])[0]
        kept = connection.rows("SELECT * FROM sessions WHERE tenant_id = %s", [tenant.tenant_id])[0]
    assert user["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert token.split(".")[2].encode() not in bytes(kept["secret_hash"])
    assert len(kept["secret_hash"]) == 32


def test_a_hash_with_the_parameters_of_another_time_is_made_anew_at_the_next_sign_in(
    accounts: Accounts, tenant: Tenant, email: str, database: Database
) -> None:
    def kept() -> str:
        with database.tenant(tenant.tenant_id) as connection:
            [row] = connection.rows(
                "SELECT password_hash FROM users WHERE tenant_id = %s", [tenant.tenant_id]
            )
        found: str = row["password_hash"]
        return found

    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE users SET password_hash = %s WHERE tenant_id = %s", [old, tenant.tenant_id]
        )
    assert accounts.sign_in(email, "wrong") is None
    assert kept() == old
    assert accounts.sign_in(email, PASSWORD) is not None
    fresh = kept()
    assert fresh.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert accounts.sign_in(email, PASSWORD) is not None
    assert kept() == fresh, "one that is up to date stays"


def test_one_e_mail_in_two_organisations_opens_the_one_whose_password_it_is(
    accounts: Accounts, tenant: Tenant, other_tenant: Tenant, email: str, database: Database
) -> None:
    with database.tenant(other_tenant.tenant_id) as connection:
        add_user(connection, email, "Ada elsewhere", "door", "another password")
    token = accounts.sign_in(email, "another password")
    assert token is not None
    person = accounts.person(token)
    assert person is not None
    assert (person.tenant_id, person.name) == (other_tenant.tenant_id, "Ada elsewhere")


@pytest.mark.parametrize(
    ("column", "by"),
    [("seen_at", timedelta(minutes=31)), ("expires_at", timedelta(hours=9))],
    ids=["idle", "absolute"],
)
def test_a_session_ends_when_its_time_is_over(
    accounts: Accounts, database: Database, email: str, column: str, by: timedelta
) -> None:
    token = accounts.sign_in(email, PASSWORD)
    assert token is not None
    age(database, token, column, by)
    assert accounts.person(token) is None


def test_use_keeps_a_session_from_being_idle(accounts: Accounts, database: Database, email: str) -> None:
    token = accounts.sign_in(email, PASSWORD)
    assert token is not None
    for _ in range(3):
        age(database, token, "seen_at", timedelta(minutes=20))
        assert accounts.person(token) is not None


def test_use_keeps_a_session_whose_idle_time_is_a_minute(database: Database, email: str) -> None:
    accounts = Accounts(database, idle=timedelta(minutes=1), absolute=timedelta(hours=8))
    token = accounts.sign_in(email, PASSWORD)
    assert token is not None
    for _ in range(4):
        age(database, token, "seen_at", timedelta(seconds=30))
        assert accounts.person(token) is not None


def test_signing_out_ends_the_session_and_only_this_one(accounts: Accounts, email: str) -> None:
    gone, kept = accounts.sign_in(email, PASSWORD), accounts.sign_in(email, PASSWORD)
    assert gone is not None
    assert kept is not None
    accounts.sign_out(gone)
    assert accounts.person(gone) is None
    assert accounts.person(kept) is not None


def test_a_disabled_user_is_out_at_once(
    accounts: Accounts, database: Database, tenant: Tenant, email: str
) -> None:
    token = accounts.sign_in(email, PASSWORD)
    assert token is not None
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE users SET disabled_at = now() WHERE tenant_id = %s", [tenant.tenant_id])
    assert accounts.person(token) is None
    assert accounts.sign_in(email, PASSWORD) is None


@pytest.mark.parametrize("forged", ["", "a.b.c", "x" * 500, "0" * 32 + "." + "0" * 32 + ".secret"])
def test_a_forged_token_is_nobody(accounts: Accounts, forged: str) -> None:
    assert accounts.person(forged) is None


def test_another_tenants_name_on_a_token_does_not_help(
    accounts: Accounts, other_tenant: Tenant, email: str
) -> None:
    token = accounts.sign_in(email, PASSWORD)
    assert token is not None
    _, session, secret = token.split(".")
    assert accounts.person(f"{other_tenant.tenant_id.hex}.{session}.{secret}") is None
    assert accounts.person(f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}") is None


def test_adding_a_user_again_changes_nothing(database: Database, tenant: Tenant, email: str) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        first = add_user(connection, email, "Somebody", "door", "other")
        users = connection.rows("SELECT user_id, name FROM users WHERE tenant_id = %s", [tenant.tenant_id])
    assert users == [{"user_id": first, "name": "Ada Byron"}]


def test_only_a_demo_tenants_credentials_may_be_shown(
    accounts: Accounts, postgres_url: str, tenant: Tenant, email: str
) -> None:
    assert not accounts.in_demo(email)
    assert not accounts.in_demo("nobody@example.org")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.tenant_id)])
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    assert accounts.in_demo(email)
