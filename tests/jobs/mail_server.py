"""A real SMTP server for tests: STARTTLS or TLS with a certificate of its own, a name and a password."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "housecount", "a mail server's secret"


@dataclass
class Received:
    """What the server took, and how each came; `answer` is what it says to a mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    secure: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    answer: str = "250 OK"
    tls: bool = False
    """Whether every connection is secured from its first byte on."""
    refused: dict[str, str] = field(default_factory=dict)
    """Address → what is said to it in place of 250."""

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            made = message_from_bytes(envelope.content, policy=default)
            assert isinstance(made, EmailMessage)
            self.mails.append(made)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            self.secure.append(self.tls or session.ssl is not None)
            if session.auth_data is not None:
                self.users.append(session.auth_data.login.decode())
        return self.answer


@dataclass
class MailServer:
    """A server that runs, and the settings that lead to it."""

    received: Received
    port: int
    certificate: Path

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_from": "house@mail.example",
            "smtp_ca_file": self.certificate,
            "public_url": "https://board.example",
        } | more


@contextmanager
def mail_server(folder: Path, security: str = "starttls", *, signed_in: bool = False) -> Iterator[MailServer]:
    """One that takes mails by `starttls`, `tls` or `none`; with `signed_in` for who has a password."""
    certificate, key = self_signed(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def check(_: Any, __: Any, ___: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, auth_data=data, handled=False)

    received = Received(tls=security == "tls")
    options: dict[str, Any] = {"enable_SMTPUTF8": True}
    if signed_in:
        options |= {"auth_required": True, "authenticator": check, "auth_require_tls": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        received,
        hostname="127.0.0.1",
        port=port,
        ssl_context=context if security == "tls" else None,
        **options,
    )
    controller.start()
    try:
        yield MailServer(received, port, certificate)
    finally:
        controller.stop()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """One that nobody but who is given it trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "mail.pem", folder / "mail.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private
