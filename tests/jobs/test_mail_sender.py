"""Sending mails to a real server, by each way there is, and to files while there is none."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from config import Settings
from data.mails import Kind, Mail
from jobs import mail_sender
from jobs.mail_sender import Folder, NotSent, Server, sender_of
from jobs.mail_words import message
from tests.jobs.mail_server import PASSWORD, USER, MailServer, mail_server

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
ORIGIN = "https://board.example"


def mail(kind: Kind = "invitation", recipient: str = "ben@guest.example", **content: str) -> Mail:
    told = {"name": "Ben", "token": "TOKEN", "by": "Ada Byron", "change": "on"}
    told |= {"webhook": "Box office", "id": "ID", "why": "gone"} | content
    return Mail(uuid4(), kind, recipient, 1, NOW, NOW + timedelta(days=7), "The Hall", told)


def made(**more: Any) -> EmailMessage:
    return message(mail(**more), ORIGIN, "house@mail.example")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as server:
        yield server


def sender(server: MailServer, **more: Any) -> Server:
    return Server(Settings(_env_file=None, **server.settings(**more)))


def test_a_mail_goes_by_starttls_to_whom_it_is_for(server: MailServer) -> None:
    assert sender(server).send(made(name="Bén"), "one") == "sent"
    [got], received = server.received.mails, server.received
    assert (received.envelopes, received.secure) == ([("house@mail.example", ["ben@guest.example"])], [True])
    assert (got["To"], got["From"]) == ("ben@guest.example", "Housecount <house@mail.example>")
    assert got["Subject"] == "Ada Byron invites you to The Hall"
    assert got["Auto-Submitted"] == "auto-generated"
    body = got.get_body(("plain",))
    assert body is not None
    assert "Hello Bén," in body.get_content()
    assert f"{ORIGIN}/welcome/TOKEN" in body.get_content()
    assert "until 8 May 2026, 12:30 UTC" in body.get_content()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # It takes TLS for STARTTLS.
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_signs_in_where_the_server_wants_that(tmp_path: Path, security: str) -> None:
    with mail_server(tmp_path, security, signed_in=True) as server:
        ways = {"smtp_security": security, "smtp_user": USER}
        assert sender(server, **ways, smtp_password=PASSWORD).send(made(), "one") == "sent"
        assert (server.received.users, server.received.secure) == ([USER], [True])
        with pytest.raises(NotSent, match=r"takes no mail from here: 535") as caught:
            sender(server, **ways, smtp_password="wrong").send(made(), "two")
        assert (caught.value.away, caught.value.final) == (True, False)
        assert "wrong" not in str(caught.value)


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    server: MailServer, tmp_path: Path
) -> None:
    for settings in ({"smtp_ca_file": None}, {"smtp_host": "localhost"}):
        with pytest.raises(NotSent, match="certificate of the mail server is not trusted") as caught:
            sender(server, **settings).send(made(), "one")
        assert caught.value.away
    with mail_server(tmp_path, "tls") as other, pytest.raises(NotSent, match="not trusted"):
        sender(other, smtp_security="tls", smtp_ca_file=None).send(made(), "one")
    assert server.received.mails == other.received.mails == []


def test_a_server_without_starttls_gets_nothing_unless_it_is_told_so(tmp_path: Path) -> None:
    with mail_server(tmp_path, "none") as server:
        with pytest.raises(NotSent, match="does not offer STARTTLS") as caught:
            sender(server).send(made(), "one")
        assert caught.value.away
        assert server.received.mails == []
        assert sender(server, smtp_security="none").send(made(), "two") == "sent"
        assert server.received.secure == [False]


@pytest.mark.parametrize(
    ("answer", "final"), [("550 No such mailbox", True), ("450 Come\x01 back later", False)]
)
def test_an_address_or_a_mail_that_is_refused_is_final_when_the_server_says_so(
    server: MailServer, answer: str, final: bool
) -> None:
    server.received.refused["ben@guest.example"] = answer
    with pytest.raises(NotSent, match=r"The address was refused: \d50") as caught:
        sender(server).send(made(), "one")
    assert (caught.value.final, caught.value.away) == (final, False)
    server.received.refused.clear()
    server.received.answer = answer
    with pytest.raises(NotSent, match=r"The mail was refused: \d50") as caught:
        sender(server).send(made(), "one")
    assert (caught.value.final, caught.value.away) == (final, False)


def test_a_server_that_is_not_there_or_says_nothing_is_away(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(mail_sender, "TIMEOUT_SECONDS", 0.2)
        port = silent.getsockname()[1]
        with pytest.raises(NotSent, match="timed out") as caught:
            sender(server, smtp_port=port).send(made(), "one")
        assert caught.value.away
    with pytest.raises(NotSent, match="cannot be used: Connection refused") as caught:
        sender(server, smtp_port=port).send(made(), "one")
    assert caught.value.away


def test_without_a_server_a_mail_is_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")
    files = sender_of(settings)
    assert isinstance(files, Folder)
    assert files.send(message(mail(), ORIGIN, files.address), "20260501-invitation") == "written"
    [path] = settings.mail_folder.iterdir()
    assert path.name == "20260501-invitation.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    got = message_from_bytes(path.read_bytes(), policy=default)
    assert got["To"] == "ben@guest.example"
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSent, match="could not be written"):
        Folder(tmp_path / "file").send(made(), "one")


INJECTED = ("Ada\r\nBcc: all@victims.example", "Ada\nBcc: all@victims.example", "Ada\rBcc: x@y.example")


@pytest.mark.parametrize("name", INJECTED)
def test_no_name_and_no_address_makes_a_header(name: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|CR or LF"):
        made(by=name)
    for address in (f"ben@guest.example{name[3:]}", "ben@guest.example, all@victims.example", "<ben@x> y"):
        with pytest.raises((ValueError, MessageError)):
            made(recipient=address)
    calm = made(name=name)  # In the text a line is a line.
    assert calm["Bcc"] is None
    assert calm.get_all("To") == ["ben@guest.example"]


@pytest.mark.parametrize(
    "kind", ["invitation", "reset", "password-changed", "factor-changed", "webhook-disabled"]
)
def test_what_is_said_is_said_twice_and_fetches_nothing_from_anywhere(kind: Kind) -> None:
    got = made(kind=kind, name='<img src="https://evil.example/x">', by="Ada & <b>Byron</b>")
    plain, html = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert html is not None
    text = html.get_content()
    assert not re.search(r"<(img|script|link|iframe|style|object)\b|url\(|@import", text)
    assert set(re.findall(r'(?:href|src)="([^"]+)"', text)) <= {
        f"{ORIGIN}/welcome/TOKEN",
        f"{ORIGIN}/reset/TOKEN",
        f"{ORIGIN}/webhooks/ID",
    }
    assert "&lt;img src=" in text
    assert "The Hall" in plain.get_content()
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]
