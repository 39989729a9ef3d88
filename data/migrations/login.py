"""The application's user in PostgreSQL: made, and given its password, by the owner of the tables."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from data.database_login import application_url
from data.security import APP_ROLE

_LOCK = 7_305_812_605
"""Two processes that start at once must not make it at once."""

_RIGHTS = """
SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
       OR EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
                   WHERE m.member = own.oid AND r.rolname <> %s)
  FROM pg_roles own WHERE rolname = %s
"""


class LoginError(Exception):
    """The application has no user of its own that it could log in as; the text says what to do."""


def ensure(owner_url: str) -> None:
    """Let the application log in as its own user, with the password that follows from the owner's.

    Raises LoginError when the owner may not make users, when the server does not let that user in, or when
    somebody gave it rights that it must not have.
    """
    try:
        url = application_url(owner_url)
    except ValueError as error:
        raise LoginError(f"DATABASE_URL cannot be used: {error}") from error
    login = conninfo_to_dict(url)
    name = str(login["user"])
    refused = _refusal(url)
    if refused is not None:
        try:
            _make(owner_url, name, login.get("password"))
        except psycopg.errors.InsufficientPrivilege as error:
            raise LoginError(
                f"The application logs in to PostgreSQL as {name}, and the user of DATABASE_URL may not make"
                f" it ({error.diag.message_primary}). Give that user CREATEROLE, and the role {APP_ROLE} WITH"
                " ADMIN OPTION."
            ) from error
        refused = _refusal(url)
    if refused is not None:
        raise LoginError(
            f"PostgreSQL does not let the application's user {name} in ({refused}). DATABASE_URL must hold"
            " the owner's password itself, and pg_hba.conf must allow that user as it allows the owner."
        )
    with psycopg.connect(owner_url) as owner:
        found = owner.execute(_RIGHTS, [APP_ROLE, name]).fetchone()
    if found is None or found[0]:
        raise LoginError(
            f"The application's user {name} has rights that it must not have: drop it and start again."
        )


def _make(owner_url: str, name: str, password: object) -> None:
    user = sql.Identifier(name)
    with psycopg.connect(owner_url) as owner:
        # Hashed here: the server's log of statements must not hold it.
        hashed = owner.pgconn.encrypt_password(str(password).encode(), name.encode(), b"scram-sha-256")
        owner.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        secret = sql.Literal(hashed.decode()) if password else sql.SQL("NULL")
        if owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
            owner.execute(sql.SQL("CREATE ROLE {} NOINHERIT").format(user))
        owner.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(user, secret))
        owner.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP_ROLE), user))


def _refusal(url: str) -> str | None:
    """Why the application's user cannot log in and take its role; None when it can."""
    try:
        with psycopg.connect(url, options=f"-c role={APP_ROLE}", connect_timeout=10) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[-1]
    return None
