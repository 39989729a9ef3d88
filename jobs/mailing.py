"""The worker's round of mails: requests for another password get their links, mails that are due are sent.

No connection to the database is held while a mail server is waited for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.errors import MessageError
from pathlib import Path
from threading import Event
from uuid import UUID

import structlog

from config import Settings
from data import invitations, mails, password_resets
from data.audit_entry import Keys
from data.engine import Database, DatabaseUnavailable
from data.mail_links import MailLinks
from data.mails import Mail, Status
from data.tenants import list_tenants
from jobs.mail_sender import NotSent, Sender, sender_of
from jobs.mail_words import message

log = structlog.stdlib.get_logger("mails")


class Mailing:
    """Everything about mails that the worker does. All methods raise DatabaseUnavailable."""

    def __init__(
        self, database: Database, settings: Settings, stop: Event, sender: Sender | None = None
    ) -> None:
        self._database, self._stop = database, stop
        self._sender = sender or sender_of(settings)
        self._origin, self._folder = settings.origin, settings.mail_folder
        self._links, self._keys = MailLinks(settings.signing_key()), Keys(settings.audit_keys())

    def work(self) -> None:
        """One round. While the mail server is away the rest of it waits."""
        self._answer()
        for tenant_id, mail_id in mails.due(self._database, datetime.now(UTC)):
            if self._stop.is_set() or not self._deliver(tenant_id, mail_id):
                return

    def forget(self) -> None:
        """Remove links and mails whose time is over."""
        now = datetime.now(UTC)
        for known in list_tenants(self._database):
            with self._database.tenant(known["tenant_id"]) as tenant:
                invitations.forget(tenant, now)
                password_resets.forget(tenant, now)
                mails.forget(tenant, now)
        _remove_files(self._folder, now)

    def _answer(self) -> None:
        for request_id, email in password_resets.asked(self._database):
            try:
                password_resets.answer(self._database, self._links, self._keys, email, datetime.now(UTC))
            except DatabaseUnavailable:
                raise
            except Exception:  # One that cannot be answered keeps nobody else waiting.
                log.exception("a request for another password could not be answered")
            password_resets.answered(self._database, request_id)

    def _deliver(self, tenant_id: UUID, mail_id: UUID) -> bool:
        """Whether it makes sense to go on with the next one."""
        with self._database.tenant(tenant_id) as tenant:
            mail = mails.claim(tenant, mail_id, datetime.now(UTC))
        if mail is None:
            return True
        outcome, refusal = self._sent(mail)
        told = None if refusal is None else str(refusal)
        with self._database.tenant(tenant_id) as tenant:
            if outcome == "waiting":
                mails.note(tenant, mail_id, str(told))
            else:
                mails.finish(tenant, mail_id, outcome, datetime.now(UTC), told)
        log.info(
            "mail", mail=str(mail_id), kind=mail.kind, attempt=mail.attempts, outcome=outcome, reason=told
        )
        return refusal is None or not refusal.away

    def _sent(self, mail: Mail) -> tuple[Status, NotSent | None]:
        """What became of it, and why it was not sent."""
        try:
            made = message(mail, self._origin, self._sender.address)
            return self._sender.send(made, _name(mail)), None
        except NotSent as refusal:
            return "failed" if refusal.final else "waiting", refusal
        except (ValueError, MessageError):
            return "failed", NotSent("It cannot be written as a mail.", final=True)


def _name(mail: Mail) -> str:
    return f"{mail.created_at:%Y%m%dT%H%M%SZ}-{mail.kind}-{mail.mail_id}"


def _remove_files(folder: Path, now: datetime) -> None:
    """Mails that were written to files go as their rows do."""
    for path in folder.glob("*.eml"):
        if now.timestamp() - path.stat().st_mtime > mails.REMEMBERED.total_seconds():
            path.unlink(missing_ok=True)
