"""Imports beside other writers, other tenants, grants that end, archived months and signals."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from data import facts, import_work, imports
from data.access import Access
from data.messages import Message, SaleLine, message_key
from data.users import add_user
from ingest.files.layout import from_json, to_json
from ingest.files.upload import begin, receive
from jobs.importing import work
from tests.conftest import new_tenant
from tests.files.conftest import House, Watching, csv_file

HEAD = "event,venue,sold at,amount"


def person(house: House, venues: frozenset[UUID] | None = None) -> Access:
    """A manager, who sees some venues or all."""
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        user = add_user(tenant, f"{uuid4()}@example.org", "Ada", "manager", "a long password")
        if venues is not None:
            tenant.execute(
                "UPDATE users SET reach = 'venues' WHERE tenant_id = %s AND user_id = %s",
                [tenant.tenant_id, user],
            )
            for venue in venues:
                tenant.execute(
                    "INSERT INTO user_grants (tenant_id, user_id, kind, place_id)"
                    " VALUES (%s, %s, 'venues', %s)",
                    [tenant.tenant_id, user, venue],
                )
    return Access(house.tenant.tenant_id, "manager", user, venues)


def uploaded(house: House, access: Access, path: Path) -> imports.Import:
    """A file of this person, confirmed as proposed."""
    file = receive(house.folder, path.name, [path.read_bytes()])
    found, proposal = begin(house.database, access, file, "sales", "till")
    layout = msgspec.structs.replace(proposal.layout, unsure=())
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        imports.confirm(tenant, found, to_json(layout), found.created_by)
    return house.now(found)


def test_rows_of_venues_that_were_not_granted_are_refused_as_if_there_were_none(
    house: House, tmp_path: Path
) -> None:
    annex = house.add_venue("annex")
    path = csv_file(tmp_path, [HEAD, "E1,annex,2025-11-21 19:30,1", "E2,hall,2025-11-21 19:30,1"])
    found = uploaded(house, person(house, frozenset({annex})), path)
    checked = house.do(found, "checking")
    assert house.errors(checked) == [(3, "unknown-venue", "venue", "hall")]
    done = house.do(checked, "running")
    assert (done.accepted, done.rejected) == (1, 1)
    assert house.rows("SELECT venue_id FROM ticket_sales") == [(annex,)]
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        assert imports.list_imports(tenant, person(house, frozenset({annex}))) == []


def test_it_ends_when_whoever_asked_is_shut_out(house: House, tmp_path: Path) -> None:
    access = person(house)
    found = uploaded(house, access, csv_file(tmp_path, [HEAD, "E1,hall,2025-11-21 19:30,1"]))
    checked = house.do(found, "checking")
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        tenant.execute("UPDATE users SET disabled_at = now() WHERE user_id = %s", [access.user_id])
    failed = house.do(checked, "running")
    assert (failed.status, failed.accepted) == ("failed", 0)
    assert failed.error == "Whoever asked for it may not import files any more."


def test_another_tenant_can_neither_see_nor_work_on_it(house: House, tmp_path: Path) -> None:
    checked = house.checked(csv_file(tmp_path, [HEAD, "E1,hall,2025-11-21 19:30,1"]))
    house.ask(checked, "running")
    other = House(house.database, new_tenant(house.url), house.url, house.environment, Watching())
    with house.database.tenant(other.tenant.tenant_id) as tenant:
        assert imports.get(tenant, other.access, checked.import_id) is None
        assert imports.list_imports(tenant, other.access) == []
        assert imports.kept_layout(tenant, "box-office", "sales") is None
    assert not work(house.tools(), other.tenant.tenant_id, checked.import_id)
    assert house.now(checked).status == "running"
    assert work(house.tools(), house.tenant.tenant_id, checked.import_id)


def test_what_others_said_of_its_events_stays_when_it_is_undone(house: House, tmp_path: Path) -> None:
    done = house.imported(
        csv_file(tmp_path, [HEAD, "E1,hall,2025-11-21 19:30,1", "E2,hall,2025-11-21 19:30,1"])
    )
    [(event,)] = house.rows("SELECT event_id FROM events WHERE external_id = 'E1'")
    at = house.rows("SELECT occurred_at FROM ticket_sales LIMIT 1")[0][0]
    line = SaleLine("sale", at, 3, 900, "GBP")
    message = Message(
        message_key("rest", "x"),
        "ticket-purchase",
        "rest",
        house.tenant.venue_id,
        event,
        "E1",
        at,
        "{}",
        (line,),
    )
    facts.write(house.database, house.tenant.tenant_id, [message])
    undone = house.do(done, "undoing")
    assert (undone.status, undone.undone) == ("undone", 2)
    assert house.rows("SELECT external_id FROM events") == [("E1",)]
    assert house.rows("SELECT sold FROM event_totals WHERE sold <> 0") == [(3,)]
    assert house.rows("SELECT message_key FROM message_keys") == [(message.key,)]
    assert house.live.versions[-1].keys() == {(house.tenant.venue_id, event)} | {
        key for key in house.live.versions[-1] if key[1] != event
    }


def test_of_events_with_archived_months_nothing_is_undone(house: House, tmp_path: Path) -> None:
    done = house.imported(csv_file(tmp_path, [HEAD, "E1,hall,2025-11-21 19:30,1"]))
    [(event,)] = house.rows("SELECT event_id FROM events")
    with psycopg.connect(house.url) as owner:
        owner.execute("SELECT set_config('app.tenant_id', %s, true)", [str(house.tenant.tenant_id)])
        owner.execute(
            "INSERT INTO archives (tenant_id, fact_table, month, part, state, file_name, rows, bytes,"
            " checksum, revision, events, made_by) VALUES (%s, 'ticket_sales', %s, 1, 'archived', 'x', 1, 1,"
            " '', '1', %s, 'job')",
            [house.tenant.tenant_id, date(2025, 11, 1), [event]],
        )
    refused = house.do(done, "undoing")
    assert (refused.status, refused.undone) == ("done", 0)
    assert refused.error is not None
    assert "archive restore" in refused.error
    assert house.rows("SELECT count(*) FROM ticket_sales") == [(1,)]


def test_the_same_file_imported_twice_at_once_counts_once(house: House, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEAD, *(f"E{n % 5},hall,2025-11-21 19:30,{n}" for n in range(3_000))])
    both = [house.checked(path), house.checked(path)]
    for each in both:
        house.ask(each, "running")
    threads = [
        threading.Thread(target=work, args=(house.tools(), house.tenant.tenant_id, each.import_id))
        for each in both
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = [house.now(each) for each in both]
    assert [each.status for each in ended] == ["done", "done"]
    assert sum(each.accepted for each in ended) == 3_000
    assert sum(each.duplicates for each in ended) == 3_000
    for each in ended:  # Each takes back what it wrote itself.
        if each.accepted:
            house.do(each, "undoing")
    assert house.rows("SELECT count(*) FROM ticket_sales") == [(0,)]


def test_asked_to_end_it_stops_and_the_next_process_goes_on(house: House, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEAD, *(f"E{n % 5},hall,2025-11-21 19:30,{n}" for n in range(12_000))])
    checked = house.checked(path)
    house.ask(checked, "running")
    process = house.start("import-uploaded", "--idle", "5")
    deadline = time.monotonic() + 60
    while house.now(checked).rows_done < 2_000:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
    stopped = house.now(checked)
    assert (stopped.status, 0 < stopped.accepted < 12_000) == ("running", True)
    assert work(house.tools(), house.tenant.tenant_id, checked.import_id)
    assert house.now(checked).accepted == 12_000


def test_files_that_nobody_needs_go_and_those_under_way_stay(house: House, tmp_path: Path) -> None:
    waiting = house.checked(csv_file(tmp_path, [HEAD, "E1,hall,2025-11-21 19:30,1"]))
    old, _ = house.upload(csv_file(tmp_path, [HEAD, "E1,hall,2025-11-21 19:30,2"]))
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        tenant.execute(
            "UPDATE imports SET expires_at = now() - interval '1 minute' WHERE import_id = %s",
            [old.import_id],
        )
    stray, young = house.folder / f"{uuid4()}.upload", house.folder / f"{uuid4()}.upload"
    for path in (stray, young):
        path.write_bytes(b"x")
    past = time.time() - 7_200
    for path in [*house.folder.iterdir()]:
        if path != young:
            os.utime(path, (past, past))
    import_work.expire(house.database, house.folder)
    left = {path.name.partition(".")[0] for path in house.folder.iterdir()}
    assert {str(waiting.import_id), young.name.partition(".")[0]} <= left
    assert not {str(old.import_id), stray.name.partition(".")[0]} & left
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        assert [each.import_id for each in imports.list_imports(tenant, house.access)] == [waiting.import_id]


def test_a_layout_survives_its_json() -> None:
    text = '{"format": "csv", "columns": {"a": "amount"}, "unsure": ["dates"]}'
    assert from_json(to_json(from_json(text))) == from_json(text)
    with pytest.raises(msgspec.ValidationError):
        from_json('{"format": "csv", "dates": "whenever"}')
