"""The worker's round of mails: to a real server, again when it fails, given up when it cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest

from config import Settings
from data import invitations, mails, password_resets
from data.access import Access
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.mail_links import MailLinks
from data.users import add_user
from jobs.mailing import Mailing
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.jobs.mail_server import MailServer, mail_server

FAR = timedelta(days=400)
PASSWORD = "a long and quiet night"


@dataclass
class Place:
    """A database of its own, for a round sends the mails of every tenant that it finds."""

    url: str
    database: Database
    tenant: Tenant
    settings: Settings
    owner: Access

    def mailing(self, **more: Any) -> Mailing:
        return Mailing(self.database, self.settings.model_copy(update=more), Event())

    def invite(self, name: str = "Ben") -> str:
        email = f"{uuid4().hex}@guest.example"
        links, now = MailLinks(self.settings.signing_key()), datetime.now(UTC)
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            invitations.invite(tenant, self.owner, links, email, name, "analyst", "all", [], now)
        return email

    def mail(self, email: str) -> dict[str, Any]:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            [row] = tenant.rows("SELECT * FROM mails WHERE recipient = %s", [email])
        return row

    def execute(self, query: str, *parameters: object) -> None:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            tenant.execute(query, parameters)


@pytest.fixture(scope="module")
def own_url(server_urls: Urls) -> Iterator[str]:
    with fresh_database(server_urls.database_url) as url:
        yield url


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as server:
        yield server


@pytest.fixture
def place(own_url: str, tmp_path: Path, server: MailServer) -> Iterator[Place]:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", **server.settings())
    tenant = new_tenant(own_url)
    with closing(Database(own_url, master=MasterKeys([MASTER_KEY]), max_size=2)) as database:
        with database.tenant(tenant.tenant_id) as connection:
            owner = add_user(connection, f"{uuid4().hex}@example.org", "Olga", "owner", PASSWORD)
        yield Place(own_url, database, tenant, settings, Access(tenant.tenant_id, "owner", owner))
        for tenant_id, mail_id in mails.due(database, datetime.now(UTC) + FAR):
            with database.tenant(tenant_id) as connection:
                mails.finish(connection, mail_id, "failed", datetime.now(UTC))


def recipients(server: MailServer) -> list[str]:
    return [address for _, addresses in server.received.envelopes for address in addresses]


def test_what_waits_is_sent_once_and_then_nothing_of_its_words_is_kept(
    place: Place, server: MailServer
) -> None:
    email, other = place.invite(), place.invite()
    for _ in range(2):
        place.mailing().work()
    assert sorted(recipients(server)) == sorted([email, other])
    body = server.received.mails[0].get_body(("plain",))
    assert body is not None
    assert "https://board.example/welcome/" in body.get_content()
    row = place.mail(email)
    assert (row["status"], row["sealed"], row["error"], row["attempts"]) == ("sent", None, None, 1)
    assert server.received.mails[0]["Message-ID"] != server.received.mails[1]["Message-ID"]


def test_while_the_server_is_away_one_mail_is_tried_and_all_go_when_it_is_back(
    place: Place, server: MailServer
) -> None:
    emails = [place.invite(), place.invite()]
    before = datetime.now(UTC)
    place.mailing(smtp_port=1).work()
    tried = [row for email in emails if (row := place.mail(email))["attempts"]]
    assert len(tried) == 1
    [row] = tried
    assert (row["status"], row["sealed"] is None) == ("waiting", False)
    assert "cannot be used" in row["error"]
    assert timedelta(seconds=14) < row["next_at"] - before < timedelta(seconds=60)
    with place.database.tenant(place.tenant.tenant_id) as tenant:
        assert [each.recipient for each in mails.troubles(tenant)] == [row["recipient"]]
    place.mailing().work()
    assert len(recipients(server)) == 1, "the other one; this one waits for its turn"
    place.execute("UPDATE mails SET next_at = now()")
    place.mailing().work()
    assert sorted(recipients(server)) == sorted(emails)
    with place.database.tenant(place.tenant.tenant_id) as tenant:
        assert mails.troubles(tenant) == []


def test_each_further_try_waits_twice_as_long_up_to_an_hour(place: Place) -> None:
    email = place.invite()
    waits = []
    for _ in range(12):
        place.execute("UPDATE mails SET next_at = now()")
        now = datetime.now(UTC) + timedelta(seconds=1)
        with place.database.tenant(place.tenant.tenant_id) as tenant:
            assert mails.claim(tenant, place.mail(email)["mail_id"], now) is not None
        waits.append(round((place.mail(email)["next_at"] - now).total_seconds()))
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]


def test_a_mail_that_is_refused_for_good_is_given_up_and_the_others_go(
    place: Place, server: MailServer
) -> None:
    refused, fine = place.invite(), place.invite()
    server.received.refused[refused] = "550 No such mailbox"
    place.mailing().work()
    row = place.mail(refused)
    assert (row["status"], row["sealed"]) == ("failed", None)
    assert row["error"] == "The address was refused: 550 No such mailbox"
    assert recipients(server) == [fine]
    with place.database.tenant(place.tenant.tenant_id) as tenant:
        [trouble] = mails.troubles(tenant)
        [listed] = [one for one in invitations.invitations(tenant, place.owner) if one.email == refused]
    assert (trouble.recipient, trouble.status, listed.mail) == (refused, "failed", "failed")


def test_a_mail_whose_time_is_over_is_not_sent(place: Place, server: MailServer) -> None:
    email = place.invite()
    place.execute("UPDATE mails SET expires_at = now()")
    place.mailing().work()
    row = place.mail(email)
    assert (row["status"], row["error"], row["sealed"]) == ("failed", "It was not sent in time.", None)
    assert recipients(server) == []


def test_a_name_that_cannot_stand_in_a_mail_stops_no_other(place: Place, server: MailServer) -> None:
    place.execute(
        "UPDATE users SET name = %s WHERE tenant_id = %s", "Eve\nBcc: x@y.example", place.tenant.tenant_id
    )
    bad = place.invite()
    place.execute("UPDATE users SET name = 'Olga' WHERE tenant_id = %s", place.tenant.tenant_id)
    fine = place.invite()
    place.mailing().work()
    assert place.mail(bad)["error"] == "It cannot be written as a mail."
    assert recipients(server) == [fine]


def test_words_of_one_mail_do_not_open_in_the_row_of_another(place: Place, server: MailServer) -> None:
    mine, victims = place.invite(), place.invite()
    place.execute(
        "UPDATE mails SET sealed = (SELECT sealed FROM mails WHERE recipient = %s) WHERE recipient = %s",
        victims,
        mine,
    )
    place.mailing().work()
    assert recipients(server) == [victims]


def test_a_worker_that_is_to_end_sends_no_further(place: Place, server: MailServer) -> None:
    place.invite()
    stop = Event()
    stop.set()
    Mailing(place.database, place.settings, stop).work()
    assert recipients(server) == []


def test_a_request_that_cannot_be_answered_keeps_nobody_else_waiting(
    place: Place, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.database.tenant(place.tenant.tenant_id) as tenant:
        add_user(tenant, "ada@forgot.example", "Ada", "analyst", PASSWORD)
    answer = password_resets.answer

    def broken(database: Database, links: Any, keys: Any, email: str, now: datetime) -> int:
        if email == "broken@forgot.example":
            raise RuntimeError("broken")
        return answer(database, links, keys, email, now)

    monkeypatch.setattr(password_resets, "answer", broken)
    for email in ("broken@forgot.example", "ada@forgot.example"):
        password_resets.ask(place.database, email)
    place.mailing().work()
    assert recipients(server) == ["ada@forgot.example"]
    assert password_resets.asked(place.database) == []


def test_what_is_over_is_forgotten(place: Place, server: MailServer, tmp_path: Path) -> None:
    old, fresh = place.invite(), place.invite()
    place.mailing().work()
    with place.database.tenant(place.tenant.tenant_id) as tenant:
        for minutes in (-1, 30):
            tenant.execute(
                "INSERT INTO password_resets"
                " (tenant_id, reset_id, user_id, secret_hash, created_at, expires_at)"
                " VALUES (%s, %s, %s, '', now(), now() + %s)",
                [tenant.tenant_id, uuid4(), UUID(int=9), timedelta(minutes=minutes)],
            )
    ago = datetime.now(UTC) - timedelta(days=31)
    place.execute("UPDATE mails SET finished_at = %s WHERE recipient = %s", ago, old)
    place.execute("UPDATE invitations SET expires_at = %s WHERE email = %s", ago, old)
    folder = place.settings.mail_folder
    folder.mkdir(parents=True)
    for name, at in (("old", ago.timestamp()), ("fresh", datetime.now(UTC).timestamp())):
        (folder / f"{name}.eml").write_text("x")
        os.utime(folder / f"{name}.eml", (at, at))
    place.mailing().forget()
    with place.database.tenant(place.tenant.tenant_id) as tenant:
        kept = [
            tenant.execute(query).fetchall()
            for query in (
                "SELECT recipient FROM mails",
                "SELECT email FROM invitations",
                "SELECT expires_at > now() FROM password_resets",
            )
        ]
    assert kept == [[(fresh,)], [(fresh,)], [(True,)]]
    assert [path.name for path in folder.iterdir()] == ["fresh.eml"]
