"""All that the tables hold of one tenant, as text: to look for what must not be there."""

from psycopg import sql

from data.engine import TenantConnection
from data.schema import metadata


def everything(tenant: TenantConnection) -> dict[str, str]:
    """Table → every row with all its columns, also those of json; every table is there."""
    found = {}
    for table in metadata.tables:
        query = sql.SQL("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {} t").format(
            sql.Identifier(table)
        )
        row = tenant.connection.execute(query).fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def places(tenant: TenantConnection, traces: list[str]) -> list[tuple[str, str]]:
    """(table, trace) of each of these texts that is anywhere."""
    return [
        (table, trace)
        for table, content in everything(tenant).items()
        for trace in traces
        if trace.lower() in content.lower()
    ]
