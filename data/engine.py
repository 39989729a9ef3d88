"""Connections: every statement runs inside one tenant's transaction, as a role that owns nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from data.database_login import application_url
from data.security import APP_ROLE

if TYPE_CHECKING:
    from data.answer_store import AnswerStore
    from data.keys import MasterKeys

Parameters = Sequence[Any] | dict[str, Any] | None
WAIT_SECONDS = 2.0
IDLE_SECONDS = 15.0
"""How long a connection beyond the first is kept for nobody: each costs the server some 40 MB."""
_TIMEOUTS = "-c lock_timeout=10s -c statement_timeout=60s"

_AS_USUAL = sql.SQL("BEGIN")
_SNAPSHOT = sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


class DatabaseUnavailable(Exception):
    """PostgreSQL is away, broke off or took too long: nothing of the transaction holds, try again later."""


REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What PostgreSQL raises for rows that it will not store, however often they are sent."""


class TenantConnection:
    """One open transaction of one tenant. Every query also names the tenant in its parameters,
    because a policy alone never prunes partitions or shards."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        tenant_id: UUID,
        answers: AnswerStore | None = None,
        master: MasterKeys | None = None,
    ) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.answers = answers
        self.master = master

    def execute(self, query: str, parameters: Parameters = None) -> psycopg.Cursor[Any]:
        """Run one statement; the cursor yields tuples."""
        cursor: psycopg.Cursor[Any] = self.connection.execute(query, parameters)
        return cursor

    def rows(self, query: str, parameters: Parameters = None) -> list[dict[str, Any]]:
        """All rows of one statement as dicts by column name."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def cursor(self, **options: Any) -> psycopg.Cursor[Any]:
        """A cursor of the underlying connection, e.g. with another row factory."""
        cursor: psycopg.Cursor[Any] = self.connection.cursor(**options)
        return cursor


class Database:
    """A pool of connections of the application's own user, which have its role from their first byte on."""

    def __init__(
        self,
        url: str,
        *,
        min_size: int = 1,
        max_size: int = 8,
        wait_seconds: float = WAIT_SECONDS,
        master: MasterKeys | None = None,
    ) -> None:
        """`url` is the owner's address or the application's; nobody logs in as the owner here."""
        self.master = master
        """What opens the tenants' keys; without it, whatever needs one of them fails."""
        self.answers: AnswerStore | None = None
        """Where answers to questions are kept; each process sets it that wants them kept."""
        self.pool = ConnectionPool(
            _conninfo(url),
            min_size=min_size,
            max_size=max_size,
            timeout=wait_seconds,
            max_idle=IDLE_SECONDS,
            reconnect_timeout=0,  # Never give up: the next caller tries again, without a restart.
            kwargs={"autocommit": True},  # `_begun` sends BEGIN itself, along with what has to come first.
            open=True,
        )

    @contextmanager
    def tenant(self, tenant_id: UUID, *, snapshot: bool = False) -> Iterator[TenantConnection]:
        """One transaction that sees one tenant; commits on exit, rolls back on any error.

        With `snapshot` it only reads, and all its statements see the tables as the first one did.
        Raises DatabaseUnavailable when PostgreSQL is away or goes away half-way.
        """
        mode = _SNAPSHOT if snapshot else _AS_USUAL
        with self._transaction("app.tenant_id", str(UUID(str(tenant_id))), mode) as connection:
            yield TenantConnection(connection, tenant_id, self.answers, self.master)

    @contextmanager
    def login(self, email: str) -> Iterator[psycopg.Connection[Any]]:
        """One transaction that may read the users with exactly this lower-case e-mail, nothing else."""
        with self._transaction("app.login_email", email) as connection:
            yield connection

    @contextmanager
    def identified(self, identity: str) -> Iterator[psycopg.Connection[Any]]:
        """One transaction that may read whom this identity at the OpenID provider is bound to."""
        with self._transaction("app.login_identity", identity) as connection:
            yield connection

    @contextmanager
    def job(self, table: str) -> Iterator[psycopg.Connection[Any]]:
        """One transaction of a background job that may read all tenants' rows of one table that a
        policy opens to jobs, to learn whose work there is; nothing else."""
        with self._transaction("app.job", table) as connection:
            yield connection

    @contextmanager
    def _transaction(
        self, name: str, value: str, begin: sql.SQL = _AS_USUAL
    ) -> Iterator[psycopg.Connection[Any]]:
        # SET LOCAL and not set_config(): the latter does not reach the workers of a cluster.
        setting = sql.SQL("{}; SET LOCAL {} = {}").format(
            begin, sql.Identifier(*name.split(".")), sql.Literal(value)
        )
        try:
            connection = self._begun(setting)
            try:
                with connection:
                    yield connection
            finally:
                self.pool.putconn(connection)
        except (PoolTimeout, psycopg.OperationalError) as error:
            if _is_refusal(error):
                raise
            raise DatabaseUnavailable(str(error)) from error

    def _begun(self, beginning: sql.Composed) -> psycopg.Connection[Any]:
        """A connection on which a transaction has begun, by one round trip: one that broke while nobody used
        it is found out by this, when nothing was asked of it yet, and another is taken."""
        deadline = time.monotonic() + self.pool.timeout
        while True:
            connection = self.pool.getconn(max(0.0, deadline - time.monotonic()))
            try:
                connection.execute(beginning)
            except BaseException as error:
                self.pool.putconn(connection)  # Which throws it away when it is broken.
                if not (isinstance(error, psycopg.OperationalError) and connection.closed):
                    raise
            else:
                return connection

    def close(self) -> None:
        """Close every connection; transactions under way are rolled back."""
        self.pool.close()


def _conninfo(url: str) -> str:
    """How sessions start: as the application's user, which can only take on the application's role. The URL's
    own options win over our timeouts, never over the role."""
    own = application_url(url)
    given = re.sub(r"-c\s*role=\S*", "", str(conninfo_to_dict(own).get("options") or ""))
    options = f"{_TIMEOUTS} {given} -c role={APP_ROLE}"
    return make_conninfo(own, options=options, application_name="housecount")


def _is_refusal(error: Exception) -> bool:
    """Whether an operational error is about the statement and not about the server's being there.

    Without a state the connection broke; of the others, classes 08, 53 and 57P0 say that the
    server is away, out of room or shutting down, 55P03 and 57014 that a lock or a statement took
    longer than it may.
    """
    state = getattr(error, "sqlstate", None)
    return state is not None and not state.startswith(("08", "53", "57P0", "55P03", "57014"))
