"""`python -m jobs rebuild` says what it found, for all tenants or one."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from config import Settings
from data import facts
from data.engine import Database
from data.folder import Urls
from data.messages import SaleLine
from jobs import rebuild
from tests.conftest import fresh_database, new_tenant
from tests.data.rollup_rows import NIGHT, message


@pytest.fixture
def owner_url(server_urls: Urls) -> Iterator[str]:
    """A database of its own: the command goes through every tenant that it finds."""
    with fresh_database(server_urls.database_url) as url:
        yield url


def test_it_corrects_what_is_wrong_and_says_so(
    owner_url: str, redis_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = sorted((new_tenant(owner_url), new_tenant(owner_url)), key=lambda t: t.tenant_id)
    with closing(Database(owner_url, max_size=1)) as database:
        for tenant in (first, second):
            sale = SaleLine("sale", NIGHT, 2, 9000, "GBP")
            facts.write(database, tenant.tenant_id, [message(tenant.venue_id, uuid4(), "one", sale)])
        with database.tenant(second.tenant_id) as connection:
            connection.execute("UPDATE event_totals SET sold = 7 WHERE tenant_id = %s", [second.tenant_id])
            connection.execute("DELETE FROM event_money WHERE tenant_id = %s", [second.tenant_id])
    settings = Settings(database_url=owner_url, redis_url=redis_url, data_dir=tmp_path)

    def run(tenant: str | None) -> tuple[int, str, str]:
        status = rebuild.run(argparse.Namespace(tenant=tenant), settings)
        return (status, *capsys.readouterr())

    assert run(None) == (
        0,
        (
            f"{first.tenant_id}: 1 events; all rows were right\n"
            f"{second.tenant_id}: 1 events; rows corrected: event_money 1, event_totals 1\n"
        ),
        "",
    )
    assert run(f"test-{second.tenant_id}") == (
        0,
        f"{second.tenant_id}: 1 events; all rows were right\n",
        "",
    )
    assert run("nobody") == (1, "", "There is no tenant of this name.\n")
