"""The live socket's door: who may come in, and the handshake. What follows is the hub's."""

from uuid import UUID

from flask import Flask, Response, request

from api import addresses
from api.browser_session import session_ended
from api.handover import NotHandedOver, open_protocol, take_socket
from api.hub import PING_SECONDS, RECHECK_SECONDS, SIGNED_OUT, Hub
from api.problems import Unauthenticated, problem, request_id, unavailable
from api.sockets import Client
from api.viewers import ForeignOrigin, Viewer, viewers_of
from data import audit_note
from data.access import Access
from data.audit_entry import HOUSE, STRANGER, Entry
from data.engine import DatabaseUnavailable
from data.permissions import NotPermitted
from data.services import Services

PATH = "/api/v1/analytics/real-time/stream"
ALIAS = "/api/analytics/real-time/stream"
STRANGERS_SECONDS = 900
"""Between two entries about strangers of one address who are refused for the same reason."""
NOBODY = Access(UUID(int=0), venues=frozenset(), events=frozenset())


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
        services.trail,
        prefix=services.settings.redis_prefix,
        most_sockets=services.settings.max_sockets,
        ping_seconds=ping_seconds,
        recheck_seconds=min(recheck_seconds, idle_seconds / 2),
    )

    def signed_out(_: Flask, *, session_id: UUID) -> None:
        hub.sign_out(session_id)

    session_ended.connect(signed_out, server, weak=False)
    door = _Door(services, hub)

    def stream() -> Response:
        if not hub.there or hub.full:
            return _no_room(hub)
        protocol, answer = open_protocol(request.environ)
        if answer.status_code != 101:
            return Response(bytes(answer.body), answer.status_code, list(answer.headers.raw_items()))
        try:
            viewer = door.viewer()
        except _Refused as refused:
            return refused.answer
        if viewer is None and hub.crowded:
            return _later("too-many-sockets", "Sign in; too many ask for a socket without having done so.")
        answer.headers["X-Request-Id"] = request_id()
        greeting = answer.serialize()
        try:
            connection = take_socket(request.environ)
        except NotHandedOver as error:
            return problem(501, "no-sockets", str(error))
        if viewer is None:
            # A browser's script cannot see why a handshake was refused, but it sees a closing code.
            hub.add(Client(hub, protocol, greeting, NOBODY, bool), connection, SIGNED_OUT)
        else:
            about = (viewer.access, viewer.still_valid, viewer.session_id, viewer.actor)
            hub.add(Client(hub, protocol, greeting, *about, request_id()), connection)
        return Response(status=101)  # It goes nowhere: the connection is the hub's now.

    for path in (PATH, ALIAS):
        server.add_url_rule(path, path, stream, websocket=True)
    return hub


class _Refused(Exception):
    """Whoever asks does not come in; `answer` says why."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class _Door:
    """Who comes in. That somebody does is recorded, and why somebody does not: in the tenant of whoever is
    known by then, of strangers in the chain of no tenant, each reason once in a while for an address, which
    is kept nowhere."""

    def __init__(self, services: Services, hub: Hub) -> None:
        self._viewers, self._hub = viewers_of(services), hub
        self._trail, self._counters = services.trail, services.counters
        self._most = services.settings.max_sockets_per_caller

    def viewer(self) -> Viewer | None:
        """Who comes in; None for a browser whose session has ended, which is let in to be told so. Raises
        _Refused, Unauthenticated, NotPermitted."""
        try:
            viewer = self._viewers.of_handshake()
            if viewer is None:
                self._refused("session-ended")
                return None
            if self._hub.sockets_of(viewer.actor) >= self._most:
                self._refused("too-many-sockets")
                detail = f"At most {self._most:,} sockets for each person or token."
                raise _Refused(problem(429, "too-many-sockets", detail, headers={"Retry-After": "5"}))
            entry = Entry(viewer.actor, "socket", "see-night", request_id=request_id())
            self._trail.record(viewer.access.tenant_id, entry)
        except ForeignOrigin as origin:
            self._refused("foreign-origin")
            detail = "This page may not open sockets here."
            raise _Refused(problem(403, "foreign-origin", detail, value=str(origin))) from None
        except (Unauthenticated, NotPermitted) as refusal:
            self._refused(refusal.code if isinstance(refusal, Unauthenticated) else "not-permitted")
            raise
        except DatabaseUnavailable as error:
            raise _Refused(unavailable(error)) from None
        return viewer

    def _refused(self, reason: str) -> None:
        note = audit_note.current()
        if note is None:
            return
        if note.actor is None:
            who = f"{reason} {addresses.counted()}"
            if self._counters.take("refused-socket", who, STRANGERS_SECONDS):
                return
            audit_note.by(HOUSE, STRANGER)
        audit_note.is_a("see-night", "refused")
        audit_note.told(reason=reason)


def _no_room(hub: Hub) -> Response:
    if not hub.there:
        return _later("live-unavailable", "Live updates are interrupted; ask /api/v1/realtime/state.")
    return _later("too-many-sockets", "This server has as many live sockets as it may have.")


def _later(code: str, detail: str) -> Response:
    return problem(503, code, detail, headers={"Retry-After": "1"})
