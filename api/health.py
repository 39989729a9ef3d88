"""Whether the process works, for load balancers and for Prometheus: open to everyone, and without a
word about any tenant."""

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest, start_http_server

from api.hub import Hub
from config import Settings
from data.engine import Database, DatabaseUnavailable
from data.live_redis import RedisUnavailable
from data.services import Services
from data.telemetry import Telemetry

log = logging.getLogger(__name__)

_NO_TENANT = UUID(int=0)


def register(server: Flask, services: Services, hub: Hub) -> None:
    """Add the health routes and /metrics, and measure the requests; the REST door measures its own."""
    live = services.live

    def check_database() -> dict[str, Any]:
        return _check(lambda: _ask(services.database))

    def health() -> Response:
        checks = {
            "postgresql": check_database(),
            "redis": _check(live.store.ping),
            "sockets": _sockets(hub),
        }
        if checks["postgresql"]["status"] != "ok":
            return _answer({"status": "down", "checks": checks}, 503)
        fine = all(check["status"] == "ok" for check in checks.values())
        return _answer({"status": "ok" if fine else "degraded", "checks": checks})

    def ready() -> Response:
        check = check_database()
        status = 200 if check["status"] == "ok" else 503
        return _answer({"status": "ready" if status == 200 else "not ready"}, status)

    def socket_health() -> Response:
        check = _sockets(hub)
        return _answer(check, 200 if check["status"] == "ok" else 503)

    def alive() -> Response:
        return _answer({"status": "alive"})

    def metrics() -> Response:
        return Response(generate_latest(live.telemetry.registry), content_type=CONTENT_TYPE_LATEST)

    routes: dict[str, Callable[[], Response]] = {
        "/health": health,
        "/live": alive,
        "/livez": alive,
        "/ready": ready,
        "/readyz": ready,
        "/ws-health": socket_health,
        "/metrics": metrics,
    }
    for path, view in routes.items():
        server.add_url_rule(path, f"health{path}", view)
    live.telemetry.count_jobs_of(live.store)
    _measure(server, live.telemetry)


def start_metrics(settings: Settings, telemetry: Telemetry) -> Callable[[], None]:
    """Serve the metrics on a port of their own, unless it is 0; returns what stops that.

    A port that is taken is reported and does not keep the process from serving.
    """
    if settings.metrics_port == 0:
        return lambda: None
    try:
        server, thread = start_http_server(
            settings.metrics_port, addr=settings.metrics_host, registry=telemetry.registry
        )
    except OSError as error:
        log.warning("no metrics on port %s: %s", settings.metrics_port, error)
        return lambda: None

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

    return stop


def _measure(server: Flask, telemetry: Telemetry) -> None:
    def begin() -> None:
        g.begun = time.perf_counter()

    # Before the gate of the sign-in, whose refusals take their time as well.
    server.before_request_funcs.setdefault(None, []).insert(0, begin)

    @server.after_request
    def end(response: Response) -> Response:
        # Routes are few; paths are as many as callers invent, and may name events.
        route = request.url_rule.rule if request.url_rule is not None else "none"
        seconds = time.perf_counter() - g.begun
        telemetry.answered(request.method, route, response.status_code, seconds)
        return response


def _sockets(hub: Hub) -> dict[str, Any]:
    status = "ok" if hub.there and not hub.full else "full" if hub.there else "away"
    return {"status": status, "open": hub.sockets}


def _check(question: Callable[[], float]) -> dict[str, Any]:
    try:
        return {"status": "ok", "latencyMs": round(question() * 1000, 2)}
    except (DatabaseUnavailable, RedisUnavailable):
        return {"status": "away"}


def _ask(database: Database) -> float:
    started = time.perf_counter()
    with database.tenant(_NO_TENANT) as tenant:
        tenant.execute("SELECT 1")
    return time.perf_counter() - started


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(body), status, {"Cache-Control": "no-store"}, content_type="application/json"
    )
