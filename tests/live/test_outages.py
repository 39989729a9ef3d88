"""Redis and PostgreSQL of this module's own: flushed, stopped, frozen and started again."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from redis import Redis

from data import embedded
from data.migrations import run
from tests.conftest import Tenant, new_tenant
from tests.live.conftest import Socket, open_socket
from tests.live.night import Night, open_night
from tests.live.served import House, Served, build, fresh_prefix, served_here, token_of, until
from tests.live.test_stream import closing, refusal

NEVER_ASKED_FOR = "00000000-0000-4000-8000-00000000abcd"


@dataclass
class Site:
    """A house on servers that may be stopped."""

    postgres: embedded.Server
    redis: embedded.Server
    house: House
    served: Served
    tenant: Tenant
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.served.url}{path}", headers=self.headers, timeout=10)

    def scan(self, night: Night, ticket: str) -> httpx.Response:
        body = {
            "ticketId": ticket,
            "eventId": str(night.event_id),
            "scannedAt": datetime.now(UTC).isoformat(),
            "direction": "entry",
            "isValid": True,
        }
        url = f"{self.served.url}/api/v1/ingest/attendance"
        return httpx.post(url, json=body, headers=self.headers, timeout=10)

    def inside(self, night: Night) -> int:
        """What the REST route says."""
        answer = self.get(f"/api/v1/realtime/attendance/{night.event_id}")
        assert answer.status_code == 200
        inside = answer.json()["attendance"]["inside"]
        assert isinstance(inside, int)
        return inside


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    postgres, redis = embedded.postgres_server(folder), embedded.redis_server(folder)
    with postgres.running(), redis.running():
        run.upgrade(postgres.url)
        tenant = new_tenant(postgres.url)
        house = build(postgres.url, redis.url, redis_prefix=fresh_prefix())
        token = token_of(house.services.database, tenant)
        with served_here(house) as served:
            yield Site(postgres, redis, house, served, tenant, token)
        house.close()


@pytest.fixture
def night(site: Site) -> Night:
    return open_night(site.house.services.database, site.tenant.tenant_id, site.tenant.venue_id)


def inside_after(client: Socket, count: int) -> float:
    """Seconds until the socket shows so many people inside."""
    started = time.monotonic()
    client.until("attendance-update", lambda data: data["inside"] == count, timeout=10)
    return time.monotonic() - started


def test_after_a_flush_the_board_is_right_within_two_seconds(site: Site, night: Night) -> None:
    with open_socket(site.served, site.token) as client, Redis.from_url(site.redis.url) as redis:
        client.subscribe(night.event_id)
        assert site.scan(night, "t1").status_code == 202
        inside_after(client, 1)
        redis.flushall()
        assert site.scan(night, "t2").status_code == 202
        assert inside_after(client, 2) < 2
        redis.flushall()
        assert site.inside(night) == 2
        # What a process that died between commit and publication has left behind.
        night.enter(3, datetime.now(UTC))
        assert inside_after(client, 5) < 2


def test_a_state_left_in_redis_is_not_believed_for_longer_than_two_seconds(site: Site, night: Night) -> None:
    assert site.scan(night, "t1").status_code == 202
    until(lambda: site.inside(night) == 1, "the scan to show")
    night.enter(1, datetime.now(UTC))  # Committed, never published, and nobody looks.
    assert until(lambda: site.inside(night) == 2, "the state to expire") < 2.5


def test_without_redis_ingest_goes_on_sockets_close_and_all_comes_back(site: Site, night: Night) -> None:
    with open_socket(site.served, site.token) as client:
        client.subscribe(night.event_id)
        site.redis.stop()
        assert closing(client) == (1013, "live updates are interrupted")
    status, body = refusal(site.served, additional_headers=site.headers)
    assert (status, body["code"]) == (503, "live-unavailable")
    for ticket in ("t1", "t2"):
        started = time.monotonic()
        assert site.scan(night, ticket).status_code == 202
        assert time.monotonic() - started < 1
        assert site.inside(night) == int(ticket[1:])
    health = site.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["checks"]["redis"] == {"status": "away"}
    assert site.get("/ready").status_code == 200
    assert site.get("/ws-health").status_code == 503
    site.redis.start()
    until(lambda: site.house.hub.there, "the hub to find Redis again", seconds=3)
    with open_socket(site.served, site.token) as client:
        assert client.subscribe(night.event_id)["data"]["attendance"]["inside"] == 2
        assert site.scan(night, "t3").status_code == 202
        inside_after(client, 3)
    assert site.get("/health").json()["status"] == "ok"


def test_a_redis_that_hangs_counts_as_away(site: Site, night: Night) -> None:
    with open_socket(site.served, site.token) as client:
        client.subscribe(night.event_id)
        assert site.redis.pid is not None
        os.kill(site.redis.pid, signal.SIGSTOP)
        try:
            assert closing(client)[0] == 1013
            started = time.monotonic()
            assert site.scan(night, "t1").status_code == 202
            assert site.inside(night) == 1
            assert time.monotonic() - started < 3
        finally:
            os.kill(site.redis.pid, signal.SIGCONT)
    until(lambda: site.house.hub.there, "the hub to find Redis again", seconds=6)


def test_without_postgresql_nothing_is_acknowledged_and_all_comes_back(site: Site, night: Night) -> None:
    with open_socket(site.served, site.token) as client:
        client.subscribe(night.event_id)
        assert site.scan(night, "t1").status_code == 202
        inside_after(client, 1)
        site.postgres.stop()
        refused = site.scan(night, "t2")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) >= 1
        until(lambda: _read(site, night).status_code == 503, "the state in Redis to expire")
        health = site.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "down")
        assert site.get("/ready").status_code == 503
        assert site.get("/live").status_code == 200
        answer = client.subscribe(NEVER_ASKED_FOR)
        while answer["type"] != "error":
            answer = client.receive()
        assert (answer["code"], answer["eventId"]) == ("unavailable", NEVER_ASKED_FOR)
        site.postgres.start()
        until(lambda: site.scan(night, "t2").status_code == 202, "ingest to recover")
        inside_after(client, 2)
    assert site.inside(night) == 2


def _read(site: Site, night: Night) -> httpx.Response:
    return site.get(f"/api/v1/realtime/attendance/{night.event_id}")
