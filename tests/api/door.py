"""A web server with the REST door and nothing else; `gunicorn "tests.api.door:serve()"` runs it for real."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import api.ingest
import api.problems
from config import Settings
from data.audit_entry import Keys
from data.audit_log import AuditLog
from data.counters import Counters
from data.dead_letters import DeadLetterBox
from data.directory import Directory
from data.engine import Database
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.services import Services
from data.telemetry import Telemetry
from data.tokens import create_token
from ingest.group_commit import GroupCommit, OneByOne
from tests.conftest import Tenant


@dataclass
class House:
    """A running door and what stands behind it."""

    server: Flask
    services: Services
    publisher: LivePublisher
    writer: GroupCommit | OneByOne
    dead_letters: DeadLetterBox

    def close(self) -> None:
        self.writer.close()
        self.dead_letters.close()
        self.publisher.close()
        self.publisher.store.close()


def build(database: Database, redis_url: str, redis_prefix: str, **options: Any) -> House:
    """The door on these servers."""
    settings = Settings(_env_file=None, **options)
    telemetry = Telemetry()
    publisher = LivePublisher(database, LiveStore(redis_url, redis_prefix), telemetry)
    writer: GroupCommit | OneByOne = OneByOne(database, publisher)
    if settings.group_commit:
        writer = GroupCommit(database, publisher, wait_seconds=settings.group_commit_ms / 1000)
    services = Services(
        settings=settings,
        database=database,
        directory=Directory(database),
        writer=writer,
        live=publisher,
        counters=Counters(redis_url, redis_prefix, "k" * 32),
        trail=AuditLog(database, Keys(["k" * 32])),
    )
    server = Flask("door")
    api.problems.register(server)
    return House(server, services, publisher, writer, api.ingest.register(server, services))


def serve() -> Flask:
    """For gunicorn: the servers and options are in the environment."""
    options = {
        name: os.environ[name.upper()]
        for name in ("group_commit", "group_commit_ms")
        if name.upper() in os.environ
    }
    house = build(
        Database(os.environ["DATABASE_URL"], master=MasterKeys([os.environ["MASTER_KEY"]])),
        os.environ["REDIS_URL"],
        "test-door",
        **options,
    )
    return house.server


@dataclass
class Sender:
    """A client with a token of a tenant."""

    client: FlaskClient
    token: str

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> TestResponse:
        """POST bytes as they are, anything else as JSON."""
        sent = {"Authorization": f"Bearer {self.token}"} | dict(headers or {})
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            return self.client.post(path, data=body, headers=sent)
        return self.client.post(path, json=body, headers=sent)


def token_of(database: Database, tenant: Tenant) -> str:
    """A fresh API token."""
    with database.tenant(tenant.tenant_id) as connection:
        return create_token(connection, "test", ["send", "read", "write", "webhooks"])
