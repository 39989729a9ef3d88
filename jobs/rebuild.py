"""Work all roll-ups out again from the facts, and correct what differs.

Housecount may run meanwhile. On figures that are right it changes nothing and says so; after a venue's
time zone or business day was changed, it moves history into the new days.
"""

import argparse
import sys
from collections import Counter
from uuid import UUID

from config import Settings
from data import embedded, tenants
from data.engine import Database
from data.rebuild import rebuild


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose."""
    parser.add_argument("--tenant", help="slug or id of a tenant; all of them without it")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when there is no such tenant."""
    with embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls:
        database = Database(urls.database_url, max_size=2)
        try:
            if arguments.tenant is None:
                wanted = tenants.everyone(database)
            else:
                found = tenants.find(database, arguments.tenant)
                if found is None:
                    print("There is no tenant of this name.", file=sys.stderr)
                    return 1
                wanted = [found]
            for tenant_id in wanted:
                _rebuild(database, tenant_id)
        finally:
            database.close()
    return 0


def _rebuild(database: Database, tenant_id: UUID) -> None:
    wrong: Counter[str] = Counter()
    steps = 0
    for steps, corrected in enumerate(rebuild(database, tenant_id)):
        wrong += corrected
        if sys.stderr.isatty():
            print(f"\r{steps + 1} events", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    rows = ", ".join(f"{table} {count}" for table, count in sorted(wrong.items()))
    print(f"{tenant_id}: {steps} events; " + (f"rows corrected: {rows}" if rows else "all rows were right"))
