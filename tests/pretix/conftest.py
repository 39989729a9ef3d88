"""A house that is connected to the local pretix."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import pretix, problems
from config import Settings
from data.audit_entry import Keys
from data.audit_log import AuditLog
from data.counters import Counters
from data.directory import Directory
from data.engine import Database
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.pretix import queue, snapshots, sources
from data.pretix.sources import Source
from data.services import Services
from data.telemetry import Telemetry
from ingest.group_commit import OneByOne
from ingest.pretix.client import Pace
from ingest.pretix.rounds import Rounds
from ingest.pretix.seal import seal
from ingest.pretix.sync import ORDERS, Sync
from ingest.pretix.worker import Connector
from tests.conftest import Tenant
from tests.pretix.captures import BEGIN, ORGANIZER, Json, truth
from tests.pretix.comparison import differences
from tests.pretix.figures import Figures
from tests.pretix.scan_figures import ScanFigures
from tests.pretix.server import TOKEN, Pretix, serving

GATES = {"1": "Gate North", "2": "Gate South", "3": "VIP entrance", "4": "Cloakroom"}
EAGER = Pace(requests_per_minute=1_000_000, burst=1_000, first_pause=0.001, longest_pause=0.05)
SECRET_KEY = "a secret key for tests, long enough to be one"


@dataclass
class House:
    """One tenant's house, its source, and the local pretix behind it."""

    pretix: Pretix
    database: Database
    source: Source
    address: str
    connector: Connector
    client: FlaskClient
    sync: Sync

    @property
    def rounds(self) -> Rounds:
        """Rounds that have done nothing yet."""
        return Rounds(self.sync)

    def post(self, body: Any) -> int:
        """Deliver a webhook; gives the status of the answer."""
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(self.address, data=raw, content_type="application/json").status_code

    def drain(self) -> int:
        """Answer every ping that is due."""
        return self.rounds.answer_all()

    def differences(self, name: str) -> dict[str, list[str]]:
        """What differs from one of the truths, by event; empty when nothing does."""
        events = truth(name)["events"]
        return {
            event: found for event in events if (found := differences(events[event], self.figures(event)))
        }

    def figures(self, event: str) -> Json:
        """Every figure of one event."""
        with self.database.tenant(self.source.tenant_id) as tenant:
            asked = (tenant, self.source.name, event, "Europe/Berlin")
            return Figures(*asked).all() | ScanFigures(*asked).all()

    def poll_from(self, moment: datetime) -> None:
        """Let the next poll of orders begin there."""
        with self.database.tenant(self.source.tenant_id) as tenant:
            snapshots.move_cursor(tenant, self.source.source_id, ORDERS, moment.isoformat())

    def waiting(self) -> int:
        """How many subjects are in the queue."""
        with self.database.tenant(self.source.tenant_id) as tenant:
            return queue.waiting(tenant, self.source.source_id)

    def rows(self, query: str) -> list[Json]:
        """Rows of the tenant; `%(tenant)s` is its id."""
        with self.database.tenant(self.source.tenant_id) as tenant:
            return tenant.rows(query, {"tenant": self.source.tenant_id})


@pytest.fixture
def pretix_server() -> Iterator[Pretix]:
    """The local pretix, its clock at the end."""
    with serving() as server:
        yield server


@pytest.fixture
def house(
    pretix_server: Pretix, database: Database, tenant: Tenant, redis_url: str, redis_prefix: str
) -> Iterator[House]:
    """A house with one source, and nothing read from it yet."""
    store = LiveStore(redis_url, redis_prefix)
    live = LivePublisher(database, store, Telemetry())
    house = connect(pretix_server, database, tenant, live)
    yield house
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE pretix_sources SET disabled_at = now() WHERE tenant_id = %s", [tenant.tenant_id]
        )
    house.sync.close()
    live.close()
    store.close()


def connect(pretix_server: Pretix, database: Database, tenant: Tenant, live: LivePublisher) -> House:
    """Connect a tenant to the local pretix."""
    settings = Settings(secret_key=SECRET_KEY, _env_file=None)
    directory = Directory(database)
    secret = sources.new_secret(tenant.tenant_id)
    with database.tenant(tenant.tenant_id) as connection:
        source = Source(
            tenant.tenant_id, uuid.uuid4(), tenant.venue_id, "aurora", pretix_server.url, ORGANIZER,
            seal(connection, TOKEN), GATES,
        )  # fmt: skip
        sources.add(connection, source, secret)
    server = Flask("test")
    problems.register(server)
    counters = Counters("redis://127.0.0.1:1/0", "test", "k" * 32)
    pretix.register(
        server,
        Services(
            settings,
            database,
            directory,
            OneByOne(database, live),
            live,
            counters,
            AuditLog(database, Keys(["k" * 32])),
        ),
    )
    connector = Connector(settings, database, directory, live, EAGER)
    house = House(
        pretix_server, database, source, f"/api/v1/webhooks/pretix/{source.source_id}/{secret}",
        connector, server.test_client(), connector.connect(source),
    )  # fmt: skip
    house.poll_from(BEGIN)
    return house
