"""Work all roll-ups out again from the facts, and correct what differs.

Housecount may run meanwhile. On figures that are right it changes nothing and says so; after a venue's
time zone or business day was changed, it moves history into the new days.
"""

import argparse
import sys
from collections import Counter
from uuid import UUID

from config import Settings
from data import archived, embedded, tenants
from data.engine import Database
from data.keys import MasterKeys
from data.rebuild import rebuild
from data.rebuild_progress import nobody


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose."""
    parser.add_argument("--tenant", help="slug or id of a tenant; all of them without it")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when there is no such tenant."""
    with embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls:
        database = Database(urls.database_url, master=MasterKeys(settings.master_keys()), max_size=2)
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


_CLEARED = "\r\x1b[K"


def _on_terminal(what: str, done: int, of: int) -> None:
    print(f"{_CLEARED}{done:,} of {of:,} {what}", end="", file=sys.stderr, flush=True)


def _rebuild(database: Database, tenant_id: UUID) -> None:
    corrected = list(rebuild(database, tenant_id, _on_terminal if sys.stderr.isatty() else nobody))
    wrong, events = sum(corrected, Counter[str]()), len(corrected) - 1
    if sys.stderr.isatty():
        print(_CLEARED, end="", file=sys.stderr)
    rows = ", ".join(f"{table} {count}" for table, count in sorted(wrong.items()))
    with database.tenant(tenant_id) as tenant:
        since = archived.whole_from(tenant)
    if since is not None:
        print(
            f"{tenant_id}: days before {since:%Y-%m-%d}, events with facts of them and sums of customers are"
            f" left as they are: those facts are archived ({archived.COMMAND})"
        )
    print(f"{tenant_id}: {events} events; " + (f"rows corrected: {rows}" if rows else "all rows were right"))
