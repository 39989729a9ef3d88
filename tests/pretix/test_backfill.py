"""Connecting a source and reading its history from the command line."""

import io
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from data.pretix import snapshots
from ingest.pretix.backfill import Progress, backfill
from ingest.pretix.client import Away
from jobs.pretix_backfill import describe, show
from tests.conftest import Tenant
from tests.pretix.captures import EVENING, FINAL
from tests.pretix.conftest import SECRET_KEY, House
from tests.pretix.server import TOKEN, ZONE, Fault, Pretix

ROOT = Path(__file__).parents[2]
OBJECTS = 139 + 85 + 75 + 411 + 193 + 163


def fetched(house: House) -> list[str]:
    """The pages of orders and check-ins that were asked for, without their filters."""
    paths = [path for path, _ in house.pretix.requests if "page_size" not in path]
    house.pretix.requests.clear()
    found = []
    for path in paths:
        match = re.search(r"events/([^/]+)/(orders|checkins)/\?.*?(?:page=(\d+))?$", path)
        if match or path.endswith("/checkins/"):
            name, kind, page = match.groups() if match else (path.split("/")[-3], "checkins", None)
            found.append(f"{name} {kind} {page or 1}")
    return found


def test_the_history_gives_the_same_figures_as_having_been_there(house: House) -> None:
    steps = list(backfill(house.sync))

    assert house.differences("truth") == {}
    assert (steps[-1].done, steps[-1].total) == (OBJECTS, OBJECTS)
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def test_an_interrupted_reading_goes_on_where_it_stopped(house: House) -> None:
    house.pretix.faults = [Fault(0, 503), Fault(99, 503, path="nordlicht26/checkins/?page=4")]
    with pytest.raises(Away):
        list(backfill(house.sync))
    first = set(fetched(house))
    house.pretix.faults = []

    steps = list(backfill(house.sync))

    second = fetched(house)
    assert second[0] == "nordlicht26 checkins 4"
    assert first & set(second) == {"nordlicht26 checkins 4"}
    assert (steps[0].done, steps[-1].done) == (OBJECTS - (411 - 150) + 0, OBJECTS) or steps[
        -1
    ].done == OBJECTS
    assert house.differences("truth") == {}


def test_reading_it_twice_counts_nothing_twice(house: House) -> None:
    list(backfill(house.sync))
    facts = house.rows("SELECT count(*) FROM ticket_sales WHERE tenant_id = %(tenant)s")

    list(backfill(house.sync))

    assert house.rows("SELECT count(*) FROM ticket_sales WHERE tenant_id = %(tenant)s") == facts
    assert house.differences("truth") == {}


def test_polls_go_on_from_where_the_history_began(house: House) -> None:
    with house.database.tenant(house.source.tenant_id) as tenant:
        snapshots.move_cursor(tenant, house.source.source_id, "orders", None)
    house.pretix.now = EVENING
    list(backfill(house.sync))
    house.pretix.now = FINAL
    house.pretix.requests.clear()

    house.sync.poll_orders()

    # A minute before the simulated evening: nothing that was being changed just then is missed.
    asked = (EVENING - timedelta(seconds=60)).astimezone(ZONE).isoformat()
    assert f"modified_since={quote(asked)}" in house.pretix.requests[0][0]


@pytest.fixture
def environment(postgres_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": SECRET_KEY,
        "PORT": "8123",
    }


def jobs(environment: dict[str, str], *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jobs", *words],
        cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_source_is_connected_and_read_from_the_command_line(
    pretix_server: Pretix, tenant: Tenant, environment: dict[str, str], house: House
) -> None:
    who = ("--tenant", str(tenant.tenant_id))
    add = ("pretix-add", *who, "--url", pretix_server.url, "--organizer", "auroragroup")
    added = jobs(environment, *add, "--name", "box", "--gate", "1=Gate North", typed=f"{TOKEN}\n")

    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout.startswith("Connected box: 3 events at The Hall.")
    [address] = re.findall(r"http://127\.0\.0\.1:8123(/api/v1/webhooks/pretix/[\w-]+/[\w-]+)\n", added.stdout)
    body = {"organizer": "auroragroup", "event": "nordlicht26", "code": "BAAKC", "action": "pretix.event.x"}
    assert house.client.post(address, json=body).status_code == 200
    again = jobs(environment, *add, "--name", "box", typed=TOKEN)
    assert (again.returncode, again.stderr.strip()) == (
        1,
        "There is a source named box already; choose another --name.",
    )

    read = jobs(environment, "pretix-backfill", *who, "--source", "box")
    assert (read.returncode, read.stdout) == (0, "")
    *_, last = read.stderr.splitlines()  # The bar says more than once how far it is when that takes long.
    assert re.fullmatch(r"█{28} 100%  1,066/1,066  \d+/s  ETA 0:00  \S+ checkins", last)
    assert house.rows("SELECT sum(inside)::int AS inside FROM event_totals WHERE tenant_id = %(tenant)s") == [
        {"inside": 95 + 103 + 43}
    ]


@pytest.mark.parametrize(
    ("change", "typed", "reason"),
    [
        ({"--url": "http://pretix.example"}, TOKEN, "https://"),
        ({"--url": "pretix.example"}, TOKEN, "not a web address"),
        ({"--name": "Box Office!"}, TOKEN, "a–z"),
        ({"--gate": "North"}, TOKEN, "NUMBER=NAME"),
        ({"--organizer": "somebody"}, TOKEN, "does not answer as expected: status 403"),
        ({"--venue": "nowhere"}, TOKEN, "Which venue?"),
        ({"--tenant": "nobody"}, TOKEN, "Which tenant?"),
        ({}, "", "standard input"),
        ({}, "wrong", "status 401"),
    ],
)
def test_what_cannot_be_connected_says_why(
    pretix_server: Pretix,
    tenant: Tenant,
    environment: dict[str, str],
    change: dict[str, str],
    typed: str,
    reason: str,
) -> None:
    options = {
        "--tenant": str(tenant.tenant_id), "--url": pretix_server.url, "--organizer": "auroragroup",
    } | change  # fmt: skip
    words = [word for pair in options.items() for word in pair]
    result = jobs(environment, "pretix-add", *words, typed=typed)

    assert result.returncode == 1
    assert reason in result.stderr
    assert TOKEN not in result.stderr + result.stdout


def test_an_unknown_source_and_an_unreachable_pretix_say_why(
    house: House, environment: dict[str, str], tenant: Tenant
) -> None:
    who = ("--tenant", str(tenant.tenant_id))
    unknown = jobs(environment, "pretix-backfill", *who, "--source", "nothing")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "There is no source named nothing.")

    house.pretix.faults = [Fault(99, 500)]
    away = jobs(environment, "pretix-backfill", *who, "--source", "aurora")
    assert (away.returncode, away.stderr.strip()) == (
        1,
        "Stopped: status 500. Run it again to go on from here.",
    )


def test_the_bar_shows_share_rate_and_remaining_time() -> None:
    bar = "█" * 7 + "·" * 21
    halfway = Progress("nordlicht26 orders", 250, 1000)
    assert describe(halfway, 50, 4.0) == f"{bar}  25%  250/1,000  50/s  ETA 0:15  nordlicht26 orders"
    assert describe(Progress("x", 0, 0), 0, 0.0) == f"{'█' * 28} 100%  0/0  0/s  ETA –  x"


def test_the_bar_is_drawn_over_itself_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    show(iter([Progress("a", 1, 2), Progress("b", 2, 2)]), screen)

    assert screen.getvalue().count("\r") == 3
    assert screen.getvalue().endswith("  b\n")
