"""Webhooks on their way to a real server, checked by the library of Standard Webhooks: whatever is said."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import standardwebhooks

from data import webhook_deliveries, webhook_log, webhook_outbox, webhooks
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys, Unsealable
from data.users import Role, add_user
from data.webhook_deliveries import hold_after, wait_after
from jobs import delivering, webhook_request
from tests.conftest import MASTER_KEY, fresh_database, new_tenant
from tests.jobs.mail_server import self_signed
from tests.jobs.receiver import Answer, Receiver, receiver
from tests.jobs.sending import LOCAL, House, settings_of, unregistered

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own_url(server_urls: Urls) -> Iterator[str]:
    with fresh_database(server_urls.database_url) as url:
        yield url


@pytest.fixture
def house(own_url: str, tmp_path: Path) -> Iterator[House]:
    tenant = new_tenant(own_url)
    with closing(Database(own_url, master=MasterKeys([MASTER_KEY]), max_size=4)) as database:
        house = House(own_url, database, tenant, settings_of(tmp_path / "data"))
        yield house
        house.execute("UPDATE webhook_deliveries SET status = 'failed' WHERE status = 'waiting'")


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def verified(secret: str, body: bytes, headers: Any) -> Any:
    """The message, as the library that receivers use reads it. Raises WebhookVerificationError."""
    return standardwebhooks.Webhook(secret).verify(body, dict(headers))


def test_what_is_told_arrives_signed_as_standard_webhooks_checks_it(house: House, there: Receiver) -> None:
    webhook, secret = house.add(there.url("/hook?key=a"))
    event = unregistered(house.tenant)
    house.tell(event)
    house.deliver(2)
    [request] = there.requests
    assert request.path == "/hook?key=a"
    assert request.headers["host"] == f"127.0.0.1:{there.port}"
    assert request.headers["content-type"] == "application/json"
    message = verified(secret, request.body, request.headers)
    assert message["type"] == "event.unregistered"
    assert message["data"] == {
        "venueId": str(event.venue_id),
        "eventId": str(event.event_id),
        "externalId": "night-1",
    }
    assert datetime.now(UTC) - datetime.fromisoformat(message["timestamp"]) < timedelta(seconds=30)
    for altered in (request.body.replace(b"night-1", b"night-2"), request.body + b" "):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            verified(secret, altered, request.headers)
    other = dict(request.headers) | {"webhook-id": "msg_other"}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(secret, request.body, other)
    [row] = house.deliveries(webhook)
    assert (row["status"], row["attempts"], row["answered"], row["error"]) == ("delivered", 1, 204, None)


def test_while_a_secret_is_changed_both_are_valid_and_then_the_new_one_alone(
    house: House, there: Receiver
) -> None:
    webhook, old = house.add(there.url())
    now = datetime.now(UTC)
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        new = webhooks.rotate(tenant, webhook, now)
    house.tell(unregistered(house.tenant, 1))
    house.deliver()
    house.execute("UPDATE webhooks SET previous_until = now() - interval '1 second'")
    house.tell(unregistered(house.tenant, 2))
    house.deliver()
    during, after = there.requests
    for secret in (old, new):
        verified(secret, during.body, during.headers)
    verified(new, after.body, after.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(old, after.body, after.headers)
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        third = webhooks.rotate(tenant, webhook, now, timedelta(0))
        assert [webhooks.secret_text(each) for each in webhooks.valid_secrets(tenant, webhook, now)] == [
            third
        ]


def test_of_a_transaction_that_did_not_come_about_nothing_is_told(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    with contextlib.suppress(ZeroDivisionError), house.database.tenant(house.tenant.tenant_id) as tenant:
        webhook_outbox.put(tenant, [unregistered(house.tenant)], datetime.now(UTC))
        assert house.rows("SELECT 1 FROM webhook_messages") == [], "nobody else sees it yet"
        raise ZeroDivisionError
    house.deliver()
    assert (there.requests, house.deliveries(webhook)) == ([], [])


def test_a_webhook_is_told_what_it_is_for_once_each_and_a_test_alone(house: House, there: Receiver) -> None:
    every, _ = house.add(there.url("/every"))
    house.add(there.url("/sold-out"), "event.sold_out")
    house.add(there.url("/unregistered"), "event.unregistered", "event.sold_out")
    for _ in range(3):
        house.tell(unregistered(house.tenant, 7))
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        webhook_outbox.put_test(tenant, every, datetime.now(UTC))
    house.deliver()
    told = {path: len(there.at(path)) for path in ("/every", "/sold-out", "/unregistered")}
    assert told == {"/every": 2, "/sold-out": 0, "/unregistered": 1}
    assert len({json.loads(request.body)["type"] for request in there.at("/every")}) == 2


def test_nothing_is_kept_of_what_no_webhook_is_for(house: House) -> None:
    house.add("https://shop.example/", "event.sold_out")
    house.tell()
    assert house.rows("SELECT * FROM webhook_messages") == []


def test_what_fails_comes_again_later_under_the_same_id(house: House, there: Receiver) -> None:
    webhook, secret = house.add(there.url())
    there.answers["/hook"] = Answer(500, body=b"Out of cheese.\0")
    house.tell()
    before = datetime.now(UTC)
    house.deliver(3)
    [row] = house.deliveries(webhook)
    assert (row["status"], row["attempts"], row["answered"]) == ("waiting", 1, 500)
    assert row["error"] == "The answer was 500."
    assert timedelta(seconds=4) < row["next_at"] - before < timedelta(seconds=12)
    there.answers["/hook"] = Answer(200)
    house.hurry()
    house.deliver()
    first, second = there.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"msg_{row['message_id'].hex}"
    assert first.body == second.body
    verified(secret, second.body, second.headers)
    assert [(each["number"], each["answered"]) for each in house.attempts(webhook)] == [(1, 500), (2, 200)]
    assert house.attempts(webhook)[0]["answer"] == "Out of cheese.\N{REPLACEMENT CHARACTER}"
    assert house.webhook(webhook).failures == 0


def test_the_waits_grow_fourfold_up_to_eight_hours_and_fill_three_days() -> None:
    waits = [wait_after(tries, 0.5).total_seconds() for tries in range(1, 12)]
    assert waits == [5, 20, 80, 320, 1280, 5120, 20480, 28800, 28800, 28800, 28800]
    assert wait_after(1, 0).total_seconds() == 4
    assert wait_after(10_000, 1) == timedelta(hours=9.6)
    assert [hold_after(n).total_seconds() for n in (1, 2, 3, 7, 8, 9_999)] == [5, 10, 20, 320, 600, 600]


def test_a_receiver_that_is_gone_is_told_nothing_more_and_the_owners_are_told_why(
    house: House, there: Receiver
) -> None:
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        roles: dict[str, Role] = {"olga": "owner", "otto": "owner", "max": "manager"}
        for name, role in roles.items():
            add_user(tenant, f"{name}-{uuid4().hex}@example.org", name, role, "a long and quiet night")
    webhook, _ = house.add(there.url(), description="Box office")
    there.answers["/hook"] = Answer(410)
    house.tell(*[unregistered(house.tenant, number) for number in range(3)])
    house.deliver(2)
    assert len(there.requests) == 1
    found = house.webhook(webhook)
    assert (found.reason, found.disabled_at is not None) == ("gone", True)
    assert {row["status"] for row in house.deliveries(webhook)} == {"failed"}
    mails = house.rows("SELECT * FROM mails WHERE kind = 'webhook-disabled'")
    assert sorted(mail["recipient"].partition("-")[0] for mail in mails) == ["olga", "otto"]
    house.tell(unregistered(house.tenant, 9))
    house.deliver()
    assert len(there.requests) == 1


def test_what_does_not_come_through_for_three_days_is_given_up_and_turns_the_webhook_off(
    house: House, there: Receiver
) -> None:
    webhook, _ = house.add(there.url())
    there.answers["/hook"] = Answer(503)
    house.tell()
    house.deliver()
    [row] = house.deliveries(webhook)
    assert timedelta(days=2, hours=23) < row["expires_at"] - datetime.now(UTC) <= timedelta(days=3)
    house.execute("UPDATE webhook_deliveries SET expires_at = now() + interval '10 minutes', tries = 20")
    house.hurry()
    house.deliver()
    [row] = house.deliveries(webhook)
    assert (row["status"], row["next_at"]) == ("waiting", row["expires_at"]), "one last time at the end"
    house.execute("UPDATE webhook_deliveries SET expires_at = now()")
    house.hurry()
    house.deliver()
    [row] = house.deliveries(webhook)
    assert (row["status"], row["attempts"]) == ("failed", 3)
    assert house.webhook(webhook).reason == "failing"


def test_where_something_else_came_through_meanwhile_the_webhook_stays_on(
    house: House, there: Receiver
) -> None:
    webhook, _ = house.add(there.url())
    there.answers["/hook"] = Answer(400)
    house.tell(unregistered(house.tenant, 1))
    house.deliver()
    there.answers["/hook"] = Answer(200)
    house.tell(unregistered(house.tenant, 2))
    house.deliver()
    assert len(there.requests) == 2, "a message that is refused holds up no other"
    there.answers["/hook"] = Answer(400)
    house.execute("UPDATE webhook_deliveries SET expires_at = now() WHERE status = 'waiting'")
    house.hurry()
    house.deliver()
    assert sorted(row["status"] for row in house.deliveries(webhook)) == ["delivered", "failed"]
    assert house.webhook(webhook).disabled_at is None


def test_after_days_without_a_worker_everything_is_still_tried(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    there.answers["/hook"] = Answer(503)
    house.tell(ago=timedelta(days=9))
    house.deliver()
    [row] = house.deliveries(webhook)
    assert row["status"] == "waiting"
    assert house.webhook(webhook).disabled_at is None


def test_a_receiver_that_is_overrun_says_when_to_come_again_and_is_left_alone_till_then(
    house: House, there: Receiver
) -> None:
    webhook, _ = house.add(there.url())
    there.answers["/hook"] = Answer(429, {"Retry-After": "900"})
    house.tell(*[unregistered(house.tenant, number) for number in range(5)])
    before = datetime.now(UTC)
    house.deliver(2)
    house.tell(unregistered(house.tenant, 6))
    house.deliver(2)
    assert len(there.requests) == 1
    waits = {round((row["next_at"] - before).total_seconds()) // 10 for row in house.deliveries(webhook)}
    assert waits == {90}
    there.answers["/hook"] = Answer(503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    house.hurry()
    house.deliver()
    assert len(there.requests) == 2
    latest = max(row["next_at"] for row in house.deliveries(webhook))
    assert timedelta(hours=23) < latest - datetime.now(UTC) <= timedelta(days=1)


def test_one_that_hangs_holds_up_nobody_else_and_has_a_deadline(
    house: House, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_request, "DEADLINE_SECONDS", 2.0)
    there.answers["/hangs"] = Answer(before=there.hang)
    there.answers["/drips"] = Answer(drips=True)
    slow = [house.add(there.url(path))[0] for path in ("/hangs", "/drips")]
    quick, _ = house.add(there.url("/quick"))
    for number in range(5):
        house.tell(unregistered(house.tenant, number))
    working, began = house.delivering(), time.monotonic()
    working.work()
    while len(there.at("/quick")) < 5:
        assert time.monotonic() - began < 1.8, "it waits for the slow ones"
        time.sleep(0.02)
        working.work()
    working.settle(60)
    assert 1.8 < time.monotonic() - began < 6
    for webhook in slow:
        assert [each["error"] for each in house.attempts(webhook)] == ["No answer within 2 seconds."]
        assert {row["status"] for row in house.deliveries(webhook)} == {"waiting"}
    assert {row["status"] for row in house.deliveries(quick)} == {"delivered"}


def test_nobody_holds_up_everybody_with_many_that_hang(
    house: House, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_request, "DEADLINE_SECONDS", 3.0)
    monkeypatch.setattr(delivering, "AT_ONCE", 4)
    monkeypatch.setattr(delivering, "OF_ONE_TENANT", 3)
    there.answers["/hangs"] = Answer(before=there.hang)
    for _ in range(9):
        house.add(there.url("/hangs"))
    house.tell()
    other = House(house.url, house.database, new_tenant(house.url), house.settings)
    other.add(there.url("/quick"))
    other.tell()
    working, began = house.delivering(), time.monotonic()
    while not there.at("/quick"):
        assert time.monotonic() - began < 2.5, "it waits for those that hang"
        working.work()
        time.sleep(0.05)
    assert len(there.at("/hangs")) == 3
    working.settle(60)


def test_no_redirect_is_followed(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    for status in (301, 302, 307, 308):
        there.answers["/hook"] = Answer(status, {"Location": there.url("/elsewhere")})
        house.tell(unregistered(house.tenant, status))
        house.deliver()
    assert len(there.at("/hook")) == 4
    assert there.at("/elsewhere") == []
    assert house.attempts(webhook)[0]["error"] == "The answer was 301: redirects are not followed."
    assert {row["status"] for row in house.deliveries(webhook)} == {"waiting"}


def test_of_a_body_without_end_the_beginning_is_read(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    there.answers["/hook"] = Answer(200, endless=True)
    house.tell()
    began = time.monotonic()
    house.deliver()
    assert time.monotonic() - began < 5
    [attempt] = house.attempts(webhook)
    assert (attempt["answered"], len(attempt["answer"])) == (200, 1_000)
    assert attempt["answer"].startswith("and on and on ")
    assert house.deliveries(webhook)[0]["status"] == "delivered"


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200" + b"x" * 99_000],
)
def test_what_is_no_http_is_a_failure_and_breaks_nothing(house: House, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def answer() -> None:
            wire, _ = server.accept()
            with wire:
                wire.recv(65_536)
                wire.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        webhook, _ = house.add(f"http://127.0.0.1:{server.getsockname()[1]}/")
        house.tell()
        house.deliver()
        thread.join()
    [attempt] = house.attempts(webhook)
    assert attempt["answered"] is None
    assert attempt["error"] in ("The answer is no HTTP.", "The connection was closed without an answer.")


def test_nobody_there_is_a_failure(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    webhook, _ = house.add(f"http://127.0.0.1:{port}/")
    house.tell()
    house.deliver()
    assert house.attempts(webhook)[0]["error"] == "The connection failed: Connection refused."


def test_by_tls_the_certificate_has_to_be_one_that_is_trusted(house: House, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with receiver(certificate) as there:
        webhook, _ = house.add(there.url())
        house.tell()
        house.deliver()
        assert "certificate is not accepted" in house.attempts(webhook)[0]["error"]
        assert there.requests == []
        house.hurry()
        trusting = house.delivering(certificate[0])
        trusting.work()
        trusting.settle(30)
        assert len(there.requests) == 1


def test_the_connection_goes_to_the_address_that_was_looked_at(
    house: House, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add(f"http://receiver.example:{there.port}/hook")
    house.tell()
    asked, real = [], socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        if host != "receiver.example":
            return real(host, *rest, **more)
        asked.append(host)
        # Whoever asks again is led to where nobody should be.
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.9", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    house.deliver()
    assert asked == ["receiver.example"]
    assert there.requests[0].headers["host"] == f"receiver.example:{there.port}"


@pytest.mark.parametrize(
    "leads", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], ["::1"]]
)
def test_a_name_that_leads_within_is_not_connected_to(
    house: House, there: Receiver, monkeypatch: pytest.MonkeyPatch, leads: list[str]
) -> None:
    webhook, _ = house.add("https://receiver.example/hook")
    house.tell()
    house.settings = house.settings.model_copy(update={"webhook_allowed_networks": ""})
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != "receiver.example":
            return real(host, port, *rest, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in leads]

    def connect(*_: Any, **__: Any) -> Any:
        raise AssertionError("it connects")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with monkeypatch.context() as closed:
        closed.setattr("jobs.webhook_request.socket.create_connection", connect)
        house.deliver()
    [attempt] = house.attempts(webhook)
    assert attempt["error"] == "It may not be sent there: it does not lead to the public Internet."
    assert there.requests == []


def test_of_two_workers_each_message_is_sent_by_one(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    for number in range(20):
        house.tell(unregistered(house.tenant, number))
    workers = [house.delivering() for _ in range(2)]
    for worker in workers:
        worker.work()
    for worker in workers:
        worker.settle(60)
    ids = [request.headers["webhook-id"] for request in there.requests]
    assert (len(ids), len(set(ids))) == (20, 20)
    assert {row["attempts"] for row in house.deliveries(webhook)} == {1}


def test_what_a_stalled_worker_notes_late_takes_nothing_back(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    house.tell()
    now = datetime.now(UTC)
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        stalled = webhook_deliveries.claim(tenant, webhook, now)
    assert stalled is not None
    house.deliver()
    assert there.requests == [], "it is claimed"
    house.hurry()
    house.deliver()
    failed = webhook_deliveries.Attempt(now, 1.0, None, "No answer.")
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        webhook_deliveries.note(tenant, stalled, failed, datetime.now(UTC))
    assert house.deliveries(webhook)[0]["status"] == "delivered"
    assert house.webhook(webhook).failures == 0


def test_what_waits_for_a_webhook_that_was_removed_goes_with_it(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    house.tell()
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        webhooks.remove(tenant, webhook)
    house.deliver()
    assert (there.requests, house.deliveries(webhook)) == ([], [])


def test_secrets_and_addresses_are_kept_locked(house: House) -> None:
    webhook, secret = house.add("https://hooks.example/SECRET-PATH")
    [row] = house.rows("SELECT * FROM webhooks WHERE webhook_id = %s", webhook)
    text = repr(row)
    assert "SECRET-PATH" not in text
    assert secret.removeprefix("whsec_") not in text
    other, _ = house.add("https://hooks.example/other")
    house.execute("UPDATE webhooks SET sealed_secret = %s WHERE webhook_id = %s", row["sealed_secret"], other)
    with (
        pytest.raises(Unsealable, match="belongs to something else"),
        house.database.tenant(house.tenant.tenant_id) as tenant,
    ):
        webhooks.valid_secrets(tenant, other, datetime.now(UTC))


def test_what_failed_is_sent_again_by_hand(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    there.answers["/hook"] = Answer(410)
    house.tell(*[unregistered(house.tenant, number) for number in range(3)])
    house.deliver()
    [first, *_] = house.deliveries(webhook)
    now = datetime.now(UTC)
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        with pytest.raises(webhook_log.WebhookOff):
            webhook_log.replay_failed(tenant, webhook, now)
        webhooks.enable(tenant, webhook)
        webhook_log.replay(tenant, webhook, first["message_id"], now)
    there.answers["/hook"] = Answer(200)
    house.deliver()
    assert len(there.requests) == 2
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        assert webhook_log.replay_failed(tenant, webhook, now) == 2
        with pytest.raises(webhook_log.DeliveryNotFound):
            webhook_log.replay(tenant, webhook, uuid4(), now)
    house.deliver()
    assert {row["status"] for row in house.deliveries(webhook)} == {"delivered"}
    assert len({request.headers["webhook-id"] for request in there.requests}) == 3
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        logged, body, attempts = webhook_log.delivery_of(tenant, webhook, first["message_id"])
    assert logged.status == "delivered"
    assert json.loads(body)["type"] == "event.unregistered"
    assert attempts[0].answered == 200


def test_the_log_forgets_what_ended_long_ago(house: House, there: Receiver) -> None:
    webhook, _ = house.add(there.url())
    house.tell(unregistered(house.tenant, 1), unregistered(house.tenant, 2))
    house.deliver()
    [old, kept] = house.deliveries(webhook)
    for table in ("webhook_deliveries", "webhook_messages"):
        house.execute(
            f"UPDATE {table} SET created_at = now() - interval '31 days' WHERE message_id = %s",
            old["message_id"],
        )
    house.execute(
        "UPDATE webhook_deliveries SET finished_at = now() - interval '31 days' WHERE message_id = %s",
        old["message_id"],
    )
    house.execute("UPDATE webhook_attempts SET at = now() - interval '31 days'")
    house.delivering().forget()
    left = [row["message_id"] for row in house.rows("SELECT message_id FROM webhook_messages")]
    assert left == [kept["message_id"]]
    assert [row["message_id"] for row in house.attempts(webhook)] == left


def test_a_worker_that_is_killed_between_sending_and_noting_sends_again_under_the_same_id(
    house: House, there: Receiver, redis_url: str, tmp_path: Path
) -> None:
    webhook, secret = house.add(there.url())
    environment = os.environ | {
        "DATABASE_URL": house.url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path / "worker"),
        "DEMO": "false",
        "WEBHOOK_ALLOWED_NETWORKS": LOCAL,
    }

    def worker() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "jobs", "worker"], cwd=ROOT, env=environment)

    def until(done: Any, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.1)

    running = [worker()]
    there.answers["/hook"] = Answer(before=lambda: running[0].send_signal(signal.SIGKILL))
    try:
        house.tell()
        until(lambda: there.requests)
        assert running[0].wait(15) == -signal.SIGKILL
        [row] = house.deliveries(webhook)
        assert (row["status"], row["attempts"], house.attempts(webhook)) == ("waiting", 1, [])
        there.answers.clear()
        running.append(worker())
        time.sleep(3)
        assert len(there.requests) == 1, "the claim holds for a while"
        house.hurry()  # As if it had ended.
        until(lambda: house.deliveries(webhook)[0]["status"] == "delivered")
        first, second = there.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        verified(secret, second.body, second.headers)
        assert [each["number"] for each in house.attempts(webhook)] == [2]
        running[1].send_signal(signal.SIGTERM)
        assert running[1].wait(20) == 0
    finally:
        for process in running:
            process.kill()
            process.wait()
