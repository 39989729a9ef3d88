"""Whatever comes to the doors for messages: it is answered, the process lives and gains no weight, what is
refused is kept, and the next good message is taken."""

from __future__ import annotations

import gzip
import json
from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.pretix import sources
from data.pretix.sources import Source, new_secret
from tests.fuzz.conftest import Running
from tests.fuzz.messages import BODIES, JUNK
from tests.live.served import until

QUICK = settings(
    max_examples=60,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SINGLE = ["ingest/sale", "ingest/revenue", "ingest/attendance", "ingest/social", "analytics/events"]
MOST_GAINED = 24_000_000
"""Bytes between two rounds of the same: the first one fills what stays filled."""
SAYS = {202, 400, 413, 415, 422}


def good(running: Running) -> None:
    """A good message is accepted."""
    scan = {"type": "ticket-scan", "ticketId": uuid4().hex, "eventId": "gala", "venueId": "hall"}
    answer = running.post("/api/v1/analytics/events", json.dumps(scan).encode())
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")


def test_one_message_at_a_time(running: Running) -> None:
    refused = 0

    @QUICK
    @given(body=BODIES, door=st.sampled_from(SINGLE))
    def send(body: bytes, door: str) -> None:
        nonlocal refused
        answer = running.post(f"/api/v1/{door}", body)
        assert answer.status_code in SAYS, (door, body[:200], answer.text)
        told = answer.json()
        if answer.status_code != 202:
            assert told["code"]
            refused += told["code"] != "body-too-large"  # Which is told before it is read.

    before, workers = running.letters(), running.workers()
    send()
    weight = running.weight()
    send()
    good(running)
    until(lambda: running.letters() >= before + refused, "the refused ones to be kept")
    assert running.letters() == before + refused
    assert refused > 20
    assert running.workers() == workers
    assert running.weight() - weight < MOST_GAINED


def test_batches_and_lines(running: Running) -> None:
    refused = 0

    @QUICK
    @given(bodies=st.lists(BODIES, max_size=6), lines=st.booleans())
    def send(bodies: list[bytes], lines: bool) -> None:
        nonlocal refused
        whole = b"\n".join(bodies) if lines else b"[" + b",".join(bodies) + b"]"
        kind = "application/x-ndjson" if lines else "application/json"
        answer = running.post("/api/v1/ingest/batch", whole, Content_Type=kind)
        assert answer.status_code in SAYS, (whole[:200], answer.text)
        told = answer.json()
        if answer.status_code == 202:
            assert len(told["verdicts"]) == told["accepted"] + told["duplicates"] + told["rejected"]
            refused += told["rejected"]

    before, workers = running.letters(), running.workers()
    send()
    weight = running.weight()
    send()
    good(running)
    until(lambda: running.letters() >= before + refused, "the refused ones to be kept")
    assert running.letters() == before + refused
    assert refused > 20
    assert running.workers() == workers
    assert running.weight() - weight < MOST_GAINED


def test_bodies_that_are_not_what_their_headers_say(running: Running) -> None:
    @QUICK
    @given(
        body=BODIES | JUNK.map(gzip.compress) | BODIES.map(gzip.compress).map(lambda whole: whole[:-5]),
        encoding=st.sampled_from(["", "gzip", "zstd", "br", "identity", "gzip, gzip"]),
        kind=st.sampled_from(
            ["application/json", "text/plain", "", "application/cloudevents+json", 'a/b;q="', "\xff"]
        ),
        door=st.sampled_from([*SINGLE, "ingest/batch"]),
    )
    def send(body: bytes, encoding: str, kind: str, door: str) -> None:
        headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
        answer = running.post(f"/api/v1/{door}", body, **headers)
        assert answer.status_code in SAYS, (headers, body[:200], answer.text)
        assert answer.json()

    workers = running.workers()
    send()
    good(running)
    assert running.workers() == workers


def test_the_webhook_of_pretix(running: Running) -> None:
    secret = new_secret(running.tenant.tenant_id)
    source = Source(
        running.tenant.tenant_id,
        uuid4(),
        running.tenant.venue_id,
        "boxoffice",
        "https://pretix.example",
        "auroragroup",
        b"sealed",
        {},
    )
    with running.database.tenant(running.tenant.tenant_id) as connection:
        sources.add(connection, source, secret)
    ping = {
        "organizer": "auroragroup",
        "event": "gala",
        "code": "BAAKC",
        "action": "pretix.event.order.placed",
    }
    address = f"/api/v1/webhooks/pretix/{source.source_id}/{secret}"

    @QUICK
    @given(
        body=BODIES
        | st.fixed_dictionaries(
            {}, optional={name: st.none() | st.text(max_size=120) | st.integers() for name in ping}
        ).map(lambda fields: json.dumps(ping | fields).encode())
    )
    def send(body: bytes) -> None:
        answer = running.post(address, body)
        assert answer.status_code in {200, 400, 413, 422}, (body[:200], answer.text)

    workers = running.workers()
    send()
    assert running.post(address, json.dumps(ping).encode()).status_code == 200
    assert running.workers() == workers


def test_no_answer_tells_a_version(running: Running) -> None:
    for path in ("/health", "/login", "/api/v1/dashboards", "/nowhere"):
        headers = running.client.get(path).headers
        assert headers["Server"] == "gunicorn"
        assert "X-Powered-By" not in headers
