"""Bring a database to a revision of the schema. All functions take the owner's URL."""

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from data import partitions
from data.engine import Database
from data.migrations import login
from data.rebuild import catch_up


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Migrate up to `revision` and let the application log in; at the newest, make the coming months'
    partitions and roll up history. Raises LoginError when the application cannot log in."""
    command.upgrade(configuration(owner_url), revision)
    login.ensure(owner_url)
    if revision == "head":
        partitions.ensure(owner_url)
        with closing(Database(owner_url, max_size=2)) as database:
            catch_up(database)


def downgrade(owner_url: str, revision: str = "-1") -> None:
    """Migrate down to `revision`; `base` leaves an empty database."""
    command.downgrade(configuration(owner_url), revision)


def current(owner_url: str) -> str | None:
    """The revision a database is at; None for one without our tables."""
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(owner_url: str) -> None:
    """Raise alembic's CommandError when the migrated database differs from `data.schema`."""
    command.check(configuration(owner_url))


def configuration(owner_url: str) -> Config:
    """Alembic's configuration for one database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["owner_url"] = owner_url
    return config
