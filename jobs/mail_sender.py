"""Where mails go: to the server that is set, on a way that nobody else reads, or to files while none is."""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from config import Settings
from data.mails import Status

TIMEOUT_SECONDS = 20.0
"""How long each answer of the server is waited for."""
_LONGEST_REASON = 200


class NotSent(Exception):
    """A mail was not sent; the text says why. `final`: nor will it be, however often it is tried. `away`: nor
    will any other now."""

    def __init__(self, reason: str, *, final: bool = False, away: bool = False) -> None:
        super().__init__(reason)
        self.final, self.away = final, away


class Sender(Protocol):
    """Sends one mail after the other."""

    address: str
    """Where mails come from."""

    def send(self, message: EmailMessage, name: str) -> Status:
        """What became of the mail, whose `name` no other mail has. Raises NotSent."""
        ...


def sender_of(settings: Settings) -> Sender:
    """The server of these settings, or files in their folder."""
    return Server(settings) if settings.smtp_host else Folder(settings.mail_folder)


class Server:
    """An SMTP server; its certificate is checked unless the setting says that there is none."""

    def __init__(self, settings: Settings) -> None:
        assert settings.smtp_host is not None
        assert settings.smtp_from is not None
        self._settings, self._host = settings, settings.smtp_host
        self._hello = urlsplit(settings.origin).hostname
        self.address = settings.smtp_from

    def send(self, message: EmailMessage, name: str) -> Status:
        """Hand it over. Raises NotSent."""
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            [(code, said)] = refused.recipients.values()
            raise NotSent(_told("The address was refused", code, said), final=code >= 500) from None
        except smtplib.SMTPDataError as refused:
            told = _told("The mail was refused", refused.smtp_code, refused.smtp_error)
            raise NotSent(told, final=refused.smtp_code >= 500) from None
        except smtplib.SMTPNotSupportedError:
            raise NotSent("The mail server takes no such address.", final=True) from None
        except smtplib.SMTPResponseException as refused:
            told = _told("The mail server takes no mail from here", refused.smtp_code, refused.smtp_error)
            raise NotSent(told, away=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(_away(error), away=True) from None
        return "sent"

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        at = (self._host, settings.smtp_port, self._hello)
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*at, timeout=TIMEOUT_SECONDS, context=self._trusted())
        else:
            server = smtplib.SMTP(*at, timeout=TIMEOUT_SECONDS)
        try:
            if settings.smtp_security == "starttls":
                self._secure(server)
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password)
        except BaseException:
            server.close()
            raise
        return server

    def _secure(self, server: smtplib.SMTP) -> None:
        try:
            server.starttls(context=self._trusted())
        except smtplib.SMTPNotSupportedError:
            raise smtplib.SMTPException("it does not offer STARTTLS") from None

    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.smtp_ca_file)


class Folder:
    """A file for each mail, which nobody but the owner of the process reads: for looking, and for whoever
    hands links on by other means."""

    address = "housecount@localhost"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, name: str) -> Status:
        """Write it, whole or not at all. Raises NotSent."""
        path = self._folder / f"{name}.eml"
        draft = path.with_suffix(".draft")
        try:
            self._folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            draft.unlink(missing_ok=True)  # Of a process that was killed.
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(message.as_bytes())
            draft.replace(path)
        except OSError as error:
            raise NotSent(f"The file could not be written ({error.strerror}).", away=True) from None
        return "written"


def _told(what: str, code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{what}: {code} {' '.join(text.split())}"[:_LONGEST_REASON]


def _away(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the mail server is not trusted: {error.verify_message}"[:_LONGEST_REASON]
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"The mail server cannot be used: {' '.join(why.split())}"[:_LONGEST_REASON]
