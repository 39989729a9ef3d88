"""What binds people to what the OpenID provider calls them, and who can read it before a tenant is known."""

from uuid import UUID, uuid4

from data import provider_links
from data.engine import Database
from data.provider_links import accounts_of, bind, identity_of
from data.users import add_user, find_user
from tests.conftest import Tenant

PASSWORD = "a long and quiet night"


def someone(database: Database, tenant: Tenant, email: str) -> UUID:
    with database.tenant(tenant.tenant_id) as connection:
        return add_user(connection, email, "Ada", "analyst", PASSWORD)


def test_a_subject_is_another_with_another_issuer_and_is_kept_as_a_hash() -> None:
    first = identity_of("https://a.example", "1", "Ada@Example.org ")
    assert first.email == "ada@example.org"
    assert len(first.key) == 64
    others = [("https://b.example", "1"), ("https://a.example", "2"), ("https://a.example\0", "1")]
    assert first.key not in {identity_of(*each).key for each in others}
    assert identity_of("https://a.example", "1", "a\0@example.org").email == ""


def test_an_identity_reads_its_own_row_and_no_other(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    keys = []
    for each in (tenant, other_tenant):
        user = someone(database, each, f"{uuid4().hex}@example.org")
        keys.append(identity_of("https://a.example", uuid4().hex).key)
        with database.tenant(each.tenant_id) as connection:
            assert bind(connection, user, keys[-1])
    with database.identified(keys[0]) as nobody:
        found = nobody.execute("SELECT tenant_id, identity FROM provider_links").fetchall()
        assert found == [(tenant.tenant_id, keys[0])]
        assert nobody.execute("SELECT count(*) FROM users").fetchone() == (0,)
        assert nobody.execute("DELETE FROM provider_links").rowcount == 0
    with database.login("") as nobody:
        assert nobody.execute("SELECT count(*) FROM provider_links").fetchone() == (0,)


def test_a_person_is_bound_to_one_identity_and_an_identity_to_one_person(
    database: Database, tenant: Tenant
) -> None:
    ada, bea = (someone(database, tenant, f"{uuid4().hex}@example.org") for _ in range(2))
    with database.tenant(tenant.tenant_id) as connection:
        assert bind(connection, ada, "one")
        assert bind(connection, ada, "one")
        assert not bind(connection, ada, "two")
        assert not bind(connection, bea, "one")
        provider_links.refuse(connection, bea)
        assert not bind(connection, bea, "two")
        provider_links.forget(connection, bea)
        assert bind(connection, bea, "two")


def test_somebody_else_unlinks_an_identity_and_not_what_a_person_wants(
    database: Database, tenant: Tenant
) -> None:
    ada = someone(database, tenant, f"{uuid4().hex}@example.org")
    with database.tenant(tenant.tenant_id) as connection:
        bind(connection, ada, "one")
        assert provider_links.unlink(connection, ada) == []
        assert provider_links.link(connection, ada) is None
        provider_links.refuse(connection, ada)
        assert provider_links.unlink(connection, ada) is None
        assert not bind(connection, ada, "one")


def test_the_demo_is_nobodys_by_a_provider(database: Database, tenant: Tenant) -> None:
    email = f"{uuid4().hex}@example.org"
    someone(database, tenant, email)
    identity = identity_of("https://a.example", "1", email)
    assert [account.email for account in accounts_of(database, identity)] == [email]
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
        assert find_user(connection, email)
    assert accounts_of(database, identity) == []
