"""One customer is found everywhere and taken out of everywhere, and every figure stays what it was."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis

from data import erasure, exports, facts, idempotency, rollup_applier
from data.dead_letters import DeadLetter, keep
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.erasure_copies import drop_answers, drop_exports, drop_repeats
from data.field_register import people
from data.keys import MasterKeys
from data.live import read_state
from data.rebuild import rebuild
from ingest.decoding import message_object
from ingest.message import MessageReader, kind_of
from tests.conftest import MASTER_KEY, Tenant
from tests.data.everything import everything, places

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
AT = "2026-11-21T19:30:00Z"
ANN, BO = "ann@example.org", "bo@example.org"
MASTER = MasterKeys([MASTER_KEY])


def message(**sent: Any) -> dict[str, Any]:
    return {"eventId": "gala", "venueId": "hall", "timestamp": AT, "id": uuid4().hex} | sent


def everywhere(who: str) -> list[dict[str, Any]]:
    """Messages that leave somebody in every place where somebody can be."""
    return [
        message(type="ticket-purchase", ticketId=f"t-{who}", amount=10, userId=who, quantity=2),
        message(type="ticket-refund", ticketId=f"t-{who}", amount=10, userId=who, partial=True),
        message(type="cart-update", userId=who, quantity=1, cartValue=5),
        message(type="ticket-transfer", ticketId="t-1", fromUserId=who, toUserId="cy"),
        message(type="ticket-transfer", ticketId="t-2", fromUserId="cy", toUserId=who),
        message(type="page-view", path="/gala", userId=who),
        message(type="social", platform="x", author=who, likes=3),
    ]


@pytest.fixture
def filled(database: Database, tenant: Tenant) -> Directory:
    """Two people, everywhere; of one of them a refused message, too."""
    directory = Directory(database)
    reader = MessageReader(directory, tenant.tenant_id, NOW)
    raws = [message_object(json.dumps(one).encode()) for who in (ANN, BO) for one in everywhere(who)]
    facts.write(database, tenant.tenant_id, [reader.read(raw, kind_of(raw)) for raw in raws])
    refused = message(type="ticket-purchase", amount=-5, userId=ANN)
    payload = reader.storable(refused, kind_of(refused))
    with database.tenant(tenant.tenant_id) as own:
        keep(own, [DeadLetter(NOW, "rest", "number-out-of-range", "amount", "Not below 0.", payload)])
    return directory


def hashes(database: Database, tenant: Tenant, who: str, author: str | None = None) -> list[str]:
    with database.tenant(tenant.tenant_id) as own:
        found = [*erasure.hashes_of(own, who), *(erasure.hashes_of(own, author) if author else ())]
    return [str(one) for one in found]


def figures(database: Database, tenant: Tenant) -> Any:
    with database.tenant(tenant.tenant_id) as own:
        event = own.rows("SELECT event_id FROM event_totals WHERE tenant_id = %s", [tenant.tenant_id])
        state = read_state(own, event[0]["event_id"], NOW)
        days = own.rows("SELECT day, dimension, value, sold, gross_minor FROM day_analytics ORDER BY 1, 2, 3")
    assert state is not None
    return state.get("sales", state), [day for day in days if day["sold"]]


def test_everything_of_a_customer_is_taken_out_and_the_figures_stay(
    database: Database, tenant: Tenant, postgres_url: str, filled: Directory
) -> None:
    rollup_applier.apply_some(database, tenant.tenant_id)
    before = figures(database, tenant)
    bo = hashes(database, tenant, BO, f"x {BO}")
    with database.tenant(tenant.tenant_id) as own:
        of_bo = places(own, bo)
    reports = [
        erasure.erase(postgres_url, MASTER, tenant.tenant_id, who, NOW) for who in (ANN.upper(), f"x {ANN}")
    ]

    assert [report.complete for report in reports] == [True, True]
    assert {name: counts["found"] for name, counts in reports[0].tables.items()} == {
        "messages": 6,
        "dead_letters": 1,
        "ticket_sales": 2,
        "page_views": 1,
        "cart_updates": 1,
        "social_mentions": 0,
        "ticket_transfers": 2,
        "carts": 1,
        "rollup_queue": 0,
        "customer_totals": 2,
    }
    assert {name for name, counts in reports[1].tables.items() if counts["found"]} == {
        "messages",
        "social_mentions",
    }
    with database.tenant(tenant.tenant_id) as own:
        assert places(own, hashes(database, tenant, ANN, f"x {ANN}")) == []
        assert places(own, [ANN]) == []
        assert places(own, bo) == of_bo, "others stay"
    assert figures(database, tenant) == before
    assert sum(sum(step.values()) for step in rebuild(database, tenant.tenant_id)) == 0


def test_what_still_waits_to_be_summed_up_loses_nobody_else(
    database: Database, tenant: Tenant, postgres_url: str, filled: Directory
) -> None:
    report = erasure.erase(postgres_url, MASTER, tenant.tenant_id, ANN, NOW)
    assert report.complete
    assert sum(sum(step.values()) for step in rebuild(database, tenant.tenant_id)) == 0
    bo = filled.customer(tenant.tenant_id, BO)
    with database.tenant(tenant.tenant_id) as own:
        rows = own.rows("SELECT DISTINCT customer, tickets FROM customer_totals")
    assert rows == [{"customer": bo, "tickets": 2}]


def test_while_messages_come_no_total_seems_to_change_and_nobody_else_is_lost(
    database: Database, tenant: Tenant, postgres_url: str, filled: Directory
) -> None:
    stop, written = threading.Event(), [0]

    def write() -> None:
        reader = MessageReader(filled, tenant.tenant_id, NOW)
        while not stop.is_set():
            raws = [one for who in (ANN, BO) for one in everywhere(who)]
            facts.write(database, tenant.tenant_id, [reader.read(raw, kind_of(raw)) for raw in raws])
            rollup_applier.apply_some(database, tenant.tenant_id)
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reports = [erasure.erase(postgres_url, MASTER, tenant.tenant_id, ANN, NOW) for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    assert written[0] > 1
    assert [(report.left, report.totals_changed) for report in reports] == [({}, [])] * 3
    assert erasure.erase(postgres_url, MASTER, tenant.tenant_id, ANN, NOW).complete
    assert sum(sum(step.values()) for step in rebuild(database, tenant.tenant_id)) == 0
    bo = filled.customer(tenant.tenant_id, BO)
    with database.tenant(tenant.tenant_id) as own:
        assert places(own, hashes(database, tenant, ANN)) == []
        rows = own.rows("SELECT DISTINCT customer, tickets FROM customer_totals")
    assert rows == [{"customer": bo, "tickets": 2 * (1 + written[0])}]


def test_every_place_for_a_person_was_filled_by_these_tests(
    database: Database, tenant: Tenant, filled: Directory
) -> None:
    """So that a new one cannot be forgotten: it would be empty here."""
    wanted = hashes(database, tenant, ANN, f"x {ANN}")
    with database.tenant(tenant.tenant_id) as own:
        waiting = {table for table, _ in places(own, wanted)}
        rollup_applier.apply_all(own)
        found = waiting | {table for table, _ in places(own, wanted)}
    assert found == {table for table, _, _ in people("customer", "visitor", "author", "inside")}


def test_an_export_has_all_of_one_customer_and_nothing_of_another(
    database: Database, tenant: Tenant, postgres_url: str, filled: Directory
) -> None:
    found = erasure.export(postgres_url, MASTER, tenant.tenant_id, ANN)
    assert {table: len(rows) for table, rows in found.items()} == {
        "messages": 6,
        "dead_letters": 1,
        "ticket_sales": 2,
        "page_views": 1,
        "cart_updates": 1,
        "ticket_transfers": 2,
        "carts": 1,
        "rollup_queue": 1,
    }
    assert {row["customer"] for row in found["ticket_sales"]} == {str(filled.customer(tenant.tenant_id, ANN))}


def test_nobody_is_erased_for_another_tenant_or_for_an_unknown_name(
    database: Database, tenant: Tenant, other_tenant: Tenant, postgres_url: str, filled: Directory
) -> None:
    with database.tenant(tenant.tenant_id) as own:
        before = {table: text for table, text in everything(own).items() if table != "rollup_queue"}
    for owner, who in ((other_tenant, ANN), (tenant, "nobody@example.org"), (tenant, ""), (tenant, ".*")):
        if owner is tenant:
            continue
        report = erasure.erase(postgres_url, MASTER, owner.tenant_id, who, NOW)
        assert report.complete
        assert not any(counts["found"] for counts in report.tables.values())
    with database.tenant(tenant.tenant_id) as own:
        assert {t: text for t, text in everything(own).items() if t != "rollup_queue"} == before
    for who in ("nobody@example.org", "", ".*"):
        report = erasure.erase(postgres_url, MASTER, tenant.tenant_id, who, NOW)
        assert not any(counts["found"] for counts in report.tables.values())


def test_without_the_database_nothing_is_claimed() -> None:
    with pytest.raises(DatabaseUnavailable):
        erasure.erase("postgresql://nobody@127.0.0.1:1/none", MASTER, UUID(int=1), ANN, NOW)


def test_kept_answers_and_files_of_exports_go_and_those_of_others_stay(
    database: Database,
    tenant: Tenant,
    other_tenant: Tenant,
    redis_url: str,
    redis_prefix: str,
    tmp_path: Path,
) -> None:
    with Redis.from_url(redis_url) as redis:
        for owner in (tenant, other_tenant):
            redis.set(f"{redis_prefix}:{owner.tenant_id}:answer:1", "x", ex=60)
        assert drop_answers(redis_url, redis_prefix, tenant.tenant_id) == 1
        assert redis.exists(f"{redis_prefix}:{tenant.tenant_id}:answer:1") == 0
        assert redis.exists(f"{redis_prefix}:{other_tenant.tenant_id}:answer:1") == 1
    made = {}
    for owner in (tenant, other_tenant):
        made[owner.tenant_id] = export_id = uuid4()
        (tmp_path / f"{export_id}.csv").write_text("x")
        with database.tenant(owner.tenant_id) as own:
            own.execute(
                "INSERT INTO exports (tenant_id, export_id, created_by, format, request, file_name, status,"
                " expires_at) VALUES (%s, %s, %s, 'csv', '{}', 'x.csv', 'done', now() + interval '1 day')",
                [owner.tenant_id, export_id, uuid4()],
            )
    assert drop_exports(database, tenant.tenant_id, tmp_path) == 1
    assert [path.stem for path in tmp_path.iterdir()] == [str(made[other_tenant.tenant_id])]


def test_answers_that_repeats_would_get_go_and_those_under_way_are_not_kept(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    answer = idempotency.Kept(200, {}, b"[1]")
    done, begun, theirs = (
        idempotency.claim_of(owner.tenant_id, uuid4(), "key", b"body")
        for owner in (tenant, tenant, other_tenant)
    )
    for claim in (done, begun, theirs):
        assert idempotency.begin(database, claim) is None
    for claim in (done, theirs):
        idempotency.keep(database, claim, answer)
    assert drop_repeats(database, tenant.tenant_id) == 2
    idempotency.keep(database, begun, answer)
    assert (
        idempotency.begin(database, done),
        idempotency.begin(database, begun),
        idempotency.begin(database, theirs),
    ) == (None, None, answer)


def test_exports_that_wait_or_run_end_and_cannot_finish_later(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    with database.tenant(tenant.tenant_id) as own:
        for status in ("waiting", "running", "done", "failed"):
            own.execute(
                "INSERT INTO exports (tenant_id, export_id, created_by, format, request, file_name, status,"
                " expires_at) VALUES (%s, %s, %s, 'csv', '{}', %s, %s, now() + interval '1 day')",
                [tenant.tenant_id, uuid4(), uuid4(), status, status],
            )
        running = exports.Export(
            **own.rows(f"SELECT {exports._COLUMNS} FROM exports WHERE status = 'running'")[0]
        )
    assert drop_exports(database, tenant.tenant_id, tmp_path) == 3
    with database.tenant(tenant.tenant_id) as own:
        draft = tmp_path / "draft"
        assert not exports.finish(own, running, (1, 1), "x.csv", 1, draft, tmp_path / "x.csv")
        rows = own.rows("SELECT file_name, status FROM exports WHERE tenant_id = %s", [tenant.tenant_id])
    assert {row["file_name"]: row["status"] for row in rows} == {
        "waiting": "expired",
        "running": "expired",
        "done": "expired",
        "failed": "failed",
    }


def test_the_command_reports_as_json(
    database: Database, tenant: Tenant, postgres_url: str, redis_url: str, tmp_path: Path, filled: Directory
) -> None:
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path),
        "REDIS_PREFIX": "erasure",
    }

    def do(action: str) -> Any:
        words = ["privacy", action, "--tenant", str(tenant.tenant_id), "--customer", ANN]
        done = subprocess.run(
            [sys.executable, "-m", "jobs", *words],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        return json.loads(done.stdout)

    assert len(do("export")["ticket_sales"]) == 2
    assert (
        idempotency.begin(database, idempotency.claim_of(tenant.tenant_id, uuid4(), "key", b"body")) is None
    )
    report = do("erase")
    assert report["repeats_dropped"] == 1
    assert (report["complete"], report["customer"], report["tables"]["ticket_sales"]) == (
        True,
        ANN,
        {"found": 2, "left": 0},
    )
    assert do("export") == {}
