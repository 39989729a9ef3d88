"""The live socket against a real server and a real client."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from flask.sessions import SecureCookieSessionInterface
from redis import Redis
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.uri import parse_uri

from api.hub import MOST_STRANGERS
from data.engine import Database
from data.grants import put_grants
from data.live import read_state
from tests.conftest import Tenant
from tests.live.conftest import Socket, open_socket
from tests.live.night import Night, open_night
from tests.live.served import House, Served, build, fresh_prefix, served_here, sign_in, token_of, until

NOT_FOUND = {"type": "error", "code": "not-found", "detail": "There is no such event."}


def scan(served: Served, token: str, night: Night, ticket: str, at: datetime | None = None) -> None:
    """Send a scan the way a gate does."""
    answer = httpx.post(
        f"{served.url}/api/v1/ingest/attendance",
        headers={"Authorization": f"Bearer {token}"},
        json={
            "ticketId": ticket,
            "eventId": str(night.event_id),
            "scannedAt": (at or datetime.now(UTC)).isoformat(),
            "direction": "entry",
            "isValid": True,
            "entryPoint": "north",
        },
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")


def refusal(served: Served, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status and problem of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused, connect(served.stream, legacy=True, **options):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}")


def closing(client: Socket) -> tuple[int, str]:
    """Read on until the server closes; its code and reason."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            client.connection.recv(timeout=10)
    assert client.connection.close_code is not None
    return client.connection.close_code, client.connection.close_reason or ""


# Following an event


def test_a_subscription_begins_with_the_whole_state(served: Served, token: str, night: Night) -> None:
    night.sell(3, datetime.now(UTC))
    with open_socket(served, token) as client:
        first = client.subscribe(night.event_id)
    with night.database.tenant(night.tenant_id) as tenant:
        state = read_state(tenant, night.event_id, datetime.fromisoformat(first["at"]))
    assert first == {
        "type": "snapshot",
        "eventId": str(night.event_id),
        "venueId": str(night.venue_id),
        "seq": 1,
        "at": first["at"],
        "data": state,
    }


def test_an_event_can_be_named_as_its_sender_names_it(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        assert client.subscribe(f"night-{night.event_id}")["eventId"] == str(night.event_id)


def test_an_event_can_be_followed_as_soon_as_its_first_message_is_answered(
    served: Served, token: str, tenant: Tenant
) -> None:
    first = {"ticketId": "T-1", "eventId": "brand-new", "venueId": tenant.venue_ref}
    url = f"{served.url}/api/v1/ingest/attendance"
    with open_socket(served, token) as client:
        assert client.subscribe("brand-new")["code"] == "not-found"
        answer = httpx.post(url, headers={"Authorization": f"Bearer {token}"}, json=first)
        assert answer.status_code == 202
        assert client.subscribe("brand-new")["type"] == "snapshot"


def test_a_posted_scan_arrives_as_the_sections_it_changed(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        client.subscribe(night.event_id)
        scan(served, token, night, "t1")
        messages = [client.receive() for _ in range(3)]
    assert [message["type"] for message in messages] == [
        "attendance-update",
        "capacity-alert",
        "activity-update",
    ]
    assert {(message["eventId"], message["seq"]) for message in messages} == {(str(night.event_id), 1)}
    assert messages[0]["data"]["inside"] == 1
    assert messages[1]["data"]["inside"] == 1
    assert [(item["kind"], item["gate"]) for item in messages[2]["data"]] == [("entry", "north")]


def test_deltas_applied_to_the_snapshot_give_the_state_of_the_database(
    served: Served, token: str, night: Night
) -> None:
    sections = {
        "sale-update": "sales",
        "revenue-update": "revenue",
        "attendance-update": "attendance",
        "capacity-alert": "capacity",
        "social-update": "social",
        "activity-update": "feed",
    }
    now = datetime.now(UTC)
    with open_socket(served, token) as client:
        state = client.subscribe(night.event_id)["data"]
        for step in range(10):
            scan(served, token, night, f"t{step}")
        night.sell(400, now)
        night.mention(20, now)
        scan(served, token, night, "last")
        while state["seq"] < 13 or state["attendance"]["inside"] < 11:
            message = client.receive()
            state["seq"], state["asOf"] = message["seq"], message["at"]
            if message["type"] in sections:
                state[sections[message["type"]]] = message["data"]
        # The last change comes in several messages: those still under way belong to it.
        while True:
            try:
                message = client.receive(timeout=0.5)
            except TimeoutError:
                break
            if message["type"] in sections:
                state[sections[message["type"]]] = message["data"]
                state["seq"], state["asOf"] = message["seq"], message["at"]
    with night.database.tenant(night.tenant_id) as tenant:
        assert state == read_state(tenant, night.event_id, datetime.fromisoformat(state["asOf"]))


def test_milestones_and_the_capacity_level_are_announced(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        client.subscribe(night.event_id)
        night.sell(400, datetime.now(UTC))
        scan(served, token, night, "t0")
        sales = client.until("sales-milestone", lambda mark: mark["percent"] == 50)
        assert sales["data"]["measure"] == "sold_capacity"
        night.enter(800, datetime.now(UTC) - timedelta(minutes=1))
        scan(served, token, night, "t1")
        assert client.until("capacity-alert", lambda it: it["level"] != "ok")["data"]["level"] == "amber"


@pytest.mark.parametrize("odd", ["garbage", "not a state", "a section is missing"])
def test_a_publication_that_is_not_understood_is_passed_over(
    served: Served, house: House, token: str, night: Night, odd: str
) -> None:
    store = house.services.live.store
    with open_socket(served, token) as client, Redis.from_url(store.url) as redis:
        state = client.subscribe(night.event_id)["data"]
        del state["social"]
        bodies = {
            "garbage": b"\xff{",
            "not a state": b"[1]",
            "a section is missing": json.dumps(state | {"seq": 1}),
        }
        assert redis.publish(store.channel(night.tenant_id, night.venue_id), bodies[odd]) == 1
        scan(served, token, night, "t1")
        assert client.until("attendance-update")["data"]["inside"] == 1
    assert house.hub.there


def test_many_changes_at_once_are_conflated(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        client.subscribe(night.event_id)
        started = time.monotonic()

        def gate(number: int) -> None:
            for person in range(15):
                scan(served, token, night, f"{number}-{person}")

        threads = [threading.Thread(target=gate, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        received = 0
        inside = 0
        while inside < 60:
            message = client.receive()
            if message["type"] == "attendance-update":
                received += 1
                inside = message["data"]["inside"]
        seconds = time.monotonic() - started
        for thread in threads:
            thread.join()
    # At most ten a second, and one for the leading edge and one for the reconciler.
    assert received <= 10 * seconds + 2


def test_after_leaving_nothing_more_arrives(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        client.subscribe(night.event_id)
        client.send({"type": "unsubscribe-event", "eventId": str(night.event_id)})
        other = open_night(night.database, night.tenant_id, night.venue_id)
        client.subscribe(other.event_id)
        scan(served, token, night, "t1")
        scan(served, token, other, "t1")
        assert client.until("activity-update")["eventId"] == str(other.event_id)


def test_messages_of_a_client_are_followed_in_their_order(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        for _ in range(5):
            client.send({"type": "subscribe-event", "eventId": str(night.event_id)})
            client.send({"type": "unsubscribe-event", "eventId": str(night.event_id)})
        assert [client.receive()["type"] for _ in range(5)] == ["snapshot"] * 5
        scan(served, token, night, "t1")
        with pytest.raises(TimeoutError):
            client.receive(timeout=1.5)


def test_a_client_that_returns_gets_only_what_changed(served: Served, token: str, night: Night) -> None:
    with open_socket(served, token) as client:
        client.subscribe(night.event_id)
        scan(served, token, night, "t1")
        seq = client.until("activity-update")["seq"]
    night.sell(1, datetime.now(UTC))
    with open_socket(served, token) as client:
        back = [client.subscribe(night.event_id, seq=seq)]
        while back[-1]["type"] != "activity-update":
            back.append(client.receive())
    assert "snapshot" not in [message["type"] for message in back]
    assert {"sale-update", "revenue-update", "activity-update"} <= {message["type"] for message in back}
    assert {message["seq"] for message in back} == {seq + 1}


def test_a_client_from_before_the_boards_memory_gets_a_snapshot(
    served: Served, token: str, night: Night
) -> None:
    scan(served, token, night, "t1")
    with open_socket(served, token) as client:
        assert client.subscribe(night.event_id, seq=0)["type"] == "snapshot"
        assert client.subscribe(night.event_id, seq=999)["type"] == "snapshot"


def test_a_venue_brings_the_events_of_its_business_day(
    served: Served, token: str, night: Night, tenant: Tenant
) -> None:
    open_night(night.database, tenant.tenant_id, tenant.venue_id, night.doors + timedelta(days=3))
    matinee = open_night(night.database, tenant.tenant_id, tenant.venue_id, night.doors)
    with open_socket(served, token) as client:
        client.send({"type": "subscribe-venue", "venueId": tenant.venue_ref})
        snapshots = [client.receive(), client.receive()]
        scan(served, token, night, "t1")
        assert client.until("activity-update")["eventId"] == str(night.event_id)
    assert {message["type"] for message in snapshots} == {"snapshot"}
    assert {message["eventId"] for message in snapshots} == {str(night.event_id), str(matinee.event_id)}


def test_a_venue_never_brings_back_an_event_that_was_left(
    served: Served, house: House, token: str, night: Night, tenant: Tenant
) -> None:
    matinee = open_night(night.database, tenant.tenant_id, tenant.venue_id, night.doors)
    with open_socket(served, token) as client:
        client.send({"type": "subscribe-venue", "venueId": tenant.venue_ref})
        assert {client.receive()["type"], client.receive()["type"]} == {"snapshot"}
        client.send({"type": "unsubscribe-event", "eventId": str(night.event_id)})
        assert client.subscribe(uuid4())["code"] == "not-found"  # So it has been followed.
        late = open_night(night.database, tenant.tenant_id, tenant.venue_id, night.doors)
        house.hub.roll()
        assert client.receive()["eventId"] == str(late.event_id)
        scan(served, token, night, "t1")
        scan(served, token, matinee, "t2")
        assert client.until("activity-update")["eventId"] == str(matinee.event_id)
        client.send({"type": "subscribe-venue", "venueId": tenant.venue_ref})
        assert client.until("snapshot")["eventId"] == str(night.event_id)


# Who may come in


def test_an_event_of_another_tenant_is_as_unknown_as_one_that_never_was(
    served: Served, night: Night, other_tenant: Tenant, database: Database
) -> None:
    with open_socket(served, token_of(database, other_tenant)) as client:
        for ref in (str(night.event_id), f"night-{night.event_id}", str(uuid4()), "nothing"):
            assert client.subscribe(ref) == NOT_FOUND | {"eventId": ref}
        client.send({"type": "subscribe-venue", "venueId": str(night.venue_id)})
        assert client.receive() == {
            "type": "error",
            "code": "not-found",
            "detail": "There is no such venue.",
            "venueId": str(night.venue_id),
        }


def test_two_tenants_with_one_event_id_see_each_only_their_own(
    served: Served, night: Night, token: str, other_tenant: Tenant, database: Database
) -> None:
    theirs = token_of(database, other_tenant)
    twin = Night(database, other_tenant.tenant_id, other_tenant.venue_id, night.doors, night.event_id)
    twin.sell(7, datetime.now(UTC))
    with open_socket(served, token) as client, open_socket(served, theirs) as stranger:
        assert client.subscribe(night.event_id)["data"]["sales"]["sold"] == 0
        assert stranger.subscribe(night.event_id)["data"]["sales"]["sold"] == 7
        scan(served, theirs, twin, "t1")
        assert stranger.until("attendance-update")["data"]["inside"] == 1
        with pytest.raises(TimeoutError):
            client.receive(timeout=1.5)


def test_a_handshake_without_credentials_is_refused(served: Served) -> None:
    status, body = refusal(served)
    assert (status, body["code"]) == (401, "missing-token")


@pytest.mark.parametrize("token", ["hc_nonsense", "x", "hc_" + "A" * 64])
def test_a_handshake_with_a_wrong_token_is_refused(served: Served, token: str) -> None:
    status, body = refusal(served, additional_headers={"Authorization": f"Bearer {token}"})
    assert (status, body["code"]) == (401, "invalid-token")
    status, body = refusal(served, subprotocols=["housecount.v1", f"bearer.{token}"])
    assert (status, body["code"]) == (401, "invalid-token")


def test_a_browser_program_offers_its_token_as_a_subprotocol_that_is_not_echoed(
    served: Served, token: str, night: Night
) -> None:
    with open_socket(served, subprotocols=["housecount.v1", f"bearer.{token}"]) as client:
        assert client.connection.subprotocol == "housecount.v1"
        assert client.subscribe(night.event_id)["type"] == "snapshot"


def test_a_token_in_the_url_is_not_looked_at(served: Served, token: str) -> None:
    with pytest.raises(InvalidStatus), connect(f"{served.stream}?token={token}", legacy=True):
        pass


def sign_out(house: House, served: Served, cookie: str) -> None:
    """End the session with the form of a page."""
    page = httpx.get(f"{served.url}/a-page", headers={"Cookie": cookie})
    shown = page.cookies["housecount"]
    serializer = SecureCookieSessionInterface().get_signing_serializer(house.server)
    assert serializer is not None
    csrf = serializer.loads(shown)["csrf"]
    headers = {"Cookie": f"housecount={shown}", "Origin": served.url}
    answer = httpx.post(f"{served.url}/logout", data={"csrf": csrf}, headers=headers)
    assert answer.status_code == 303


@pytest.fixture
def cookie(database: Database, served: Served, tenant: Tenant) -> str:
    """The session of somebody of `tenant`."""
    return sign_in(database, served, tenant)


def test_a_signed_in_page_may_open_a_socket(served: Served, cookie: str, night: Night) -> None:
    with open_socket(served, headers={"Cookie": cookie, "Origin": served.url}) as client:
        assert client.subscribe(night.event_id)["type"] == "snapshot"


def test_a_promoter_follows_the_night_that_was_granted_and_no_other(
    served: Served, database: Database, tenant: Tenant, night: Night
) -> None:
    cookie = sign_in(database, served, tenant, "promoter")
    other = open_night(database, tenant.tenant_id, tenant.venue_id)
    with database.tenant(tenant.tenant_id) as connection:
        [user] = connection.rows("SELECT user_id FROM users WHERE tenant_id = %s", [tenant.tenant_id])
        put_grants(connection, user["user_id"], "events", [night.event_id])
    answer = httpx.get(f"{served.url}/api/v1/realtime/state/{other.event_id}", headers={"Cookie": cookie})
    assert (answer.status_code, answer.json()["code"]) == (404, "event-not-found")
    with open_socket(served, headers={"Cookie": cookie, "Origin": served.url}) as client:
        assert client.subscribe(night.event_id)["type"] == "snapshot"
        assert client.subscribe(other.event_id) == NOT_FOUND | {"eventId": str(other.event_id)}


def test_a_venue_that_was_not_granted_is_not_there_for_a_socket(
    served: Served, database: Database, tenant: Tenant, night: Night
) -> None:
    cookie = sign_in(database, served, tenant)
    with database.tenant(tenant.tenant_id) as connection:
        [user] = connection.rows("SELECT user_id FROM users WHERE tenant_id = %s", [tenant.tenant_id])
        put_grants(connection, user["user_id"], "venues", [])
    with open_socket(served, headers={"Cookie": cookie, "Origin": served.url}) as client:
        client.send({"type": "subscribe-venue", "venueId": str(tenant.venue_id)})
        assert client.receive()["code"] == "not-found"
        assert client.subscribe(night.event_id)["code"] == "not-found"


def test_a_signed_in_person_may_ask_the_routes(served: Served, cookie: str, night: Night) -> None:
    url = f"{served.url}/api/v1/realtime/state/{night.event_id}"
    assert httpx.get(url, headers={"Cookie": cookie}).json()["eventId"] == str(night.event_id)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_may_not_use_the_session(served: Served, cookie: str, origin: str) -> None:
    status, body = refusal(served, additional_headers={"Cookie": cookie}, origin=origin)
    assert (status, body["code"], body["value"]) == (403, "foreign-origin", origin)


def test_a_cookie_without_an_origin_does_not_count(served: Served, cookie: str) -> None:
    assert refusal(served, additional_headers={"Cookie": cookie})[0] == 401


def test_a_page_whose_session_has_ended_is_told_by_the_closing_code(served: Served) -> None:
    with open_socket(served, headers={"Origin": served.url}) as client:
        assert closing(client) == (4401, "the session has ended")


def test_what_is_no_websocket_handshake_is_refused(served: Served, token: str) -> None:
    plain = httpx.get(f"{served.url}/api/v1/analytics/real-time/stream")
    assert plain.status_code == 400
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Authorization": f"Bearer {token}"}
    assert httpx.get(f"{served.url}/api/v1/analytics/real-time/stream", headers=headers).status_code == 400


# What a client may not do


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", '"subscribe-event"', "{}", '{"type": 1}', "[" * 9000, b"{}"]
)
def test_a_bad_message_is_answered_and_the_third_closes(
    served: Served, token: str, frame: str | bytes
) -> None:
    with open_socket(served, token) as client:
        for _ in range(3):
            client.connection.send(frame)
            assert client.receive()["code"] == "bad-message"
        assert closing(client) == (1008, "too many bad messages")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "shout"},
        {"type": "subscribe-event"},
        {"type": "subscribe-event", "eventId": 7},
        {"type": "subscribe-venue", "venueId": None},
    ],
)
def test_a_message_we_do_not_know_is_answered_with_what_we_know(
    served: Served, token: str, message: dict[str, Any]
) -> None:
    with open_socket(served, token) as client:
        client.send(message)
        assert client.receive()["code"] == "unknown-message"


def test_half_a_character_names_nothing(served: Served, token: str) -> None:
    with open_socket(served, token) as client:
        assert client.subscribe("\ud800") == NOT_FOUND | {"eventId": "\ud800"}
        client.send({"type": "unsubscribe-event", "eventId": "\ud800"})
        client.send({"type": "subscribe-venue", "venueId": "\ud800"})
        assert (client.receive()["code"], client.subscribe("\ud800")["code"]) == ("not-found", "not-found")


def test_a_message_of_more_than_16_kb_closes(served: Served, token: str) -> None:
    with open_socket(served, token) as client:
        with contextlib.suppress(ConnectionClosed):
            client.connection.send("x" * (16 * 1024 + 1))
        assert closing(client)[0] == 1009


def test_fragments_of_a_message_are_counted_together(served: Served, token: str) -> None:
    with open_socket(served, token) as client:
        with contextlib.suppress(ConnectionClosed):  # It may be closed before the last fragment is out.
            client.connection.send(iter(["x" * 9000, "x" * 9000]))
        assert closing(client)[0] == 1009


def test_a_socket_may_follow_fifty_events(served: Served, token: str, night: Night) -> None:
    nights = [open_night(night.database, night.tenant_id, night.venue_id) for _ in range(51)]
    with open_socket(served, token) as client:
        for each in nights[:50]:
            assert client.subscribe(each.event_id)["type"] == "snapshot"
        assert client.subscribe(nights[50].event_id)["code"] == "too-many-events"
        client.send({"type": "unsubscribe-event", "eventId": str(nights[0].event_id)})
        assert client.subscribe(nights[50].event_id)["type"] == "snapshot"


def test_a_flood_of_messages_closes(served: Served, token: str) -> None:
    with open_socket(served, token) as client:
        for _ in range(300):
            try:
                client.send({"type": "shout"})
            except ConnectionClosed:
                break
        assert closing(client) == (1008, "too many messages")


def test_a_reader_that_stops_costs_the_others_nothing_and_returns_to_a_snapshot(
    served: Served, token: str, night: Night, house: House
) -> None:
    drops = house.services.live.telemetry.socket_drops._value
    before = drops.get()
    with open_socket(served, token) as client, Sleeper(served, token) as sleeper:
        night.sell(25, datetime.now(UTC))
        client.subscribe(night.event_id)
        for _ in range(190):  # So many snapshots are more than all buffers between the two hold.
            sleeper.send({"type": "subscribe-event", "eventId": str(night.event_id)})
        until(lambda: drops.get() > before, "the sleeper to fall behind")
        for count in range(1, 6):
            started = time.monotonic()
            scan(served, token, night, f"t{count}")
            client.until("attendance-update", lambda data, count=count: data["inside"] == count)
            assert time.monotonic() - started < 2
        messages = sleeper.wake(lambda message: message["data"]["attendance"]["inside"] == 5)
    assert {message["type"] for message in messages} == {"snapshot"}


class Sleeper:
    """A client that sends and does not read, with the smallest buffers there are. Without a token it
    is a page of ours where nobody is signed in."""

    def __init__(self, served: Served, token: str | None) -> None:
        self._protocol = ClientProtocol(parse_uri(served.stream), max_size=None)
        request = self._protocol.connect()
        if token is None:
            request.headers["Origin"] = served.url
        else:
            request.headers["Authorization"] = f"Bearer {token}"
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(10)
        self._socket.connect(("127.0.0.1", served.port))
        self._protocol.send_request(request)
        self._flush()
        while self._protocol.state is State.CONNECTING and not self.refused:
            self._protocol.receive_data(self._socket.recv(4096))
        self._protocol.events_received()

    @property
    def refused(self) -> bool:
        """Whether the handshake was answered with a problem."""
        return self._protocol.handshake_exc is not None

    def __enter__(self) -> "Sleeper":
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def send(self, message: dict[str, Any]) -> None:
        self._protocol.send_text(json.dumps(message).encode())
        self._flush()

    def wake(self, last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Read everything up to the message for which `last` holds."""
        messages: list[dict[str, Any]] = []
        while not messages or not last(messages[-1]):
            self._protocol.receive_data(self._socket.recv(65536))
            messages += [
                json.loads(bytes(frame.data))
                for frame in self._protocol.events_received()
                if isinstance(frame, Frame)
            ]
        return messages

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._socket.sendall(data)


# When sockets end


@pytest.fixture
def brisk(postgres_url: str, redis_url: str) -> Iterator[tuple[House, Served]]:
    """A house that pings and checks its sockets several times a second and takes three of them."""
    house = build(
        postgres_url,
        redis_url,
        tempo={"ping_seconds": 0.4, "recheck_seconds": 0.3},
        redis_prefix=fresh_prefix(),
        max_sockets=3,
        web_threads=8,
    )
    with served_here(house) as served:
        yield house, served
    house.close()


def test_a_client_that_does_not_answer_pings_is_cut(brisk: tuple[House, Served], token: str) -> None:
    house, served = brisk
    with open_socket(served, token), Sleeper(served, token):
        until(lambda: house.hub.sockets == 2, "both to be in")
        until(lambda: house.hub.sockets == 1, "the silent one to be cut")
        time.sleep(1)
        assert house.hub.sockets == 1


def test_a_client_that_is_told_nothing_hears_that_the_server_is_there(
    brisk: tuple[House, Served], token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.sockets.ALIVE_SECONDS", 0.3)
    with open_socket(brisk[1], token) as client:
        for _ in range(2):
            said = client.receive(timeout=2)
            assert set(said) == {"type", "at"}
            assert said["type"] == "alive"
            assert abs(datetime.now(UTC) - datetime.fromisoformat(said["at"])) < timedelta(seconds=5)


def test_signing_out_closes_the_socket(
    brisk: tuple[House, Served], database: Database, tenant: Tenant, night: Night
) -> None:
    _, served = brisk
    cookie = sign_in(database, served, tenant)
    with open_socket(served, headers={"Cookie": cookie, "Origin": served.url}) as client:
        assert client.subscribe(night.event_id)["type"] == "snapshot"
        with database.tenant(tenant.tenant_id) as connection:
            connection.execute("DELETE FROM sessions WHERE tenant_id = %s", [tenant.tenant_id])
        assert closing(client) == (4401, "the session has ended")


def test_a_socket_closes_when_its_person_gets_another_role(
    brisk: tuple[House, Served], database: Database, tenant: Tenant, night: Night
) -> None:
    _, served = brisk
    cookie = sign_in(database, served, tenant)
    with open_socket(served, headers={"Cookie": cookie, "Origin": served.url}) as client:
        assert client.subscribe(night.event_id)["data"].get("masked") is None
        with database.tenant(tenant.tenant_id) as connection:
            connection.execute("UPDATE users SET role = 'door' WHERE tenant_id = %s", [tenant.tenant_id])
        assert closing(client) == (4401, "the session has ended")
    with open_socket(served, headers={"Cookie": cookie, "Origin": served.url}) as client:
        assert client.subscribe(night.event_id)["data"]["masked"] is True


def test_signing_out_closes_the_sockets_of_the_session_at_once_and_no_others(
    house: House, served: Served, database: Database, tenant: Tenant, night: Night
) -> None:
    leaves, stays = sign_in(database, served, tenant), sign_in(database, served, tenant, "analyst")
    with (
        open_socket(served, headers={"Cookie": leaves, "Origin": served.url}) as one,
        open_socket(served, headers={"Cookie": leaves, "Origin": served.url}) as two,
        open_socket(served, headers={"Cookie": stays, "Origin": served.url}) as other,
    ):
        for client in (one, two, other):
            assert client.subscribe(night.event_id)["type"] == "snapshot"
        began = time.monotonic()
        sign_out(house, served, leaves)
        assert closing(one) == closing(two) == (4401, "the session has ended")
        assert time.monotonic() - began < 5
        assert other.subscribe(uuid4())["code"] == "not-found"


def test_sockets_are_asked_twice_before_the_shortest_session_is_idle(
    postgres_url: str, redis_url: str
) -> None:
    house = build(postgres_url, redis_url, redis_prefix=fresh_prefix(), session_idle_minutes=1)
    assert house.hub.recheck_seconds == 30
    house.close()


def test_a_full_house_refuses_the_next_socket_until_one_leaves(
    brisk: tuple[House, Served], token: str
) -> None:
    house, served = brisk
    with open_socket(served, token), open_socket(served, token), open_socket(served, token):
        until(lambda: house.hub.full, "the house to be full")
        status, body = refusal(served, additional_headers={"Authorization": f"Bearer {token}"})
        assert (status, body["code"]) == (503, "too-many-sockets")
    until(lambda: house.hub.sockets == 0, "all to leave")
    with open_socket(served, token):
        pass


def test_strangers_who_do_not_leave_take_nobodys_place(brisk: tuple[House, Served], token: str) -> None:
    house, served = brisk
    with contextlib.ExitStack() as strangers:
        for _ in range(3):
            strangers.enter_context(Sleeper(served, None))
        until(lambda: house.hub.sockets == 3, "the strangers to be in")
        with open_socket(served, token) as client:
            assert client.subscribe(uuid4())["code"] == "not-found"


def test_strangers_who_do_not_leave_are_bounded(brisk: tuple[House, Served]) -> None:
    house, served = brisk
    with contextlib.ExitStack() as strangers:
        refused = (strangers.enter_context(Sleeper(served, None)).refused for _ in range(500))
        assert any(refused)
        assert house.hub.sockets <= MOST_STRANGERS + 1


def test_closing_the_house_says_goodbye(postgres_url: str, redis_url: str, token: str) -> None:
    house = build(postgres_url, redis_url, redis_prefix=fresh_prefix())
    with served_here(house) as served, open_socket(served, token) as client:
        until(lambda: house.hub.sockets == 1, "the client to be in")
        house.close()
        assert closing(client) == (1001, "the server is restarting")
