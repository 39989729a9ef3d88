"""Keys and secrets at rest: locked, rotated, and of no use to anybody else."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config import Settings
from data import key_rotation, tenant_keys
from data.directory import Directory
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys, Unsealable, lock, new_key, unlock
from data.tenants import add_tenant
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant

OLD, NEW = "the-master-key-of-last-year-and-long", "the-master-key-of-this-year-and-long"


@pytest.fixture
def url(server_urls: Urls) -> Iterator[str]:
    """A database of its own: a rotation is about every tenant."""
    with fresh_database(server_urls.database_url) as url:
        yield url


def opened(url: str, *texts: str) -> Database:
    return Database(url, max_size=2, master=MasterKeys(texts))


def wrapped(database: Database, tenant_id: object) -> dict[str, bytes]:
    with database.tenant(tenant_id) as tenant:  # type: ignore[arg-type]
        rows = tenant.execute("SELECT purpose, wrapped FROM tenant_keys WHERE tenant_id = %s", [tenant_id])
        return {purpose: bytes(value) for purpose, value in rows}


def test_a_locked_value_opens_with_its_key_and_subject_only() -> None:
    key, other = new_key(), new_key()
    locked = lock(key, b"secret", b"about this")
    assert unlock(key, locked, b"about this") == b"secret"
    assert b"secret" not in locked
    assert locked != lock(key, b"secret", b"about this"), "never the same bytes twice"
    for wrong in (
        (other, locked, b"about this"),
        (key, locked, b"about that"),
        (key, locked[:-1] + bytes([locked[-1] ^ 1]), b"about this"),
        (key, b"", b"about this"),
        (key, b"gAAAAA of another kind", b"about this"),
    ):
        with pytest.raises(Unsealable):
            unlock(*wrong)


def test_a_new_tenant_has_no_key_in_the_clear(url: str) -> None:
    with closing(opened(url, OLD)) as database:
        tenant_id = add_tenant(database, "aurora", "Aurora")
        with database.tenant(tenant_id) as tenant:
            key = tenant_keys.customer_key(tenant)
            row = tenant.execute("SELECT customer_key FROM tenants WHERE tenant_id = %s", [tenant_id])
            assert row.fetchone() == (None,)
        assert len(key) == 32
        kept = wrapped(database, tenant_id)
        assert kept.keys() == {"customers", "values"}
        assert not any(key in value for value in kept.values())


def test_a_secret_opens_for_its_tenant_and_its_purpose_only(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as own, database.tenant(other_tenant.tenant_id) as other:
        sealed = tenant_keys.seal(own, "second factor", b"JBSWY3DP")
        assert tenant_keys.unseal(own, "second factor", sealed) == b"JBSWY3DP"
        with pytest.raises(Unsealable):
            tenant_keys.unseal(own, "pretix token", sealed)
        with pytest.raises(Unsealable):
            tenant_keys.unseal(other, "second factor", sealed)


def test_a_key_of_an_older_version_is_locked_and_customers_stay_the_same_people(url: str) -> None:
    tenant = new_tenant(url)  # With its key in the clear, as versions before this one had it.
    with closing(opened(url, OLD)) as database:
        before = Directory(database).customer(tenant.tenant_id, "ann@example.org")
        assert key_rotation.wrap_plain(database) == 1
        assert Directory(database).customer(tenant.tenant_id, "ann@example.org") == before
        with database.tenant(tenant.tenant_id) as connection:
            row = connection.execute("SELECT customer_key FROM tenants").fetchone()
        assert row == (None,)
        assert key_rotation.wrap_plain(database) == 0


def test_a_rotation_changes_every_lock_and_nothing_that_is_locked(url: str) -> None:
    with closing(opened(url, OLD)) as database:
        tenants = [add_tenant(database, slug, slug) for slug in ("aurora", "borealis")]
        ann = Directory(database).customer(tenants[0], "ann@example.org")
        with database.tenant(tenants[0]) as tenant:
            sealed = tenant_keys.seal(tenant, "pretix token", b"t0ken")
        before = wrapped(database, tenants[1])
    with closing(opened(url, NEW)) as database, pytest.raises(Unsealable, match="MASTER_KEY_PREVIOUS"):
        Directory(database).customer(tenants[0], "ann@example.org")
    with closing(opened(url, NEW, OLD)) as database:
        assert Directory(database).customer(tenants[0], "ann@example.org") == ann
        assert key_rotation.rotate(database) == (4, 0)
        assert key_rotation.rotate(database) == (0, 4)
        after = wrapped(database, tenants[1])
    assert before.keys() == after.keys()
    assert set(before.values()).isdisjoint(after.values())
    with closing(opened(url, NEW)) as database:
        assert Directory(database).customer(tenants[0], "ann@example.org") == ann
        with database.tenant(tenants[0]) as tenant:
            assert tenant_keys.unseal(tenant, "pretix token", sealed) == b"t0ken"
    with closing(opened(url, OLD)) as database, pytest.raises(Unsealable):
        Directory(database).customer(tenants[0], "ann@example.org")


def test_a_rotation_that_breaks_off_goes_on_where_it_was(url: str) -> None:
    with closing(opened(url, OLD)) as database:
        first, second = (add_tenant(database, slug, slug) for slug in ("aurora", "borealis"))
        ann = Directory(database).customer(first, "ann@example.org")
        with database.tenant(second) as tenant:
            row = tenant.execute("SELECT wrapped FROM tenant_keys WHERE purpose = 'values'").fetchone()
            assert row is not None
            damaged = b"\x01" + bytes(8) + bytes(row[0])[9:]  # By a master key that nobody has.
            tenant.execute("UPDATE tenant_keys SET wrapped = %s WHERE purpose = 'values'", [damaged])
    with closing(opened(url, NEW, OLD)) as database:
        with pytest.raises(Unsealable):
            key_rotation.rotate(database)
        with database.tenant(second) as tenant:
            tenant.execute("UPDATE tenant_keys SET wrapped = %s WHERE purpose = 'values'", [row[0]])
        assert key_rotation.rotate(database) == (2, 2), "the first tenant was done, all of the second is left"
        assert Directory(database).customer(first, "ann@example.org") == ann


def test_the_command_rotates_and_refuses_without_the_former_key(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(url, MASTER_KEY)) as database:
        add_tenant(database, "aurora", "Aurora")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")

    def rotate() -> tuple[int, str]:
        command = [sys.executable, "-m", "jobs", "keys", "rotate"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    monkeypatch.setenv("MASTER_KEY", NEW)
    status, said = rotate()
    assert (status, "MASTER_KEY_PREVIOUS" in said, "Traceback" in said) == (2, True, False)
    monkeypatch.setenv("MASTER_KEY_PREVIOUS", f"{OLD}, {MASTER_KEY}")
    assert rotate() == (0, "Keys locked by the present master key: 2 changed, 0 were already.\n")


def test_the_master_key_is_generated_once_and_given_ones_come_first(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, master_key=None)
    [made] = settings.master_keys()
    assert Settings(_env_file=None, data_dir=tmp_path, master_key=None).master_keys() == [made]
    assert (tmp_path / "master_key").stat().st_mode & 0o777 == 0o600
    given = Settings(_env_file=None, data_dir=tmp_path, master_key=NEW, master_key_previous=f"{OLD},")
    assert given.master_keys() == [NEW, OLD]
    assert OLD not in repr(given)
