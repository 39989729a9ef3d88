"""Month partitions: made ahead by the owner, with a default partition that catches every other month.

A message for a month that nobody prepared lands in the default partition and is found there like
any other; once a month has many such rows, `ensure` gives it a partition of its own and moves them.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
from psycopg import sql

from data.engine import DatabaseUnavailable
from data.schema import metadata

log = logging.getLogger(__name__)

PARTITIONED = {
    table.name: table.info["partition"] for table in metadata.sorted_tables if "partition" in table.info
}
MONTHS_AHEAD = 3
MANY_STRAYS = 10_000
"""Rows of one month in a default partition from which on a partition of its own is worth its locks."""
LOCK_MILLISECONDS = 1_000
"""Making a partition waits no longer behind a reader, because every writer waits behind it meanwhile."""


def month_of(moment: datetime | date) -> date:
    """The first day of the UTC month that holds `moment`."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC).date()
    return moment.replace(day=1)


def months(first: date, last: date) -> Iterator[date]:
    """The first days of the months from `first` to `last`, both included."""
    month = month_of(first)
    while month <= last:
        yield month
        month = next_month(month)


def ensure(
    owner_url: str, first: date | None = None, last: date | None = None, *, strays: int = MANY_STRAYS
) -> list[str]:
    """Make the missing partitions from `first` to `last`; returns the names of those it made.

    Without bounds: from last month to three months ahead, and every month that has at least
    `strays` rows in a default partition. A table that somebody reads for long is left for the next
    time. Runs as the owner: the application's role cannot create tables. Raises DatabaseUnavailable.
    """
    try:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
            return _ensure(connection, first, last, strays)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(str(error)) from error


def strays(connection: psycopg.Connection, table: str, many: int = 1) -> set[date]:
    """The months of which at least `many` rows lie in a table's default partition."""
    return _strays(connection, table, PARTITIONED[table], many)


def present(connection: psycopg.Connection, table: str) -> set[str]:
    """The names of a table's partitions."""
    return _present(connection, table)


def make(connection: psycopg.Connection, table: str, month: date) -> bool:
    """Make one partition, and move the month's rows into it, unless it is there. As `ensure`, on a connection
    of the owner's that commits by itself; raises LockNotAvailable when somebody reads the table for long."""
    name = f"{table}_{month:%Y_%m}"
    if name in _present(connection, table):
        return False
    _create(connection, table, PARTITIONED[table], name, month)
    return True


def _ensure(connection: psycopg.Connection, first: date | None, last: date | None, strays: int) -> list[str]:
    made = []
    today = datetime.now(UTC).date()
    for table, column in PARTITIONED.items():
        wanted = set(months(first or _before(today), last or _ahead(today)))
        if first is None:
            wanted |= _strays(connection, table, column, strays)
        present = _present(connection, table)
        for month in sorted(wanted):
            name = f"{table}_{month:%Y_%m}"
            if name in present:
                continue
            try:
                _create(connection, table, column, name, month)
            except psycopg.errors.LockNotAvailable:
                log.warning("%s is being read for long; its partition %s is made later", table, name)
                break
            made.append(name)
    return made


def _present(connection: psycopg.Connection, table: str) -> set[str]:
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table]
    )
    return {name.split(".")[-1] for (name,) in rows}


def _strays(connection: psycopg.Connection, table: str, column: str, many: int) -> set[date]:
    query = sql.SQL(
        "SELECT date_trunc('month', {} AT TIME ZONE 'UTC')::date AS month FROM {}"
        " GROUP BY month HAVING count(*) >= {}"
    ).format(sql.Identifier(column), sql.Identifier(f"{table}_default"), many)
    return {month for (month,) in connection.execute(query)}


def _create(connection: psycopg.Connection, table: str, column: str, name: str, month: date) -> None:
    """Detach the default partition while its rows of the month move out, all in one transaction."""
    parts = {
        "parent": sql.Identifier(table),
        "name": sql.Identifier(name),
        "rest": sql.Identifier(f"{table}_default"),
        "column": sql.Identifier(column),
        "since": sql.Literal(f"{month:%Y-%m-%d} 00:00+00"),
        "until": sql.Literal(f"{next_month(month):%Y-%m-%d} 00:00+00"),
    }
    span = sql.SQL("{column} >= {since} AND {column} < {until}").format(**parts)
    with connection.transaction():
        for statement in (
            "LOCK TABLE {parent} IN ACCESS EXCLUSIVE MODE",
            "CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
            "ALTER TABLE {parent} DETACH PARTITION {rest}",
            "INSERT INTO {name} SELECT * FROM {rest} WHERE {span}",
            "DELETE FROM {rest} WHERE {span}",
            "ALTER TABLE {parent} ATTACH PARTITION {rest} DEFAULT",
            "ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({since}) TO ({until})",
            "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        ):
            connection.execute(sql.SQL(statement).format(**parts, span=span))


def next_month(month: date) -> date:
    """The first day of the month after this one's."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _before(day: date) -> date:
    return date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)


def _ahead(day: date) -> date:
    month = month_of(day)
    for _ in range(MONTHS_AHEAD):
        month = next_month(month)
    return month
