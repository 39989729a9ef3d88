"""The live socket's door: who may come in, and the handshake. What follows is the hub's."""

from uuid import UUID

from flask import Flask, Response, request

from api.handover import NotHandedOver, open_protocol, take_socket
from api.hub import PING_SECONDS, RECHECK_SECONDS, SIGNED_OUT, Hub
from api.login import session_ended
from api.problems import problem, unavailable
from api.sockets import Client
from api.viewers import ForeignOrigin, Viewers
from data.engine import DatabaseUnavailable
from data.services import Services

PATH = "/api/v1/analytics/real-time/stream"
ALIAS = "/api/analytics/real-time/stream"
NO_TENANT = UUID(int=0)


def register(
    server: Flask,
    services: Services,
    *,
    ping_seconds: float = PING_SECONDS,
    recheck_seconds: float = RECHECK_SECONDS,
) -> Hub:
    """Add the route of the live socket; returns the hub, to be closed with the process.

    An open socket is a use of its session, so it is asked for often enough that none becomes idle.
    """
    idle_seconds = services.settings.session_idle_minutes * 60
    hub = Hub(
        services.database,
        services.directory,
        services.live,
        prefix=services.settings.redis_prefix,
        most_sockets=services.settings.max_sockets,
        ping_seconds=ping_seconds,
        recheck_seconds=min(recheck_seconds, idle_seconds / 2),
    )

    def signed_out(_: Flask, *, session_id: UUID) -> None:
        hub.sign_out(session_id)

    session_ended.connect(signed_out, server, weak=False)
    viewers = Viewers(services.database, services.settings)

    def stream() -> Response:
        if not hub.there:
            return _later("live-unavailable", "Live updates are interrupted; ask /api/v1/realtime/state.")
        if hub.full:
            return _later("too-many-sockets", "This server has as many live sockets as it may have.")
        protocol, answer = open_protocol(request.environ)
        if answer.status_code != 101:
            return Response(bytes(answer.body), answer.status_code, list(answer.headers.raw_items()))
        try:
            viewer = viewers.of_handshake()
        except ForeignOrigin as origin:
            return problem(403, "foreign-origin", "This page may not open sockets here.", value=str(origin))
        except DatabaseUnavailable as error:
            return unavailable(error)
        if viewer is None and hub.crowded:
            return _later("too-many-sockets", "Sign in; too many ask for a socket without having done so.")
        greeting = answer.serialize()
        try:
            connection = take_socket(request.environ)
        except NotHandedOver as error:
            return problem(501, "no-sockets", str(error))
        if viewer is None:
            # A browser's script cannot see why a handshake was refused, but it sees a closing code.
            hub.add(Client(hub, protocol, greeting, NO_TENANT, bool), connection, SIGNED_OUT)
        else:
            about = (viewer.tenant_id, viewer.still_valid, viewer.session_id)
            hub.add(Client(hub, protocol, greeting, *about), connection)
        return Response(status=101)  # It goes nowhere: the connection is the hub's now.

    for path in (PATH, ALIAS):
        server.add_url_rule(path, path, stream, websocket=True)
    return hub


def _later(code: str, detail: str) -> Response:
    return problem(503, code, detail, headers={"Retry-After": "1"})
