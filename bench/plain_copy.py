"""What to measure against: COPY of the rows that messages became into one bare table, and nothing else.

The rows are each message as it was received and its facts; not copied are keys, presence and roll-ups.
Two ways. The peer is what a program does that has rows to store: psycopg's COPY, fed with Python
values. The floor feeds the server with text that was prepared beforehand, so that only PostgreSQL works.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg

FACTS = (
    "ticket_sales",
    "ticket_scans",
    "page_views",
    "cart_updates",
    "social_mentions",
    "ticket_transfers",
    "invalid_attempts",
)
RECEIVED = ("messages",)
RUNS = 3
"""The median counts: one run takes a second or two, and a checkpoint may fall into it."""


@dataclass(frozen=True)
class CopyRates:
    """Messages/s whose rows were committed; the table has the columns of all these rows and nothing else."""

    rows: int
    from_values: float
    from_text: float
    from_text_twice: float


def copy_rates(database_url: str, messages: int, batch: int, tables: Sequence[str]) -> CopyRates:
    """COPY the rows of all `messages` in these tables, a commit per `batch` messages."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = " UNION ALL ".join(_select(connection, table, tables) for table in tables)
        with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            lines = b"".join(bytes(part) for part in copy).splitlines(keepends=True)
        # Every transaction gets its share of the rows of every table.
        values = connection.execute(query).fetchall()
        size = -(-len(lines) * batch // messages)
        count = -(-len(lines) // size)
        texts = [b"".join(lines[at::count]) for at in range(count)]
        tuples = [values[at::count] for at in range(count)]

        def rate(work: Callable[[str, Sequence[Any]], None], *parts: Sequence[Any]) -> float:
            return messages / median(
                _seconds(connection, query, database_url, work, parts) for _ in range(RUNS)
            )

        return CopyRates(
            len(lines),
            rate(_copy_values, tuples),
            rate(_copy_text, texts),
            rate(_copy_text, texts[::2], texts[1::2]),
        )


def _seconds(
    connection: psycopg.Connection,
    query: str,
    database_url: str,
    work: Callable[[str, Sequence[Any]], None],
    parts: Sequence[Sequence[Any]],
) -> float:
    """How long it takes to copy the parts at the same time, each over a connection of its own."""
    connection.execute(f"CREATE TABLE bare AS {query} LIMIT 0")
    try:
        threads = [threading.Thread(target=work, args=(database_url, part)) for part in parts]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began
    finally:
        connection.execute("DROP TABLE bare")


def _copy_values(database_url: str, batches: Sequence[Sequence[tuple[Any, ...]]]) -> None:
    with psycopg.connect(database_url) as connection:
        for rows in batches:
            with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.commit()


def _copy_text(database_url: str, batches: Sequence[bytes]) -> None:
    with psycopg.connect(database_url) as connection:
        for text in batches:
            with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                copy.write(text)
            connection.commit()


def _select(connection: psycopg.Connection, table: str, tables: Sequence[str]) -> str:
    """A query for all rows of one table in the columns of all of them; JSON as text."""
    own = {name for name, _ in _columns(connection, (table,))}
    parts = []
    for name, kind in _columns(connection, tables):
        kind = "text" if kind == "jsonb" else kind
        parts.append(f"{name}::{kind} AS {name}" if name in own else f"NULL::{kind} AS {name}")
    return f"SELECT '{table}'::text AS origin, {', '.join(parts)} FROM {table}"


def _columns(connection: psycopg.Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
    """(name, type) of the columns of these tables, each name once."""
    return connection.execute(
        "SELECT attname, min(format_type(atttypid, atttypmod)) FROM pg_attribute"
        " WHERE attrelid = ANY(%s::regclass[]) AND attnum > 0 AND NOT attisdropped"
        " GROUP BY attname ORDER BY attname",
        [list(tables)],
    ).fetchall()
