"""Fill the demo venues: houses, programme, a night under way, the demo user, the simulator's token.

Repeating it changes nothing on the same night; later it brings a new tonight and new evenings on sale.
The figures themselves come from `python -m jobs simulate`.
"""

import argparse
from datetime import UTC, datetime

from config import Settings
from data import embedded, partitions
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.demo_programme import history_begins
from data.engine import Database
from data.keys import MasterKeys
from data.seed import ON_ROLL_OVER, ON_START, seed_demo


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to open a night at once."""
    parser.add_argument(
        "--later",
        action="store_true",
        help="let the next night open in a quarter of an hour, not 50 minutes ago",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Seed the configured database, running or not; 0."""
    now = datetime.now(UTC)
    with embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls:
        partitions.ensure(urls.database_url, history_begins(now.date()))
        database = Database(urls.database_url, master=MasterKeys(settings.master_keys()), max_size=1)
        try:
            demo = seed_demo(database, settings.data_dir, now, ON_ROLL_OVER if arguments.later else ON_START)
        finally:
            database.close()
    evenings = sum(len(events) for events in demo.events.values())
    print(f"Demo: {len(demo.events)} venues, {evenings} evenings. Login {DEMO_EMAIL} / {DEMO_PASSWORD}")
    return 0
