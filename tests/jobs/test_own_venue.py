"""Tenants, venues and users by command line, as docs/operations.md tells it."""

from __future__ import annotations

import base64
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import httpx
import pytest

from data.accounts import Accounts
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.passwords import EASILY_GUESSED
from data.seed import seed_demo
from jobs.__main__ import main
from tests.conftest import MASTER_KEY, fresh_database
from tests.test_launch import housecount

ROOT = Path(__file__).parents[2]
PASSWORD = "a long and quiet night"
HALL = ("--id", "hall", "--name", "The Hall", "--zone", "Europe/London", "--currency", "GBP", "--capacity")
ADA = ("--email", "ada@example.org")


class Commands:
    """`python -m jobs` on a database of its own."""

    def __init__(self, url: str, redis_url: str, data_dir: Path) -> None:
        self._url = url
        self._environment = os.environ | {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(data_dir),
            "DEMO": "false",
            "COLUMNS": "200",
        }

    @cached_property
    def database(self) -> Database:
        return Database(self._url, master=MasterKeys([MASTER_KEY]))

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.database, idle=timedelta(hours=1), absolute=timedelta(hours=1))

    def __call__(self, *words: str, typed: str = "") -> tuple[int, str]:
        """The exit status, and what was said on either output."""
        result = subprocess.run(
            [sys.executable, "-m", "jobs", *words],
            cwd=ROOT,
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        return result.returncode, result.stdout + result.stderr

    def do(self, *words: str, typed: str = "") -> str:
        status, said = self(*words, typed=typed)
        assert status == 0, said
        return said


@pytest.fixture
def jobs(server_urls: Urls, redis_url: str, tmp_path: Path) -> Iterator[Commands]:
    with fresh_database(server_urls.database_url) as url:
        commands = Commands(url, redis_url, tmp_path)
        yield commands
        commands.database.close()


def shell_blocks() -> list[str]:
    text = (ROOT / "docs/operations.md").read_text()
    section = text.split("## Your own venue in five commands\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def test_the_documented_commands_lead_from_an_empty_folder_to_a_message_seen(tmp_path: Path) -> None:
    start, commands = shell_blocks()
    assert start == "DEMO=false make run\n"
    assert len(commands.splitlines()) == 5
    with housecount(tmp_path / "data", DEMO="false") as running:
        script = commands.replace(".venv/bin/python", sys.executable)
        script = script.replace("http://127.0.0.1:8050", running.url)
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(tmp_path / "data"), "DEMO": "false"},
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert '"status":"accepted"' in done.stdout
        with httpx.Client(base_url=running.url, follow_redirects=True) as browser:
            form = re.search(r'name="csrf" value="([^"]+)"', browser.get("/login").text)
            assert form
            sent = {"email": "ada@riverside.example", "password": PASSWORD, "csrf": form[1]}
            page = browser.post("/login", data=sent)
    assert (page.status_code, page.url.path) == (200, "/")
    assert "my-night" in page.text
    assert re.search(r'data-read="inside"[^>]*>1<', page.text)
    assert "mark demo" not in page.text


def test_what_was_made_is_listed(jobs: Commands) -> None:
    jobs.do("tenant", "create", "riverside", "--name", "Riverside Trust")
    jobs.do("venue", "create", *HALL, "1200", "--day-starts", "05:30")
    jobs.do("user", "create", "--email", "Ada@Example.org", "--name", "Ada", "--role", "door", typed=PASSWORD)
    assert re.fullmatch(r"\S{36}  riverside            Riverside Trust\n", jobs.do("tenant", "list"))
    assert jobs.do("venue", "list").split() == (
        ["hall", "Europe/London", "GBP", "1,200", "people,", "days", "from", "05:30", "The", "Hall"]
    )
    assert jobs.do("user", "list").split() == ["ada@example.org", "door", "active", "Ada"]


def test_a_tenant_is_found_before_it_has_a_venue_and_has_to_be_named_beside_another(jobs: Commands) -> None:
    jobs.do("tenant", "create", "one", "--name", "One")
    assert jobs.do("token", "create", "box office").startswith("hc_")
    jobs.do("tenant", "create", "two", "--name", "Two")
    refused = jobs("venue", "create", *HALL, "10")
    assert refused == (2, "Which tenant? Say --tenant. There are: one, two.\n")
    jobs.do("venue", "create", "--tenant", "two", *HALL, "10")
    assert jobs.do("venue", "list", "--tenant", "one") == ""
    for words in (["token", "--tenant", "two", "list"], ["token", "list", "--tenant", "two"]):
        assert jobs.do(*words) == ""
    assert jobs.do("token", "list", "--tenant", "one").endswith(" box office\n")
    assert jobs("signing-key", "list") == refused
    assert jobs("user", "list", "--tenant", "three") == (
        2,
        "There is no tenant three. There are: one, two.\n",
    )


def test_a_token_may_what_it_was_made_for_as_long_as_was_said(jobs: Commands) -> None:
    jobs.do("tenant", "create", "one", "--name", "One")
    jobs.do("token", "create", "till")
    jobs.do("token", "create", "office", "--may", "read", "--may", "write", "--days", "30")
    till, office = jobs.do("token", "list").splitlines()
    assert re.fullmatch(r"\S{36}  active   send +never used +till", till)
    ends = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    assert re.fullmatch(rf"\S{{36}}  active   read,write +never used +office, until {ends} \S+ UTC", office)
    for days in ("0", "-3", "9999", "x"):
        status, said = jobs("token", "create", "wrong", "--days", days)
        assert (status, "hc_" in said) == (2, False)
    assert len(jobs.do("token", "list").splitlines()) == 2


def test_a_signing_key_is_made_listed_and_revoked(jobs: Commands) -> None:
    jobs.do("tenant", "create", "one", "--name", "One")
    name, secret = jobs.do("signing-key", "create", "shop", "--may", "send", "read", "--days", "30").split()
    assert name.startswith("hk_")
    assert len(base64.b64decode(secret)) == 32
    [listed] = jobs.do("signing-key", "list").splitlines()
    assert re.fullmatch(r"\S{36}  active   read,send +never used +shop, until \S+ \S+ UTC", listed)
    jobs.do("signing-key", "revoke", listed.split()[0])
    assert "  revoked  " in jobs.do("signing-key", "list")
    assert jobs("signing-key", "revoke", listed.split()[0]) == (2, "There is no such active key.\n")


def test_a_tenant_of_ones_own_lives_beside_the_demo(jobs: Commands, tmp_path: Path) -> None:
    seed_demo(jobs.database, tmp_path, datetime.now(UTC))
    jobs.do("tenant", "create", "riverside", "--name", "Riverside Trust")
    listed = [line[38:] for line in jobs.do("tenant", "list").splitlines()]
    assert listed == ["demo                 Demo venues  (demo)", "riverside            Riverside Trust"]
    assert jobs("tenant", "create", "demo", "--name", "Mine")[0] == 2


def test_what_is_there_already_is_refused_and_left_as_it_is(jobs: Commands) -> None:
    jobs.do("tenant", "create", "one", "--name", "One")
    jobs.do("venue", "create", *HALL, "10")
    jobs.do("user", "create", *ADA, "--name", "Ada", "--role", "owner", typed=PASSWORD)
    assert jobs("tenant", "create", "one", "--name", "Uno") == (2, "There is a tenant one already.\n")
    assert jobs("venue", "create", *HALL, "20") == (2, "There is a venue hall already.\n")
    again = jobs("user", "create", *ADA, "--name", "Eve", "--role", "door", typed="another long one")
    assert again == (2, "There is a user ada@example.org already.\n")
    assert "10 people" in jobs.do("venue", "list")
    assert jobs.accounts.sign_in("ada@example.org", PASSWORD) is not None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("tenant create River_Side --name x", "'River_Side' is no slug"),
        ("tenant create x --name ''", "a name has 1 to 200 printable characters"),
        (
            "venue create --zone Europe/Londn",
            "'Europe/Londn' is no IANA time zone, did you mean Europe/London?",
        ),
        ("venue create --zone GMT+1", "'GMT+1' is no IANA time zone"),
        ("venue create --currency EURO", "'EURO' is no ISO 4217 currency, such as EUR"),
        ("venue create --capacity 0", "'0' is no whole number from 1 to 10,000,000"),
        ("venue create --capacity many", "'many' is no whole number from 1 to 10,000,000"),
        ("venue create --day-starts 6am", "'6am' is no time of the day, such as 06:00"),
        ("user create --email ada", "'ada' is no e-mail address"),
        ("user create --role boss", "invalid choice: 'boss'"),
        ("user create --password secret", "the following arguments are required"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    words: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(shlex.split(words))
    assert refusal.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "A password has 12 to 1024 characters; this one 5.\n"),
        ("x" * 1025, "A password has 12 to 1024 characters; this one 1025.\n"),
        ("", "A password has 12 to 1024 characters; this one 0.\n"),
        ("my name is Ada, yes", "A password must not contain the name in the e-mail address.\n"),
        ("HouseCount-2026!", "A password must not contain the name of this product.\n"),
        (
            "qwertyuiop12",
            f"{EASILY_GUESSED}\n",
        ),
    ],
)
def test_a_weak_password_is_refused(jobs: Commands, password: str, reason: str) -> None:
    jobs.do("tenant", "create", "one", "--name", "One")
    refused = jobs("user", "create", *ADA, "--name", "Ada", "--role", "owner", typed=password)
    assert refused == (2, reason)
    assert jobs.do("user", "list") == ""


def test_another_password_and_being_disabled_end_every_session(jobs: Commands) -> None:
    jobs.do("tenant", "create", "one", "--name", "One")
    jobs.do("user", "create", *ADA, "--name", "Ada", "--role", "owner", typed=f"{PASSWORD}\r\n")
    session = jobs.accounts.sign_in("ada@example.org", PASSWORD)
    assert session is not None
    assert jobs.accounts.person(session) is not None
    jobs.do("user", "password", *ADA, typed="another quiet night\n")
    assert jobs.accounts.person(session) is None
    assert jobs.accounts.sign_in("ada@example.org", PASSWORD) is None
    session = jobs.accounts.sign_in("ada@example.org", "another quiet night")
    assert session is not None

    jobs.do("user", "disable", *ADA)
    assert jobs.accounts.person(session) is None
    assert jobs.accounts.sign_in("ada@example.org", "another quiet night") is None
    assert jobs.do("user", "list").split()[2] == "disabled"
    jobs.do("user", "enable", *ADA)
    assert jobs.accounts.person(session) is None
    assert jobs.accounts.sign_in("ada@example.org", "another quiet night") is not None
    assert jobs("user", "disable", "--email", "eve@example.org") == (
        2,
        "There is no user eve@example.org.\n",
    )


def test_a_database_that_cannot_be_used_is_told_without_a_traceback(redis_url: str, tmp_path: Path) -> None:
    commands = Commands("postgresql://nobody@127.0.0.1:1/nothing", redis_url, tmp_path)
    status, said = commands("tenant", "list")
    assert status == 2
    assert "The database cannot be used" in said
    assert "Traceback" not in said
