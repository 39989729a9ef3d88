"""Two web processes on one PostgreSQL and one Redis, as gunicorn serves them."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.live.conftest import open_socket
from tests.live.night import Night
from tests.live.served import Served, fresh_prefix, served_by_gunicorn
from tests.live.test_stream import scan


@pytest.fixture(scope="module")
def pair(postgres_url: str, redis_url: str) -> Iterator[tuple[Served, Served]]:
    prefix = fresh_prefix()
    with (
        served_by_gunicorn(postgres_url, redis_url, prefix) as one,
        served_by_gunicorn(postgres_url, redis_url, prefix) as other,
    ):
        yield one, other


def test_what_one_process_commits_the_other_shows(
    pair: tuple[Served, Served], token: str, night: Night
) -> None:
    one, other = pair
    with open_socket(one, token) as here, open_socket(other, token) as there:
        here.subscribe(night.event_id)
        there.subscribe(night.event_id)
        for count, served in enumerate((one, other, one), start=1):
            scan(served, token, night, f"t{count}")
            for client in (here, there):
                client.until("attendance-update", lambda data, count=count: data["inside"] == count)
    answers = [
        httpx.get(
            f"{served.url}/api/v1/realtime/attendance/{night.event_id}",
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        for served in pair
    ]
    assert [answer["attendance"]["inside"] for answer in answers] == [3, 3]


def test_a_client_resumes_at_the_other_process(pair: tuple[Served, Served], token: str, night: Night) -> None:
    one, other = pair
    with open_socket(other, token) as stays:
        stays.subscribe(night.event_id)
        with open_socket(one, token) as client:
            client.subscribe(night.event_id)
            scan(one, token, night, "t1")
            seq = client.until("activity-update")["seq"]
        scan(one, token, night, "t2")
        stays.until("attendance-update", lambda data: data["inside"] == 2)
        with open_socket(other, token) as client:
            first = client.subscribe(night.event_id, seq=seq)
    assert (first["type"], first["data"]["inside"]) == ("attendance-update", 2)


def test_a_socket_holds_no_thread_of_the_server(
    pair: tuple[Served, Served], token: str, night: Night
) -> None:
    one, _ = pair
    # The server has four threads; with twenty sockets open it still answers.
    with ExitStack() as stack:
        clients = [stack.enter_context(open_socket(one, token)) for _ in range(20)]
        for client in clients:
            client.subscribe(night.event_id)
        scan(one, token, night, "t1")
        for client in clients:
            client.until("attendance-update", lambda data: data["inside"] == 1)
