"""Forgotten passwords: asked for by anybody, answered by the worker, spent by whoever has the mail.

Asking writes down what was typed and looks at nothing: a stranger learns nothing from the answer or from how
long it takes, for whether there is such an account is found out later, elsewhere. A link works once, for an
hour, and as long as the account has the same e-mail and password and is not shut out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from data import mails
from data.audit_entry import HOUSE, Actor, Entry, Keys
from data.audit_log import write_entries
from data.engine import Database, TenantConnection
from data.mail_links import DeadLink, MailLinks, Token
from data.users import is_email, set_password

LIFE = timedelta(hours=1)
MOST_LIVE = 3
"""Links of one account at a time, whatever counts how often somebody asks."""
MOST_WAITING = 1_000
"""Requests that wait for the worker: what is more is passed over."""
ACTION = "ask-reset"


@dataclass(frozen=True, slots=True)
class Forgetful:
    """Whose password a link sets."""

    user_id: UUID
    email: str
    name: str


def ask(database: Database, email: str) -> None:
    """Have the worker look whose e-mail this is. Raises DatabaseUnavailable."""
    email = email.strip().lower()
    if not is_email(email):
        return  # What nobody can have as an e-mail tells nothing by its way.
    with database.tenant(HOUSE) as house:
        house.execute(
            "INSERT INTO reset_requests (tenant_id, request_id, email) SELECT %(house)s, %(id)s, %(email)s"
            " WHERE (SELECT count(*) FROM reset_requests WHERE tenant_id = %(house)s) < %(most)s",
            {"house": HOUSE, "id": uuid4(), "email": email, "most": MOST_WAITING},
        )


def asked(database: Database) -> list[tuple[UUID, str]]:
    """The requests that wait: id and e-mail. Raises DatabaseUnavailable."""
    with database.tenant(HOUSE) as house:
        rows = house.execute(
            "SELECT request_id, email FROM reset_requests WHERE tenant_id = %s ORDER BY created_at", [HOUSE]
        )
        return [(request_id, email) for request_id, email in rows]


def answer(database: Database, links: MailLinks, keys: Keys, email: str, now: datetime) -> int:
    """Give each account with this e-mail a link by mail; how many. Raises DatabaseUnavailable."""
    with database.login(email) as connection:
        users = connection.execute(
            "SELECT tenant_id, user_id FROM users WHERE email = %s AND disabled_at IS NULL", [email]
        ).fetchall()
    given = 0
    for tenant_id, user_id in users:
        with database.tenant(tenant_id) as tenant:
            given += _give(tenant, links, keys, user_id, now)
    return given


def answered(database: Database, request_id: UUID) -> None:
    """The request waits no more. Raises DatabaseUnavailable."""
    with database.tenant(HOUSE) as house:
        house.execute(
            "DELETE FROM reset_requests WHERE tenant_id = %s AND request_id = %s", [HOUSE, request_id]
        )


def opened(tenant: TenantConnection, links: MailLinks, token: Token, now: datetime) -> Forgetful:
    """Whose password this link sets; nothing is changed. Raises DeadLink."""
    rows = tenant.rows(
        "SELECT r.secret_hash, u.user_id, u.email, u.name, u.password_hash FROM password_resets r"
        " JOIN users u ON u.tenant_id = r.tenant_id AND u.user_id = r.user_id"
        " WHERE r.tenant_id = %s AND r.reset_id = %s AND r.expires_at > %s AND u.disabled_at IS NULL"
        " FOR UPDATE OF r",
        [tenant.tenant_id, token.row_id, now],
    )
    if not rows or not links.is_kept(bytes(rows[0]["secret_hash"]), token, *_state(rows[0])):
        raise DeadLink
    return Forgetful(rows[0]["user_id"], rows[0]["email"], rows[0]["name"])


def use(
    tenant: TenantConnection, links: MailLinks, token: Token, password: str, now: datetime
) -> tuple[Forgetful, list[UUID]]:
    """Set the password; whose, and the sessions that this ended, all of theirs. Of two who use a link at once
    one does. Raises DeadLink."""
    found = opened(tenant, links, token, now)
    return found, set_password(tenant, found.user_id, password)


def forget(tenant: TenantConnection, now: datetime) -> None:
    """Remove links whose time is over."""
    tenant.execute(
        "DELETE FROM password_resets WHERE tenant_id = %s AND expires_at < %s", [tenant.tenant_id, now]
    )


def _give(tenant: TenantConnection, links: MailLinks, keys: Keys, user_id: UUID, now: datetime) -> bool:
    rows = tenant.rows(
        "SELECT u.user_id, u.email, u.name, u.password_hash FROM users u"
        " JOIN tenants t ON t.tenant_id = u.tenant_id WHERE u.tenant_id = %(tenant)s AND u.user_id = %(user)s"
        " AND u.disabled_at IS NULL AND NOT t.demo"  # Everybody knows that of the demo, and nobody sets it.
        " AND (SELECT count(*) FROM password_resets WHERE tenant_id = %(tenant)s AND user_id = %(user)s"
        " AND expires_at > %(now)s) < %(most)s FOR UPDATE OF u",
        {"tenant": tenant.tenant_id, "user": user_id, "now": now, "most": MOST_LIVE},
    )
    if not rows:
        return False
    [user] = rows
    token = links.new("reset", tenant.tenant_id, uuid4())
    tenant.execute(
        "INSERT INTO password_resets (tenant_id, reset_id, user_id, secret_hash, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            token.row_id,
            user_id,
            links.kept(token, *_state(user)),
            now,
            now + LIFE,
        ],
    )
    content = {"name": user["name"], "token": links.text(token)}
    mails.put(tenant, "reset", user["email"], content, now, until=now + LIFE, about=token.row_id)
    write_entries(tenant, keys, [Entry(Actor("job"), "job", ACTION, object=f"user:{user_id}")])
    return True


def _state(user: dict[str, Any]) -> tuple[str, str]:
    """What has to be as it was when the link was made."""
    return user["email"], user["password_hash"]
