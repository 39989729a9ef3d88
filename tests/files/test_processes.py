"""Imports as processes: killed they go on, cancelled they stop, the command does all of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.files.conftest import House, csv_file

ROWS = 12_000


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def many(folder: Path) -> Path:
    """Rows of which every third says the same as one before it."""
    return csv_file(
        folder,
        [
            "event,sold at,amount,ticket type",
            *(f"E{n % 3},2025-11-{n % 28 + 1:02} 12:00,{n // 3 % 500}.50,Stalls" for n in range(ROWS)),
        ],
        name="many.csv",
    )


def test_killed_twice_while_it_writes_every_row_counts_once_and_undone_by_another_none(
    house: House, tmp_path: Path
) -> None:
    checked = house.checked(many(tmp_path))
    assert (checked.checked_rows, checked.checked_new) == (ROWS, ROWS)
    house.ask(checked, "running")
    for least in (2_000, 5_000):
        process = house.start("import-uploaded", "--idle", "1")
        until(lambda least=least: house.now(checked).rows_done > least, "rows are written")  # type: ignore[misc]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert house.now(checked).status == "running"
    assert house.start("import-uploaded", "--idle", "0.5").wait(60) == 0
    done = house.now(checked)
    assert (done.status, done.accepted, done.duplicates, done.rejected) == ("done", ROWS, 0, 0)
    assert house.rows("SELECT count(*), sum(amount_minor) FROM ticket_sales") == [
        (ROWS, sum(n // 3 % 500 * 100 + 50 for n in range(ROWS)))
    ]
    assert house.rows("SELECT sum(sold) FROM event_totals") == [(ROWS,)]
    house.ask(done, "undoing")
    process = house.start("import-uploaded", "--idle", "1")
    until(lambda: house.now(done).undone > 2_000, "rows are taken back")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert house.start("import-uploaded", "--idle", "0.5").wait(60) == 0
    undone = house.now(done)
    assert (undone.status, undone.undone, undone.error) == ("undone", ROWS, None)
    for table in ("ticket_sales", "messages", "message_keys", "events", "import_parts"):
        assert house.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert not any(house.sums().values())


def test_cancelled_it_stops_between_two_parts_and_goes_on_when_it_is_asked_to(
    house: House, tmp_path: Path
) -> None:
    checked = house.checked(many(tmp_path))
    house.ask(checked, "running")
    process = house.start("import-uploaded", "--idle", "1")
    until(lambda: house.now(checked).rows_done > 1_000, "rows are written")
    stopped = house.ask(checked, "cancelled")
    assert process.wait(60) == 0
    after = house.now(checked)
    assert (after.status, after.rows_done, after.accepted) == (
        "cancelled",
        stopped.rows_done,
        stopped.accepted,
    )
    assert 0 < after.accepted < ROWS
    done = house.do(after, "running")
    assert (done.status, done.accepted, done.duplicates) == ("done", ROWS, 0)


def test_the_command_asks_what_the_file_does_not_tell_then_checks_imports_and_undoes(
    house: House, tmp_path: Path
) -> None:
    path = csv_file(
        tmp_path,
        [
            "Show,Sold at,Amount,Customer",
            "Gala,03/04/2025 10:00,12.50,ada@example.org",
            "Gala,04/04/2025 10:00,x,ada@example.org",
        ],
    )
    before = set(house.folder.iterdir())
    words = ("import", "--tenant", str(house.tenant.tenant_id), "--kind", "sales", "--source", "till")
    asked = house.run(*words, str(path))
    assert (asked.returncode, "--dates" in asked.stderr) == (2, True)
    errors = tmp_path / "errors.csv"
    dry = house.run(*words, str(path), "--dates", "day-first", "--dry-run", "--errors", str(errors))
    assert (dry.returncode, dry.stdout.strip()) == (
        1,
        "2 rows: 1 new, 0 known already, 0 repeated, 1 refused",
    )
    assert errors.read_text("utf-8-sig").splitlines() == [
        "Row,Column,Value,What is wrong",
        "3,Amount,x,An amount with a decimal point is expected.",
    ]
    assert house.rows("SELECT count(*) FROM messages") == [(0,)]
    real = house.run(*words, str(path))  # What was said is remembered.
    assert "Imported: 1 new, 0 known already, 1 refused." in real.stdout
    assert house.rows("SELECT to_char(occurred_at, 'MM-DD') FROM ticket_sales") == [("04-03",)]
    undo = real.stdout.split("jobs ")[1].split()
    undone = house.run(*undo, "--tenant", str(house.tenant.tenant_id))
    assert (undone.returncode, undone.stdout.startswith("Undone: 1 rows")) == (0, True)
    assert house.rows("SELECT count(*) FROM ticket_sales") == [(0,)]
    assert set(house.folder.iterdir()) == before
    assert house.run("import", "--undo", undo[2], "--tenant", str(house.tenant.tenant_id)).returncode == 2
