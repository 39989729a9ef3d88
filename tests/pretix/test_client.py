"""Fetching: politely, only from the configured host, and never trusting an answer."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from ingest.pretix import client as module
from ingest.pretix.client import Away, Bucket, Client, Forbidden, Missing, Pace, origin
from ingest.pretix.documents import Checkin, Event, Malformed, Order
from tests.pretix.captures import ORGANIZER, Captures
from tests.pretix.server import TOKEN, Fault, Pretix, serving

PACE = Pace(requests_per_minute=1_000_000, burst=1_000, tries=4, first_pause=0.001, longest_pause=5.0)


class Waits(list[float]):
    """Collects the pauses that a client makes, without making them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(pretix_server: Pretix, waits: Waits) -> Iterator[Client]:
    with closing(Client(pretix_server.url, ORGANIZER, TOKEN, PACE, waits)) as client:
        yield client


def order(client: Client) -> Order:
    return client.order(Order, "nordlicht26", "BAAKC")


def test_a_list_is_read_to_its_last_page(client: Client, pretix_server: Pretix) -> None:
    found = client.all(Checkin, "events", "nordlicht26", "checkins")

    assert len({checkin.id for checkin in found}) == 411
    assert len(pretix_server.requests) == 9


def test_a_burst_of_server_errors_is_waited_out(client: Client, pretix_server: Pretix, waits: Waits) -> None:
    pretix_server.faults = [Fault(1, 503), Fault(1, 502), Fault(1, 500)]

    assert order(client).code == "BAAKC"
    # Each pause is about twice as long as the one before: the jitter is half of it either way.
    bounds = [(0.0005, 0.0015), (0.001, 0.003), (0.002, 0.006)]
    assert [low <= pause <= high for pause, (low, high) in zip(waits, bounds, strict=True)] == [True] * 3


def test_after_the_last_try_the_failure_is_reported(client: Client, pretix_server: Pretix) -> None:
    pretix_server.faults = [Fault(99, 503)]

    with pytest.raises(Away, match="status 503"):
        order(client)
    assert len(pretix_server.requests) == PACE.tries


def test_too_many_requests_wait_as_long_as_pretix_says(
    client: Client, pretix_server: Pretix, waits: Waits
) -> None:
    pretix_server.faults = [Fault(1, 429, headers={"Retry-After": "4"})]

    assert order(client).code == "BAAKC"
    assert waits == [4.0]


def test_a_long_wait_is_left_to_the_queue(client: Client, pretix_server: Pretix, waits: Waits) -> None:
    pretix_server.faults = [Fault(1, 429, headers={"Retry-After": "120"})]

    with pytest.raises(Away) as raised:
        order(client)
    assert (raised.value.after, waits) == (120.0, [])


def test_what_does_not_answer_at_all_is_away(pretix_server: Pretix, waits: Waits) -> None:
    with serving() as gone:
        address = gone.url
    with closing(Client(address, ORGANIZER, TOKEN, PACE, waits)) as client, pytest.raises(Away):
        order(client)
    assert len(waits) == PACE.tries - 1


def test_a_refused_token_and_an_unknown_event_look_the_same(client: Client, pretix_server: Pretix) -> None:
    with closing(Client(pretix_server.url, ORGANIZER, "wrong", PACE)) as stranger, pytest.raises(Forbidden):
        order(stranger)
    with pytest.raises(Forbidden):
        client.one(Event, "events", "nope")


def test_an_unknown_order_is_missing_but_a_404_of_somebody_else_is_not(
    client: Client, pretix_server: Pretix
) -> None:
    with pytest.raises(Missing):
        client.order(Order, "nordlicht26", "ZZZZZ")
    pretix_server.faults = [Fault(1, 404, headers={"Content-Type": "text/html"}, body=b"<h1>Not found</h1>")]
    with pytest.raises(Malformed):
        order(client)


def test_a_redirect_is_never_followed(client: Client, pretix_server: Pretix, waits: Waits) -> None:
    with serving() as elsewhere:
        pretix_server.faults = [Fault(1, 302, headers={"Location": f"{elsewhere.url}/api/v1/"})]
        with pytest.raises(Malformed, match="status 302"):
            order(client)
        assert elsewhere.requests == []


def test_the_next_page_is_read_from_the_same_host_or_not_at_all(
    client: Client, pretix_server: Pretix
) -> None:
    with serving() as elsewhere:
        pretix_server.next_base = elsewhere.url
        with pytest.raises(Malformed, match="another host"):
            client.all(Checkin, "events", "nordlicht26", "checkins")
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "ftp://pretix.eu/",
        "//pretix.eu/",
        "https://user:secret@pretix.eu/",
        "https://pretix.eu:99999/",
        "https:///x",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_only_plain_web_addresses_have_an_origin(address: str) -> None:
    with pytest.raises(Malformed):
        origin(address)


def test_origins_compare_scheme_host_and_port() -> None:
    assert origin("https://Pretix.eu/a") == origin("https://pretix.eu:443/b") == ("https", "pretix.eu", 443)
    assert origin("http://pretix.eu") != origin("https://pretix.eu")
    assert origin("https://pretix.eu.evil.example") != origin("https://pretix.eu")


def test_a_code_cannot_leave_its_place_in_the_address(client: Client, pretix_server: Pretix) -> None:
    with pytest.raises((Missing, Forbidden, Malformed)):
        client.order(Order, "nordlicht26", "../../../x?y=1#")

    assert pretix_server.requests[0][0].startswith(
        "/api/v1/organizers/auroragroup/events/nordlicht26/orders/..%2F..%2F..%2Fx%3Fy%3D1%23/?include"
    )


def test_an_endless_answer_is_cut_off(
    client: Client, pretix_server: Pretix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_ANSWER", 100_000)
    pretix_server.faults = [Fault(1, 200, body=b" " * 200_000)]

    with pytest.raises(Malformed, match="too long"):
        order(client)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"<html>",
        b"\xff\xff",
        b"[" * 100_000,
        b'{"positions": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    ],
)
def test_answers_that_are_no_orders_are_malformed(client: Client, pretix_server: Pretix, body: bytes) -> None:
    pretix_server.faults = [Fault(1, 200, body=body)]

    with pytest.raises(Malformed):
        order(client)


def test_the_token_goes_nowhere_but_into_the_header(client: Client, pretix_server: Pretix) -> None:
    order(client)

    [(path, headers)] = pretix_server.requests
    assert TOKEN not in path
    assert headers["authorization"] == f"Token {TOKEN}"


def test_a_bucket_lets_a_burst_pass_and_then_the_rate() -> None:
    bucket, waits = Bucket(per_minute=60, burst=3), Waits()
    began = time.monotonic()
    for _ in range(6):
        bucket.take(waits)

    spent = time.monotonic() - began
    assert [round(wait + spent, 1) for wait in waits] == pytest.approx([1.0, 2.0, 3.0], abs=0.2)


def test_the_pace_holds_back_a_client_that_has_no_burst_left(pretix_server: Pretix, waits: Waits) -> None:
    pace = Pace(requests_per_minute=6, burst=2)
    moments = [time.monotonic()]
    with closing(Client(pretix_server.url, ORGANIZER, TOKEN, pace, waits)) as client:
        for _ in range(4):
            order(client)
            moments.append(time.monotonic())

    # Ten seconds a request, from the first one on; each asked at a time between two moments.
    begun, first, second, third, fourth = moments
    assert len(waits) == 2
    assert 10 - (third - begun) <= waits[0] <= 10 - (second - first)
    assert 20 - (fourth - begun) <= waits[1] <= 20 - (third - first)


def test_the_captures_are_complete() -> None:
    """A change of the extracts would weaken every other test here."""
    data = Captures()
    assert (len(data.orders), len(data.checkins), len(data.deleted)) == (300, 767, 1)
