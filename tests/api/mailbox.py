"""The mails of an application that has no mail server: the worker's round writes them to its folder."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Event
from typing import Literal

from flask import Flask

from app import SERVICES
from data.engine import Database
from jobs.mailing import Mailing


class Mailbox:
    """Does what the worker does, and reads what it wrote."""

    def __init__(self, server: Flask, database: Database) -> None:
        self._settings = server.extensions[SERVICES].settings
        self._mailing = Mailing(database, self._settings, Event())

    def to(self, email: str) -> list[EmailMessage]:
        """Everything that ever went to this address, the oldest first."""
        self._mailing.work()
        paths = sorted(self._settings.mail_folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        made = [message_from_bytes(path.read_bytes(), policy=default) for path in paths]
        return [each for each in made if isinstance(each, EmailMessage) and each["To"] == email]

    def subjects(self, email: str) -> list[str]:
        """What these mails are about."""
        return [str(each["Subject"]) for each in self.to(email)]

    def path(self, email: str, kind: Literal["welcome", "reset"]) -> str:
        """Where the link of the newest such mail leads on this server."""
        found = re.findall(rf"http://127\.0\.0\.1:8050(/{kind}/\S+)", "\n".join(map(plain, self.to(email))))
        assert found
        return str(found[-1])


def plain(mail: EmailMessage) -> str:
    """The text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
