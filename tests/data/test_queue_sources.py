"""Where tenants' queues are, from one version of the schema to the next."""

from __future__ import annotations

from contextlib import closing

from data import queue_sources
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.migrations import run
from tests.conftest import MASTER_KEY, fresh_database, new_tenant

RABBIT = {"exchange": "platform.events", "queue": "analytics.ingest", "dead_exchange": "analytics.dlx"}


def test_an_upgrade_keeps_the_sources_and_a_downgrade_those_it_knows(server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url:
        tenant = new_tenant(url)
        with (
            closing(Database(url, master=MasterKeys([MASTER_KEY]))) as database,
            database.tenant(tenant.tenant_id) as connection,
        ):
            queue_sources.add(connection, "rabbitmq", "broker", "amqp://127.0.0.1/", RABBIT)
            queue_sources.add(
                connection, "bull", "shop", "redis://127.0.0.1/", {"prefix": "b", "queues": ["a"]}
            )
        run.downgrade(url, "0024")
        run.upgrade(url)
        with (
            closing(Database(url, master=MasterKeys([MASTER_KEY]))) as database,
            database.tenant(tenant.tenant_id) as connection,
        ):
            (kept,) = queue_sources.listed(connection)
            source = queue_sources.by_id(connection, kept["source_id"])
    assert source is not None
    assert (source.kind, source.name, source.url, source.place) == (
        "rabbitmq",
        "broker",
        "amqp://127.0.0.1/",
        RABBIT,
    )
