"""Health and metrics when all is well; what they say without servers is in test_outages.py."""

import socket

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.health import start_metrics
from config import Settings
from data.telemetry import Telemetry
from tests.live.conftest import open_socket
from tests.live.night import Night
from tests.live.served import House, Served, until
from tests.live.test_stream import scan


def metrics_text(served: Served, token: str) -> str:
    answer = httpx.get(f"{served.url}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.text


def metrics(served: Served, token: str) -> dict[str, float]:
    """Sample name with labels → value."""
    text = metrics_text(served, token)
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def _all_gone(house: House) -> None:
    """Sockets of the test before may still be closing."""
    until(lambda: house.hub.sockets == 0, "all sockets to close")


def test_health_names_each_dependency_and_how_long_it_took(served: Served) -> None:
    answer = httpx.get(f"{served.url}/health")
    body = answer.json()
    latencies = [body["checks"][name].pop("latencyMs") for name in ("postgresql", "redis")]
    assert (answer.status_code, body) == (
        200,
        {
            "status": "ok",
            "checks": {
                "postgresql": {"status": "ok"},
                "redis": {"status": "ok"},
                "sockets": {"status": "ok", "open": 0},
            },
        },
    )
    assert all(0 < latency < 500 for latency in latencies)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/live", {"status": "alive"}),
        ("/livez", {"status": "alive"}),
        ("/ready", {"status": "ready"}),
        ("/readyz", {"status": "ready"}),
        ("/ws-health", {"status": "ok", "open": 0}),
    ],
)
def test_probes_answer_without_credentials(served: Served, path: str, body: dict[str, object]) -> None:
    answer = httpx.get(f"{served.url}{path}")
    assert (answer.status_code, answer.json()) == (200, body)
    assert answer.headers["Cache-Control"] == "no-store"


def test_open_sockets_are_counted(served: Served, token: str) -> None:
    with open_socket(served, token), open_socket(served, token):
        assert httpx.get(f"{served.url}/ws-health").json()["open"] == 2
        assert metrics(served, token)["analytics_sockets[]"] == 2


def test_requests_lags_cache_and_jobs_are_measured_without_a_word_about_tenants(
    served: Served, token: str, night: Night, house: House
) -> None:
    path = f"{served.url}/api/v1/realtime/state/{night.event_id}"
    before = metrics(served, token)
    house.services.live.store.job_finished("arrivals", "done")
    house.services.live.store.job_finished("arrivals", "done")
    house.services.live.store.count_queue(
        {"accepted": 5, "rejected": 1, "batches": 2, "lag_milliseconds": 250}
    )
    with open_socket(served, token) as client:
        client.subscribe(night.event_id)
        scan(served, token, night, "t1")
        client.until("activity-update")
        for _ in range(2):
            httpx.get(path, headers={"Authorization": f"Bearer {token}"})
    after = metrics(served, token)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    route = "('route', '/api/v1/realtime/state/<ref>')"
    assert grown(f"analytics_requests_total[('method', 'GET'), {route}, ('status', '200')]") == 2
    assert grown(f"analytics_request_duration_seconds_count[('method', 'GET'), {route}]") == 2
    assert grown("analytics_ingest_lag_seconds_count[]") == 1
    assert grown("analytics_publish_lag_seconds_count[]") >= 1
    assert grown("analytics_socket_messages_total[]") >= 4
    assert grown("analytics_cache_hits_total[('cache', 'live')]") == 2
    assert after["analytics_jobs_total[('job', 'arrivals'), ('outcome', 'done')]"] == 2
    queue = "analytics_queue_messages_total[('outcome', '{}')]".format
    assert [after[queue(each)] for each in ("accepted", "duplicate", "rejected")] == [5, 0, 1]
    assert after["analytics_queue_lag_seconds_sum[]"] == 0.25
    assert after["analytics_queue_lag_seconds_count[]"] == 2
    assert after["analytics_queue_errors_total[]"] == 0
    text = metrics_text(served, token)
    for secret in (night.event_id, night.venue_id, night.tenant_id, token):
        assert str(secret) not in text


def test_failures_are_counted(served: Served, token: str) -> None:
    assert httpx.get(f"{served.url}/api/fail").status_code == 500
    name = "analytics_errors_total[('method', 'GET'), ('route', '/api/fail'), ('status', '500')]"
    assert metrics(served, token)[name] == 1


def test_invented_methods_share_one_series(served: Served, token: str) -> None:
    name = "analytics_requests_total[('method', 'other'), ('route', 'none'), ('status', '401')]"
    before = metrics(served, token).get(name, 0)
    for number in range(3):
        assert httpx.request(f"BREW{number}", f"{served.url}/nowhere").status_code == 401
    assert metrics(served, token)[name] - before == 3
    assert "BREW" not in metrics_text(served, token)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_metrics_have_a_port_of_their_own() -> None:
    telemetry = Telemetry()
    telemetry.sockets.set(3)
    port = free_port()
    settings = Settings(_env_file=None, metrics_port=port)
    stop = start_metrics(settings, telemetry)
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        start_metrics(settings, telemetry)()  # The port is taken: said in the log, and nothing more.
    finally:
        stop()
    assert "analytics_sockets 3.0" in text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_port_zero_closes_the_metrics_port() -> None:
    start_metrics(Settings(_env_file=None, metrics_port=0), Telemetry())()
