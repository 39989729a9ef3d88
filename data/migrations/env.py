"""Alembic's environment: one connection as the owner, one transaction for all migrations."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from data.schema import metadata

MIGRATION_LOCK = 7_305_812_604


def include_object(item: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
    """Leave out the partitions: `data.partitions` makes them, the model knows their parents."""
    if kind == "table" and reflected:
        return name in metadata.tables
    return True


url = make_url(context.config.attributes["owner_url"]).set(drivername="postgresql+psycopg")
with create_engine(url, poolclass=NullPool).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=include_object,
        compare_server_default=True,
    )
    with context.begin_transaction():
        # Two processes that start at once must not migrate at once.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()
