"""A reader on a real broker: each message once in the ledger, whatever breaks in between."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from ingest.rabbitmq.consumer import AHEAD, Consumer
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.queues.away import away
from tests.queues.reading import Reading, rows, sold, until
from tests.rabbitmq.broker import Message, Rabbit, purchase, wire

pytestmark = pytest.mark.usefixtures("rabbit")

Begin = Callable[..., Any]


def test_messages_come_by_their_routing_key_and_are_known_by_their_message_id(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant
) -> None:
    with reader() as begun:
        rabbit.publish([purchase(n) for n in range(700)])
        begun.taken("accepted", 700)
        rabbit.publish([purchase(n, amount=99) for n in range(3)])
        begun.taken("duplicates", 3)
    assert sold(database, tenant.tenant_id) == (700, 700_000)
    assert rabbit.depth() == 0
    sources = rows(database, tenant.tenant_id, "SELECT DISTINCT source FROM messages WHERE tenant_id = %s")
    assert sources == [{"source": "rabbitmq:shop"}]


def test_poison_goes_to_both_dead_letters_and_its_neighbours_are_kept(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant
) -> None:
    poison = [
        Message(b"{"),
        Message(b""),
        Message(b"\xff\xfe"),
        Message(b'{"eventId": "gala"}', "no.such.type"),
        Message(b'{"ticketId": "T-1"}'),
        Message(b'{"pad": "' + b"x" * 70_000 + b'"}'),
        Message(b"{}", properties={"content_type": "application/cloudevents-batch+json"}),
        Message(b"{}", properties={"content_encoding": "gzip"}),
        Message(b"{}", properties={"headers": {"cloudEvents:specversion": "7"}}),
        Message(b"{}", properties={"headers": {"cloudEvents:specversion": {"a": [1, None]}}}),
    ]
    mixed = [each for n in range(400) for each in (purchase(n), *poison[n // 40 : n // 40 + (n % 40 == 0)])]
    with reader() as begun:
        rabbit.publish(mixed)
        begun.taken("accepted", 400)
        begun.taken("rejected", 10)
    assert sold(database, tenant.tenant_id) == (400, 400_000)
    kept = rows(database, tenant.tenant_id, "SELECT source, code FROM dead_letters WHERE tenant_id = %s")
    assert {each["source"] for each in kept} == {"rabbitmq:shop"}
    assert sorted(each["code"] for each in kept) == [
        "message-too-large",
        "missing-field",
        "not-a-choice",
        "not-a-choice",
        "not-json",
        "not-json",
        "not-json",
        "unknown-type",
        "unsupported-encoding",
        "unsupported-media-type",
    ]
    until(lambda: rabbit.depth(rabbit.topology.dead_queue) == 10)
    assert sorted(rabbit.bodies(rabbit.topology.dead_queue)) == sorted(each.body for each in poison)
    assert rabbit.depth() == 0


def test_nothing_but_poison_is_settled_as_well(rabbit: Rabbit, reader: Begin) -> None:
    with reader() as begun:
        rabbit.publish([Message(b"{")] * 1_200)
        begun.taken("rejected", 1_200)
        assert begun.look()["errors"] == 0
        until(lambda: rabbit.depth(rabbit.topology.dead_queue) == 1_200)


@pytest.mark.parametrize("prefix", ["cloudEvents:", "cloudEvents_"])
def test_cloud_events_come_binary_and_structured(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant, prefix: str
) -> None:
    attributes = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.ticket-purchase"}
    data = {"ticketId": "T-1", "eventId": "gala", "amount": 10}
    binary = Message(
        json.dumps(data).encode(),
        "whatever",
        {"headers": {prefix + name: value for name, value in attributes.items()}},
    )
    structured = Message(
        json.dumps(attributes | {"data": data}).encode(),
        "whatever",
        {"content_type": "application/cloudevents+json; charset=utf-8"},
    )
    with reader() as begun:
        rabbit.publish([binary])
        begun.taken("accepted", 1)
        rabbit.publish([structured])  # The same event.
        begun.taken("duplicates", 1)
    assert sold(database, tenant.tenant_id) == (1, 1_000)


def test_a_connection_that_breaks_between_commit_and_acknowledgement_counts_nothing_twice(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, cuts = Consumer._settle, [3]
    with wire() as relay:

        def cut_before(self: Consumer, *given: Any) -> None:
            if cuts[0]:
                cuts[0] -= 1
                relay.cut()
            settle(self, *given)

        monkeypatch.setattr(Consumer, "_settle", cut_before)
        rabbit.publish([purchase(n) for n in range(2_500)])
        with reader(relay.url) as begun:
            until(lambda: sold(database, tenant.tenant_id)[0] == 2_500 and not cuts[0], 60)
            until(lambda: begun.look()["accepted"] + begun.look()["duplicates"] >= 2_500, 60, begun.look)
        assert relay.connections == 4
    # What came again may have been on its way when the reader ended: the next one finds it in the ledger.
    with reader():
        until(lambda: rabbit.depth() == 0)
    assert sold(database, tenant.tenant_id) == (2_500, 2_500_000)
    assert rabbit.depth() == 0


def test_a_broker_that_is_away_is_connected_to_again_and_its_absence_is_told(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant
) -> None:
    with wire() as relay, reader(relay.url) as begun:
        rabbit.publish([purchase(n) for n in range(600)])
        begun.taken("accepted", 600)
        relay.broken = True
        relay.cut()
        until(lambda: begun.report.state == "broker-away")
        rabbit.publish([purchase(n) for n in range(600, 900)])
        time.sleep(2)
        relay.broken = False
        until(lambda: sold(database, tenant.tenant_id)[0] == 900)
        until(lambda: begun.report.state == "consuming")
        begun.look()
        assert begun.last_error
        assert "guest" not in begun.last_error
    assert rabbit.depth() == 0


def test_a_queue_that_was_deleted_is_declared_again(rabbit: Rabbit, reader: Begin) -> None:
    with reader() as begun:
        until(lambda: begun.report.state == "consuming")
        with closing(rabbit.channel()) as channel:
            channel.queue_delete(rabbit.topology.queue)
        until(lambda: begun.look()["errors"] == 1)
        until(lambda: begun.report.state == "consuming")
        rabbit.publish([purchase(1)])
        begun.taken("accepted", 1)


def test_a_commit_longer_than_the_heartbeat_keeps_the_connection(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant, postgres_url: str
) -> None:
    with wire() as relay, reader(relay.url) as begun:
        until(lambda: begun.report.state == "consuming")
        with psycopg.connect(postgres_url) as owner:
            owner.execute("LOCK TABLE message_keys IN ACCESS EXCLUSIVE MODE")
            rabbit.publish([purchase(n) for n in range(800)])
            time.sleep(7)  # The broker gives up a connection after two heartbeats of 2 s.
            owner.rollback()
        begun.taken("accepted", 800)
        assert (relay.connections, begun.look()["duplicates"]) == (1, 0)
    assert rabbit.depth() == 0


def test_a_database_that_is_away_longer_than_the_heartbeat_fails_no_message(
    rabbit: Rabbit, reader: Begin, server_urls: Urls
) -> None:
    with fresh_database(server_urls.database_url) as url:
        tenant = new_tenant(url)
        with (
            closing(Database(url, master=MasterKeys([MASTER_KEY]), wait_seconds=1)) as database,
            wire() as relay,
            reader(relay.url, database, tenant.tenant_id) as begun,
        ):
            rabbit.publish([purchase(n) for n in range(100)])
            begun.taken("accepted", 100)
            with away(server_urls.database_url, url):
                rabbit.publish([*(purchase(n) for n in range(100, 900)), Message(b"{")])
                until(lambda: begun.report.state == "database-away")
                time.sleep(6)
            begun.taken("accepted", 900)
            begun.taken("rejected", 1)
            assert begun.report.state == "consuming"
            assert relay.connections == 1
            assert sold(database, tenant.tenant_id) == (900, 900_000)
            until(lambda: rabbit.depth(rabbit.topology.dead_queue) == 1)
            assert rabbit.depth() == 0


def test_a_storm_of_redeliveries_changes_nothing(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant
) -> None:
    rabbit.publish([purchase(n) for n in range(3_000)])
    with reader() as begun:
        for _ in range(6):  # Others take hundreds of messages, and give them back.
            with closing(rabbit.channel()) as channel:
                for _ in range(200):
                    channel.basic_get(rabbit.topology.queue)
                channel.basic_nack(0, multiple=True, requeue=True)
        until(lambda: sum(begun.look()[name] for name in ("accepted", "duplicates")) >= 3_000, 60, begun.look)
    assert sold(database, tenant.tenant_id) == (3_000, 3_000_000)
    assert rabbit.depth() == 0
    assert rabbit.depth(rabbit.topology.dead_queue) == 0


def test_the_end_finishes_the_batch_and_leaves_the_rest_in_the_queue(
    rabbit: Rabbit, reader: Begin, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = threading.Event()
    commit = Consumer._commit

    def slow(self: Consumer, *given: Any) -> Any:
        done = commit(self, *given)
        began.set()
        time.sleep(1)
        return done

    monkeypatch.setattr(Consumer, "_commit", slow)
    rabbit.publish([purchase(n) for n in range(AHEAD + 500)])
    begun: Reading
    with reader() as begun:
        assert began.wait(20)
    lines, _ = sold(database, tenant.tenant_id)
    assert lines == begun.look()["accepted"]
    until(lambda: rabbit.depth() == AHEAD + 500 - lines)
