"""Sinks: what the ledger has is there, once, whatever ends a worker: in a server that takes line protocol.

VictoriaMetrics comes from Debian (`apt-get install victoria-metrics`). No MongoDB runs here: what would be
written to one is looked at, through its driver's own types.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import bson
import httpx
import msgspec
import pytest
from pymongo import ReplaceOne
from pymongo.errors import ServerSelectionTimeoutError

from data import facts, sink_rows, sinks
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.messages import Message, SaleLine, Scan
from jobs import sinking
from jobs.line_protocol import line
from jobs.sink_kind import NotTaken
from jobs.sink_mongodb import MongoDB, document, storable
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.jobs.receiver import Answer, receiver

ROOT = Path(__file__).parents[2]
PROGRAM = "victoria-metrics"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVENT = "gala, night=1 \\ Café\n"
"""What a sender may call an event."""
Point = tuple[str, int]


@pytest.fixture(scope="module")
def own_url(server_urls: Urls) -> Iterator[str]:
    with fresh_database(server_urls.database_url) as url:
        yield url


class House:
    """A tenant with an event, in a database of its own, for a round serves every sink that it finds."""

    def __init__(self, url: str, database: Database) -> None:
        self.url, self.database = url, database
        self.tenant: Tenant = new_tenant(url)
        self.event = uuid4()
        with database.tenant(self.tenant.tenant_id) as tenant:
            tenant.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, status)"
                " VALUES (%s, %s, %s, %s, 'Gala', 'on_sale')",
                [self.tenant.tenant_id, self.tenant.venue_id, self.event, EVENT],
            )

    def message(self, key: str, fact: SaleLine | Scan) -> Message:
        return Message(
            key=UUID(int=abs(hash((self.event, key)))),
            type="test",
            source="test",
            venue_id=self.tenant.venue_id,
            event_id=self.event,
            event_ref=EVENT,
            occurred_at=fact.occurred_at,
            payload=json.dumps({"userId": "a" * 32, "amount": fact.occurred_at.isoformat()}),
            facts=(fact,),
        )

    def sell(self, key: str, at: datetime, tickets: int = 1, minor: int = 2500) -> None:
        facts.write(
            self.database,
            self.tenant.tenant_id,
            [self.message(key, SaleLine("sale", at, tickets, minor, "GBP", channel="web"))],
        )

    def scan(self, key: str, at: datetime) -> None:
        facts.write(self.database, self.tenant.tenant_id, [self.message(key, Scan(at, f"t-{key}"))])

    def add(self, kind: sinks.Kind, secret: dict[str, str], since: datetime = LONG_AGO) -> UUID:
        place = {"org": "o", "bucket": "b"} if kind == "influxdb" else {"database": "d", "collection": "c"}
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            return sinks.add(tenant, kind, f"s-{uuid4().hex[:8]}", place, secret, since)

    def ready(self, ahead: str = "10 minutes") -> None:
        """As if a round had been so long after what was written last."""
        self.execute(
            "UPDATE sinks SET mark_at = now() + %s::interval, mark_number = 0, retry_at = NULL", ahead
        )

    def execute(self, query: str, *parameters: object) -> None:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            tenant.execute(query, parameters)

    def row(self, sink: UUID) -> dict[str, Any]:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            [row] = tenant.rows("SELECT * FROM sinks WHERE sink_id = %s", [sink])
        return row

    def round(self) -> None:
        sinking.Sinking(self.database, threading.Event()).work()

    def expected(self) -> dict[Point, int]:
        """What the ledger says of each minute, added up by hand from the facts."""
        sums: dict[Point, int] = defaultdict(int)
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            sales = tenant.execute("SELECT occurred_at, quantity, amount_minor FROM ticket_sales").fetchall()
            scans = tenant.execute("SELECT occurred_at FROM ticket_scans").fetchall()
        for at, quantity, minor in sales:
            minute = int(at.timestamp()) // 60 * 60
            sums["housecount_sold", minute] += quantity
            sums["housecount_gross_minor", minute] += minor
        for (at,) in scans:
            sums["housecount_entries", int(at.timestamp()) // 60 * 60] += 1
        return dict(sums)


@pytest.fixture
def house(own_url: str) -> Iterator[House]:
    with closing(Database(own_url, master=MasterKeys([MASTER_KEY]), max_size=3)) as database:
        house = House(own_url, database)
        yield house
        house.execute("DELETE FROM sinks")


class Metrics:
    """A VictoriaMetrics that runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def points(self, house: House) -> tuple[dict[Point, int], list[dict[str, str]]]:
        """Every point that is not zero, and the tags of all series. InfluxDB replaces a point by one of the
        same time; this server keeps both, and the larger one is taken."""
        httpx.get(f"{self.url}/internal/force_flush", timeout=30)
        wanted = f'{{__name__=~"housecount_.*",tenant="{house.tenant.tenant_id}"}}'
        answer = httpx.get(
            f"{self.url}/api/v1/export",
            params={"match[]": wanted, "start": "2019-01-01T00:00:00Z", "reduce_mem_usage": "1"},
            timeout=30,
        )
        found: dict[Point, int] = {}
        tags = []
        for text in answer.text.splitlines():
            series = json.loads(text)
            name = series["metric"].pop("__name__")
            tags.append(series["metric"])
            for at, value in zip(series["timestamps"], series["values"], strict=True):
                if value:
                    found[name, at // 1000] = max(int(value), found.get((name, at // 1000), 0))
        return found, tags


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    program = shutil.which(PROGRAM)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{PROGRAM} is missing: apt-get install {PROGRAM}")
        pytest.skip(f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("metrics")
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [
                program,
                f"-storageDataPath={folder / 'data'}",
                f"-httpListenAddr=127.0.0.1:{port}",
                "-retentionPeriod=100y",
            ],
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
        yield Metrics(url)
    finally:
        running.terminate()
        running.wait(30)


NOON = datetime(2026, 5, 1, 12, 0, 30, tzinfo=UTC)


def test_every_minute_of_the_ledger_is_there_and_stays_right(house: House, metrics: Metrics) -> None:
    sink = house.add("influxdb", {"url": f"{metrics.url}/", "token": "t"})
    for number in range(40):
        house.sell(f"a{number}", NOON + timedelta(seconds=7 * number), 1 + number % 3)
        house.scan(f"b{number}", NOON + timedelta(seconds=11 * number))
    house.ready()
    house.round()
    found, tags = metrics.points(house)
    assert found == house.expected()
    assert {each["event"] for each in tags} == {"gala, night=1 _ Café_"}
    assert {each["venue"] for each in tags} == {house.tenant.venue_ref}
    assert {each.get("currency", "") for each in tags} == {"", "GBP"}
    assert house.row(sink)["sent"] == 80
    house.sell("late", NOON + timedelta(seconds=8), 5)  # It falls into a minute that was sent.
    house.ready("20 minutes")
    house.round()
    assert metrics.points(house)[0] == house.expected()
    house.ready("30 minutes")
    house.round()
    assert house.row(sink)["sent"] == 81


def test_a_worker_that_ends_before_it_can_note_it_sends_the_same_again(
    house: House, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = house.add("influxdb", {"url": metrics.url})
    monkeypatch.setattr(sinking, "BATCH", 7)
    for number in range(30):
        house.sell(f"c{number}", NOON + timedelta(seconds=13 * number))
    moved, calls = sinks.moved, []

    def breaks(*given: Any) -> bool:
        calls.append(given)
        if len(calls) % 2:
            raise KeyboardInterrupt
        return moved(*given)

    with monkeypatch.context() as broken:
        broken.setattr(sinks, "moved", breaks)
        for _ in range(12):
            house.ready()
            try:
                house.round()
            except KeyboardInterrupt:
                continue
    assert len(calls) > 5
    assert metrics.points(house)[0] == house.expected()
    assert house.row(sink)["sent"] == 30


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(
    house: House, redis_url: str, tmp_path: Path
) -> None:
    environment = os.environ | {
        "DATABASE_URL": house.url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path / "worker"),
        "DEMO": "false",
    }
    for number in range(9):
        house.sell(f"d{number}", NOON + timedelta(minutes=number))

    def worker() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "jobs", "worker"], cwd=ROOT, env=environment)

    def until(done: Any) -> None:
        deadline = time.monotonic() + 60
        while not done():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.1)

    with receiver() as there:
        running: list[subprocess.Popen[bytes]] = []
        there.answers["/api/v2/write"] = Answer(before=lambda: running[0].send_signal(signal.SIGKILL))
        sink = house.add("influxdb", {"url": there.url("").rstrip("/")})
        house.ready()
        try:
            running.append(worker())
            until(lambda: there.requests)
            assert running[0].wait(20) == -signal.SIGKILL
            assert house.row(sink)["sent"] == 0
            there.answers.clear()
            house.ready()  # As if the claim had ended.
            running.append(worker())
            until(lambda: house.row(sink)["sent"] == 9)
            first, second = there.requests
            assert first.body == second.body
            assert len(second.body.splitlines()) == 18
            running[1].send_signal(signal.SIGTERM)
            assert running[1].wait(20) == 0
        finally:
            for process in running:
                process.kill()
                process.wait()


def test_what_commits_late_is_not_passed_by(house: House) -> None:
    with receiver() as there:
        sink = house.add("influxdb", {"url": there.url("").rstrip("/")})
        with house.database.tenant(house.tenant.tenant_id) as late:
            facts.write_within(late, [house.message("slow", SaleLine("sale", NOON, 1, 1, "GBP"))])
            sale, other = SaleLine("sale", NOON, 1, 1, "GBP"), str(uuid4())
            quick = msgspec.structs.replace(
                house.message("quick", sale), event_id=UUID(other), event_ref=other
            )
            facts.write(house.database, house.tenant.tenant_id, [quick])
            house.round()  # Notes this moment.
            house.execute("UPDATE sinks SET mark_at = now() + interval '10 minutes'")
            for _ in range(3):
                house.round()
            assert there.requests == [], "a transaction that is under way may be before what is there"
        house.round()
    assert house.row(sink)["sent"] == 2
    assert len(there.requests) == 1


def test_the_last_minute_is_left_for_clocks_that_differ(house: House) -> None:
    with receiver() as there:
        sink = house.add("influxdb", {"url": there.url("").rstrip("/")})
        house.sell("now", NOON)
        for _ in range(3):
            house.round()
    assert (there.requests, house.row(sink)["sent"]) == ([], 0)


def test_what_is_not_taken_is_told_and_tried_again_later_and_later(house: House) -> None:
    with receiver() as there:
        there.answers["/api/v2/write"] = Answer(401, body=b'{"message": "unauthorized"}')
        sink = house.add("influxdb", {"url": there.url("").rstrip("/"), "token": "SECRET"})
        house.sell("one", NOON)
        house.ready()
        house.round()
        row = house.row(sink)
        assert (row["sent"], row["failures"]) == (0, 1)
        assert row["last_error"] == 'It answered 401: {"message": "unauthorized"}'
        assert "SECRET" not in repr(row)
        assert timedelta(seconds=5) < row["retry_at"] - datetime.now(UTC) < timedelta(seconds=30)
        house.round()
        assert len(there.requests) == 1
        assert there.requests[0].headers["authorization"] == "Token SECRET"
        assert there.requests[0].path == "/api/v2/write?org=o&bucket=b&precision=s"
        there.answers.clear()
        house.ready()
        house.round()
    assert (house.row(sink)["sent"], house.row(sink)["failures"]) == (1, 0)
    away = house.add("influxdb", {"url": "http://127.0.0.1:1"})
    house.ready()
    house.round()
    assert house.row(away)["last_error"] == "It cannot be reached: ConnectError."


def test_lines_are_written_as_the_protocol_wants_them() -> None:
    tags = {"venue": "The Hall", "event": "a,b=c d", "none": "", "who": "x\\"}
    assert line("house, count", tags, {"sold": 3, "gross minor": -5}, 60) == (
        r"house\,\ count,event=a\,b\=c\ d,venue=The\ Hall,who=x_ sold=3i,gross\ minor=-5i 60"
    )
    assert line("m", {"a": "1\n2\u2028\x00"}, {"f": 1}, 0) == "m,a=1_2__ f=1i 0"


class Collection:
    """As much of a collection as is written to: documents go through BSON, and what is there is replaced."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        self.away = False

    def __getitem__(self, _: str) -> Collection:
        return self

    def bulk_write(self, writes: list[ReplaceOne[Any]], *, ordered: bool) -> None:
        if self.away:
            raise ServerSelectionTimeoutError("mongodb://user:s3cret@db is away")
        assert not ordered
        for write in writes:
            assert write._upsert
            self.documents[write._filter["_id"]] = bson.decode(
                bson.encode(write._doc), bson.CodecOptions(tz_aware=True)
            )

    def close(self) -> None:
        """Nothing."""


def test_messages_go_to_mongodb_whole_once_and_without_persons(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Collection()
    monkeypatch.setattr(sinking, "opened_of", lambda sink: MongoDB(sink, there))
    monkeypatch.setattr(sinking, "BATCH", 4)
    sink = house.add("mongodb", {"url": "mongodb://db"})
    for number in range(10):
        house.sell(f"e{number}", NOON + timedelta(minutes=number))
    there.away = True
    house.ready()
    house.round()
    assert house.row(sink)["last_error"] == "It was not written: ServerSelectionTimeoutError."
    there.away = False
    for _ in range(2):
        house.execute("UPDATE sinks SET at = '2020-01-01Z', at_key = %s", UUID(int=0))
        house.ready()
        house.round()
    assert len(there.documents) == 10
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        kept = sink_rows.after(tenant, LONG_AGO, UUID(int=0), NOON + timedelta(days=9999), 99, payload=True)
    assert sorted(there.documents) == sorted(f"{house.tenant.tenant_id}/{each.message_key}" for each in kept)
    one = there.documents[f"{house.tenant.tenant_id}/{kept[0].message_key}"]
    assert one["occurredAt"] == kept[0].occurred_at
    assert (one["type"], one["eventId"], one["payload"]["userId"]) == ("test", str(house.event), "a" * 32)


def test_whatever_json_holds_bson_can_hold() -> None:
    hard = {"$where": {"a.b": [1 << 70, -(1 << 63), True, None, 1.5, "$x.y"]}, "": {"$": 1}}
    easy = storable(hard)
    assert easy == {"＄where": {"a．b": [str(1 << 70), -(1 << 63), True, None, 1.5, "$x.y"]}, "": {"＄": 1}}
    assert bson.decode(bson.encode(easy)) == easy
    message = sink_rows.Copied(NOON, uuid4(), uuid4(), uuid4(), "t", "s", NOON, hard)
    assert bson.encode(document(uuid4(), message))


def test_an_address_that_cannot_be_used_is_told_without_it(house: House) -> None:
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        sink_id = sinks.add(
            tenant,
            "mongodb",
            "bad",
            {"database": "d", "collection": "c"},
            {"url": "mongodb://u:SECRET@"},
            NOON,
        )
        sink = sinks.get(tenant, sink_id)
    assert sink is not None
    with pytest.raises(NotTaken) as refused:
        sinking.opened_of(sink)
    assert "SECRET" not in str(refused.value)
    assert "SECRET" not in repr(sink)
