"""`python -m jobs audit`: what operators do is in the log, and the log can be verified from the outside."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from data.engine import Database
from jobs.__main__ import COMMANDS, module_of
from tests.conftest import Tenant

ROOT = Path(__file__).parents[2]
UNRECORDED = {
    "worker": "carries out what was asked for elsewhere; removing old entries is recorded by its job",
    "seed": "the demo's own data",
    "simulate": "sends messages by REST",
    "pretix-backfill": "reads pretix, and writes messages",
    "rebuild": "works figures out again from what is there",
    "export": "writes what an entry of the one who asked names",
    "keys": "locks the keys of all tenants anew; shows and changes nothing of theirs",
    "audit": "shows no entries",
    "archive": "moves months of all tenants into files and back; `archives` says which, when and by whom",
    "import-uploaded": "carries out what was asked for at /imports, where it is recorded",
    "consume": "reads queues, and writes messages",
}


@pytest.fixture
def jobs(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command on this session's database, in a data folder of its own."""
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path),
    }

    def run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jobs", *words],
            cwd=ROOT,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_commands_leave_their_entries_and_verify_finds_what_happens_to_them(
    jobs: Callable[..., subprocess.CompletedProcess[str]],
    database: Database,
    postgres_url: str,
    tenant: Tenant,
) -> None:
    of = ("--tenant", str(tenant.tenant_id))
    user = ("--email", "ada@example.org")
    venue = ("venue", "create", *of, "--id", "b", "--name", "B")
    placed = ("--zone", "UTC", "--currency", "EUR", "--capacity", "9")
    steps = [
        (("user", "create", *of, *user, "--name", "Ada", "--role", "owner"), "a long and quiet night"),
        (("user", "disable", *of, *user), ""),
        (("user", "list", *of), ""),
        (("token", *of, "create", "box office"), ""),
        ((*venue, *placed), ""),
    ]
    for words, text in steps:
        result = jobs(*words, text=text)
        assert result.returncode == 0, result.stderr
    with database.tenant(tenant.tenant_id) as connection:
        found = connection.execute(
            "SELECT actor_kind, door, action, object FROM audit_log ORDER BY seq"
        ).fetchall()
    assert {(kind, door) for kind, door, *_ in found} == {("command", "command")}
    assert [(action, thing.partition(":")[0]) for *_, action, thing in found] == [
        ("make-user", "user"),
        ("disable-user", "user"),
        ("list-users", ""),
        ("make-token", "token"),
        ("make-venue", "venue"),
    ]
    assert "ada@example.org" not in str(found)
    whole = jobs("audit", "verify", *of)
    assert (whole.returncode, "5 entries" in whole.stdout, "whole" in whole.stdout) == (0, True, True)
    with psycopg.connect(postgres_url) as owner:
        owner.execute("UPDATE audit_log SET object = '' WHERE tenant_id = %s AND seq = 2", [tenant.tenant_id])
    broken = jobs("audit", "verify", *of)
    assert broken.returncode == 1
    assert "lane 0, entry 2: changed: not what was written" in broken.stdout


def test_every_command_leaves_entries_or_has_a_reason_not_to() -> None:
    recorded = {
        name
        for name in COMMANDS
        if "recorded(" in (ROOT / f"{module_of(name).replace('.', '/')}.py").read_text()
    }
    assert set(COMMANDS) - recorded == set(UNRECORDED)
