"""What is kept of people: take away or erase one customer's, or clean what older versions stored as it came.

The customer is named as the senders name one: by id or e-mail address (also "platform name" for the author of
a post, or a hash). An erasure takes one out of every table, archived files, kept answers and files of
exports; figures stay the same; the report is JSON on standard output. `scrub` cleans stored messages, facts
and refused messages by the rules for what comes in, day by day; it may be interrupted and repeated, and does
not reach archived months. What is in copies of the database stays there until those are removed.
"""

import argparse
import json
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from config import Settings
from data import archive_manifest, archive_people, archived, embedded, erasure, erasure_copies, stored_texts
from data.archive_files import Archiver
from data.archive_manifest import Busy
from data.archive_parquet import Damaged
from data.audit_entry import Keys
from data.engine import Database, DatabaseUnavailable
from data.erasure_copies import RedisError
from data.folder import Urls
from data.keys import MasterKeys, Unsealable
from data.rebuild import rebuild
from ingest.personal_text import scrubbed
from ingest.stored import Cleaner
from jobs.administration import Refusal, archive_folder, choose_tenant, tenant_of
from jobs.recorded import recorded


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with whom."""
    parser.add_argument("action", choices=["export", "erase", "scrub"])
    choose_tenant(parser)
    parser.add_argument("--customer", help="id or e-mail address, as the senders have it; not for scrub")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when something is left of the customer, 2 with a reason when it cannot be done."""
    master = MasterKeys(settings.master_keys())
    try:
        with (
            embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
            closing(Database(urls.database_url, max_size=2, master=master)) as database,
        ):
            tenant_id = tenant_of(database, arguments.tenant)
            if arguments.action != "scrub" and not arguments.customer:
                raise Refusal("Whom? Say --customer.")
            # Before it is done, and without a word of whom: what is erased must not live on here.
            with database.tenant(tenant_id) as tenant:
                recorded(tenant, settings, f"privacy-{arguments.action}")
            if arguments.action == "scrub":
                _scrub(database, urls.database_url, master, tenant_id)
                _say_what_is_archived(database, tenant_id)
                return 0
            # Nothing leaves the tables, or comes back, while they and the files are gone through.
            with archive_manifest.alone(urls.database_url) as connection:
                archiver = Archiver(
                    connection, archive_folder(settings), Keys(settings.audit_keys()), "command"
                )
                archive_people.prepare(archiver)
                if arguments.action == "export":
                    found = erasure.export(urls.database_url, master, tenant_id, arguments.customer)
                    with database.tenant(tenant_id) as tenant:
                        hashes = erasure.hashes_of(tenant, arguments.customer)
                    filed = archive_people.export(connection, archiver.folder, tenant_id, hashes)
                    for table, rows in filed.items():
                        found.setdefault(table, []).extend(rows)
                    print(json.dumps(found, indent=2, default=str))
                    return 0
                report = erasure.erase(
                    urls.database_url, master, tenant_id, arguments.customer, datetime.now(UTC)
                )
                hashes = [UUID(one) for one in report.hashes]
                report.archives = archive_people.erase(archiver, tenant_id, hashes)
            report = _without_copies(report, database, urls, settings)
            print(report.as_json())
            return 0 if report.complete else 1
    except (Refusal, Unsealable, DatabaseUnavailable, RedisError, Busy, Damaged, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _say_what_is_archived(database: Database, tenant_id: UUID) -> None:
    with database.tenant(tenant_id) as tenant:
        since = archived.whole_from(tenant)
    if since is not None:
        print(
            f"Archived months before {since:%Y-%m} are as they left: bring them back ({archived.COMMAND})"
            " to clean them.",
            file=sys.stderr,
        )


def _scrub(database: Database, owner_url: str, master: MasterKeys, tenant_id: UUID) -> None:
    read, changed = Counter[str](), Counter[str]()
    for table, rows, cleaned in stored_texts.clean_all(
        owner_url, master, tenant_id, Cleaner(datetime.now(UTC))
    ):
        read[table] += rows
        changed[table] += cleaned
    if changed.total():
        # Campaigns and sources are what days are split by.
        for _ in rebuild(database, tenant_id):
            pass
        with database.tenant(tenant_id) as tenant:
            stored_texts.forget_values(tenant, scrubbed)
    print(json.dumps({table: {"read": read[table], "changed": changed[table]} for table in read}, indent=2))


def _without_copies(
    report: erasure.Report, database: Database, urls: Urls, settings: Settings
) -> erasure.Report:
    tenant_id = UUID(report.tenant)
    folder: Path = settings.data_dir / "exports"
    return replace(
        report,
        exports_dropped=erasure_copies.drop_exports(database, tenant_id, folder),
        answers_dropped=erasure_copies.drop_answers(urls.redis_url, settings.redis_prefix, tenant_id),
        # Last: what is answered from the others until then may be kept here.
        repeats_dropped=erasure_copies.drop_repeats(database, tenant_id),
    )
