"""`python -m data.migrations upgrade | downgrade [revision] | check`: the schema of the configured database.

Without DATABASE_URL that is the embedded one, whether Housecount runs at the moment or not.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from alembic.util.exc import CommandError
from sqlalchemy.exc import OperationalError

import logs
from config import ConfigurationError, Settings
from data import embedded
from data.engine import DatabaseUnavailable
from data.folder import EmbeddedError
from data.migrations import run
from data.migrations.login import LoginError


def main(arguments: list[str]) -> None:
    """Carry out one command. Raises ConfigurationError, EmbeddedError or alembic's CommandError."""
    parser = argparse.ArgumentParser(prog="python -m data.migrations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade", help="bring the database to the newest schema")
    commands.add_parser("downgrade", help="take migrations back").add_argument(
        "revision", nargs="?", default="-1"
    )
    commands.add_parser("check", help="compare the migrations with data/schema.py, in a database of its own")
    options = parser.parse_args(arguments)
    if options.command == "check":
        with tempfile.TemporaryDirectory() as folder, embedded.servers(Path(folder)) as urls:
            run.upgrade(urls.database_url)
            run.check(urls.database_url)
            run.downgrade(urls.database_url, "base")
            return
    settings = Settings.load()
    logs.configure(settings, "migrations")
    with embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls:
        if options.command == "upgrade":
            run.upgrade(urls.database_url)
        else:
            run.downgrade(urls.database_url, options.revision)
        print(f"The schema is at revision {run.current(urls.database_url) or 'base'}.")  # noqa: T201


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (ConfigurationError, EmbeddedError, CommandError, DatabaseUnavailable, LoginError) as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The database of DATABASE_URL cannot be used: {error.orig}")
