"""Move old months of facts to Parquet files, list and verify these, and bring months back.

`run` archives what is older than ARCHIVE_AFTER_MONTHS (or --months); the worker does the same every day when
it is set. Housecount may run meanwhile: roll-ups stay, so what is summed up by day is as before, and
questions for single rows of archived months say so. `restore` brings a month back as it was; it then stays
for 30 days. A process that ends half-way loses nothing: the next one goes on.
"""

import argparse
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from uuid import UUID

from config import Settings
from data import archive_files, archive_manifest, archive_restore, archive_run, embedded, tenants
from data.archive_files import Archiver, By
from data.archive_manifest import Busy, Entry, LockBusy
from data.archive_parquet import Damaged
from data.archived import TABLES
from data.audit_entry import Keys
from data.engine import Database, DatabaseUnavailable
from jobs.administration import Refusal, archive_folder, tenant_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    actions = parser.add_subparsers(dest="action", required=True)
    begin = actions.add_parser("run", help="archive every month that is old enough")
    begin.add_argument("--months", type=_months, help="months that stay, in place of ARCHIVE_AFTER_MONTHS")
    begin.add_argument("--as-job", action="store_true", help=argparse.SUPPRESS)
    for name, text in (
        ("list", "the files: month, table, tenant, state, rows and size"),
        ("verify", "read every file, and find those that are damaged, missing or others"),
        ("restore", "bring months back into the tables"),
    ):
        action = actions.add_parser(name, help=text)
        help_text = "slug or id of a tenant; all of them without it"
        action.add_argument("--tenant", help=help_text)
        if name == "restore":
            action.add_argument("table", choices=["all", *TABLES], help="which facts")
            action.add_argument("first", type=_month, nargs="?", help="a month, 2024-03; all without it")
            action.add_argument("last", type=_month, nargs="?", help="the last of several")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when a file is damaged, 2 with a reason when it cannot be done."""
    try:
        with (
            embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
            closing(Database(urls.database_url, max_size=1)) as database,
        ):
            whose = getattr(arguments, "tenant", None)
            chosen = None if whose is None else tenant_of(database, whose)
            names = {each["tenant_id"]: each["slug"] for each in tenants.list_tenants(database)}
            with archive_manifest.alone(urls.database_url) as connection:
                by: By = "job" if getattr(arguments, "as_job", False) else "command"
                archiver = Archiver(connection, archive_folder(settings), Keys(settings.audit_keys()), by)
                known = archive_manifest.entries(connection, chosen)
                if arguments.action == "run":
                    _run(archiver, settings, arguments.months)
                elif arguments.action == "list":
                    _list(known, names)
                elif arguments.action == "verify":
                    return _verify(archiver, known)
                else:
                    _restore(archiver, known, arguments)
        return 0
    except Damaged as error:
        print(f"Damaged: {error}", file=sys.stderr)
        return 1
    except (Refusal, Busy, DatabaseUnavailable, archive_restore.Unknown, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(archiver: Archiver, settings: Settings, months: int | None) -> None:
    kept = settings.archive_after_months if months is None else months
    if not kept:
        raise Refusal("Nothing is archived: set ARCHIVE_AFTER_MONTHS, or say --months.")
    now = datetime.now(UTC)
    made = archive_run.run(archiver, archive_run.first_kept(now, kept), now)
    rows, size = sum(entry.rows for entry in made), sum(entry.size for entry in made)
    kept_from = archive_run.first_kept(now, kept)
    print(f"{len(made)} files with {rows:,} rows, {size:,} bytes, of months before {kept_from:%Y-%m}")


def _list(known: list[Entry], names: dict[UUID, str]) -> None:
    for entry in known:
        whose = names.get(entry.tenant_id, str(entry.tenant_id))
        print(
            f"{entry.label:32} {whose:20} {entry.state:9} {entry.rows:>12,} {entry.size:>14,}"
            f"  {entry.file_name}"
        )
    if not known:
        print("Nothing is archived.")


def _verify(archiver: Archiver, known: list[Entry]) -> int:
    there = [entry for entry in known if entry.state != "restored"]
    damaged = 0
    for entry in there:
        try:
            archive_files.verified(entry.path(archiver.folder), archive_files.about(entry), entry.sums)
        except Damaged as error:
            damaged += 1
            print(f"damaged: {error}")
    print(f"{len(there)} files: " + (f"{damaged} damaged" if damaged else "whole"))
    return 1 if damaged else 0


def _restore(archiver: Archiver, known: list[Entry], arguments: argparse.Namespace) -> None:
    first = arguments.first or date.min
    last = arguments.last or arguments.first or date.max
    chosen = [
        entry
        for entry in known
        if arguments.table in ("all", entry.fact_table)
        and first <= entry.month <= last
        and entry.state in ("detached", "archived")
    ]
    if not chosen:
        raise Refusal("None of that is archived: python -m jobs archive list.")
    try:
        for entry, lacking in archive_restore.restore(archiver, chosen):
            new = f"; it did not have {', '.join(lacking)}" if lacking else ""
            print(f"{entry.label}: {entry.rows:,} rows are back{new}")
    except LockBusy:
        raise Refusal("Somebody reads this table for long: try again later.") from None


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no month such as 2024-03") from None


def _months(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1200:
        raise argparse.ArgumentTypeError("a number of months, 1 or more")
    return int(text)
