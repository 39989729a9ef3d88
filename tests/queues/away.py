"""PostgreSQL that is away for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def away(owner_url: str, url: str) -> Iterator[None]:
    """PostgreSQL takes no connections to this database and ends those that there are."""
    called = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    name = sql.Identifier(called)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [called])
        try:
            yield
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
