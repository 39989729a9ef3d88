"""Clients that do not finish what they send, before the server of production with four threads."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.live.served import LARGE, Served, fresh_prefix, served_by_gunicorn, until

HALF_A_HEAD = b"GET / HTTP/1.1\r\nX-a: "
HALF_A_FORM = (
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 100\r\n\r\nemail=somebody"
)
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def impatient(postgres_url: str, redis_url: str) -> Iterator[Served]:
    """A server that gives everything a second to arrive, and takes 150 connections."""
    options = ["--worker-class=tests.live.impatient.ImpatientWorker", "--worker-connections=150"]
    with served_by_gunicorn(postgres_url, redis_url, fresh_prefix(), *options) as served:
        yield served


@contextlib.contextmanager
def crowd(served: Served, size: int, *sent: bytes) -> Iterator[list[socket.socket]]:
    """So many clients that have sent one of these each, and then nothing."""
    with contextlib.ExitStack() as stack:
        clients = []
        for number in range(size):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=10))
            with contextlib.suppress(ConnectionError):
                client.sendall(sent[number % len(sent)])
            clients.append(client)
        yield clients


def half_a_body(token: str, length: str = "Content-Length: 100000") -> bytes:
    """An upload that is too large to be collected without a thread, and stops half-way."""
    head = (
        f"POST /api/v1/ingest/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-ndjson\r\n{length}\r\n\r\n"
    )
    return head.encode() + (b"4e20\r\n" if "chunked" in length else b"") + b" " * 20_000


def seconds_to_answer(served: Served) -> float:
    began = time.monotonic()
    assert httpx.get(f"{served.url}/livez", timeout=20).status_code == 200
    return time.monotonic() - began


def drip(client: socket.socket, drops: int) -> None:
    """Send a byte ten times a second."""
    for _ in range(drops):
        client.sendall(b"a")
        time.sleep(0.1)


def gone(client: socket.socket) -> bool:
    """Whether the server has closed, after whatever it answered."""
    with contextlib.suppress(ConnectionError):
        while client.recv(4096):
            pass
    return True


def answer(client: socket.socket, end: bytes | None = None) -> bytes:
    """What the server says up to `end`, or until it closes."""
    said = b""
    while (end is None or end not in said) and (data := client.recv(4096)):
        said += data
    return said


def test_half_sent_heads_and_forms_keep_nobody_waiting(impatient: Served) -> None:
    with crowd(impatient, 100, HALF_A_HEAD, HALF_A_FORM):
        assert max(seconds_to_answer(impatient) for _ in range(5)) < 0.8


def test_three_hundred_that_drip_heads_and_forms_keep_nobody_waiting(impatient: Served) -> None:
    done = threading.Event()
    with crowd(impatient, 300, HALF_A_HEAD, HALF_A_FORM) as clients:

        def drip_on() -> None:
            while not done.wait(0.05):
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.send(b"a")

        dripping = threading.Thread(target=drip_on)
        dripping.start()
        try:
            assert max(seconds_to_answer(impatient) for _ in range(5)) < 0.8
        finally:
            done.set()
            dripping.join()


def test_half_sent_bodies_are_over_within_seconds(impatient: Served, token: str) -> None:
    chunked = half_a_body(token, "Transfer-Encoding: chunked")
    with crowd(impatient, 40, half_a_body(token), chunked, HALF_A_HEAD, HALF_A_FORM):
        assert seconds_to_answer(impatient) < 8


def test_what_does_not_arrive_in_time_is_closed(impatient: Served, token: str) -> None:
    with crowd(impatient, 30, HALF_A_HEAD, HALF_A_FORM, half_a_body(token)) as clients:
        began = time.monotonic()
        assert all(gone(client) for client in clients)
        assert 0.5 < time.monotonic() - began < 8


def test_a_head_that_drips_is_closed_all_the_same(impatient: Served) -> None:
    with crowd(impatient, 1, HALF_A_HEAD) as [client], pytest.raises(ConnectionError):
        drip(client, 50)


def test_a_body_that_drips_is_told_to_be_incomplete(impatient: Served, token: str) -> None:
    with crowd(impatient, 1, half_a_body(token)) as [client]:
        began = time.monotonic()
        client.settimeout(0.1)
        said = b""
        while b"incomplete-body" not in said and time.monotonic() - began < 8:
            if not said:
                client.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                said += client.recv(4096)
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"incomplete-body" in said
        assert time.monotonic() - began < 3


def test_a_slow_but_steady_upload_is_taken(impatient: Served, token: str) -> None:
    lines = [
        json.dumps(
            {"type": "sale", "id": str(n), "ticketId": f"T-{n}", "eventId": "gala", "amount": 12.5}
            | {"timestamp": "2026-11-21T19:30:00Z"}
        ).encode()
        for n in range(400)
    ]

    def steadily() -> Iterator[bytes]:
        for start in range(0, 400, 20):
            yield b"\n".join(lines[start : start + 20]) + b"\n"
            time.sleep(0.12)

    length = sum(len(line) + 1 for line in lines)
    taken = httpx.post(
        f"{impatient.url}/api/v1/ingest/batch?verdicts=errors",
        content=steadily(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
            "Content-Length": str(length),
        },
        timeout=20,
    )
    assert taken.json() == {"accepted": 400, "duplicates": 0, "rejected": 0, "verdicts": []}


def refused(length: int, *lines: str) -> bytes:
    """A request that is refused before its body is read."""
    head = ["POST /api/v1/ingest/sale HTTP/1.1", "Host: x", "Content-Type: application/json", *lines]
    how = "Transfer-Encoding: chunked" if "chunked" in lines else f"Content-Length: {length}"
    return "\r\n".join([*[line for line in head if line != "chunked"], how, "", ""]).encode()


@pytest.mark.parametrize(
    ("length", "sent", "how"),
    [(70_000, 70_000, ""), (10**7, 20_000, ""), (20_000, 16_500, ""), (50, 50, "chunked")],
)
def test_an_answer_to_a_body_that_is_not_waited_for_says_that_it_is_the_last(
    impatient: Served, length: int, sent: int, how: str
) -> None:
    with crowd(impatient, 1, refused(length, *([how] if how else [])) + b" " * sent) as [client]:
        said = answer(client)  # Until it closes.
    assert said.startswith(b"HTTP/1.1 401")
    assert b"\r\nconnection: close\r\n" in said.lower()


def test_a_body_that_is_there_is_passed_over_to_the_next_request(impatient: Served) -> None:
    last = LIVEZ + b"Connection: close\r\n\r\n"
    with crowd(impatient, 1, (refused(9_000) + b" " * 9_000) * 3 + last) as [client]:
        said = answer(client)
    assert (said.count(b"HTTP/1.1 401"), said.count(b"HTTP/1.1 200")) == (3, 1)
    assert said.lower().count(b"\r\nconnection: close\r\n") == 1


def test_half_a_request_behind_a_whole_one_takes_no_thread(impatient: Served) -> None:
    with crowd(impatient, 20, LIVEZ + b"\r\n" + HALF_A_HEAD) as clients:
        assert all(client.recv(4096).startswith(b"HTTP/1.1 200") for client in clients)
        assert seconds_to_answer(impatient) < 0.8
        assert all(gone(client) for client in clients)


def test_two_requests_in_one_go_and_one_in_pieces_are_answered(impatient: Served) -> None:
    whole = LIVEZ + b"\r\n"
    with crowd(impatient, 1, whole + LIVEZ + b"Connection: close\r\n\r\n") as [client]:
        assert answer(client).count(b"HTTP/1.1 200") == 2
    with crowd(impatient, 1, whole[:9]) as [client]:
        time.sleep(0.3)
        client.sendall(whole[9:])
        assert answer(client, b'"alive"}').startswith(b"HTTP/1.1 200")
        time.sleep(1.5)  # A connection between two requests is given longer.
        client.sendall(whole)
        assert answer(client, b'"alive"}').startswith(b"HTTP/1.1 200")


def test_who_does_not_hang_up_after_the_last_answer_keeps_nobody_waiting(impatient: Served) -> None:
    with crowd(impatient, 10, LIVEZ + b"Connection: close\r\n\r\n") as clients:
        assert all(client.recv(4096) for client in clients)
        assert seconds_to_answer(impatient) < 0.8
        until(lambda: all(gone(client) for client in clients), "the server to hang up")


def test_connections_that_say_nothing_make_room_for_the_next(impatient: Served) -> None:
    with crowd(impatient, 300, b"", HALF_A_HEAD):
        assert seconds_to_answer(impatient) < 0.8


def test_who_takes_nothing_of_the_answer_is_left_and_who_takes_it_slowly_is_not(impatient: Served) -> None:
    with crowd(impatient, 6, b"GET /api/large HTTP/1.1\r\nHost: x\r\n\r\n"):
        assert seconds_to_answer(impatient) < 15
    with crowd(impatient, 1, b"GET /api/large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as [client]:
        taken = 0
        for _ in range(6):
            time.sleep(0.6)
            taken += len(client.recv(1_000_000, socket.MSG_WAITALL))
        assert taken + len(answer(client)) > LARGE
