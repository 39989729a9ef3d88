"""Import a spreadsheet: find out how it is read, check every row, write them; or undo an import.

What a file does not tell by itself (whether 03/04 is in March or April) has to be said once for a source, and
is remembered. Rows that are there already change nothing, so a file may be imported again at any time.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import get_args
from uuid import UUID

import msgspec

from config import Settings
from data import embedded, imports
from data.access import Access
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.imports import Import, Kind, NotNow, Status, TooManyImports
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.telemetry import Telemetry
from exports.row_errors import written
from ingest.files.cells import Unreadable
from ingest.files.detect import Proposal, again
from ingest.files.layout import Dates, Layout, to_json
from ingest.files.layout import Decimal as DecimalMark
from ingest.files.text_file import ENCODINGS
from ingest.files.upload import begin, folder_of, receive, require_readable, source_name
from ingest.refusal import Refused
from jobs.administration import Refusal, choose_tenant, tenant_of
from jobs.importing import Tools, work
from jobs.pretix_backfill import BAR
from jobs.recorded import recorded

_STEP = 1 << 20
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The file, what it holds, and what it does not tell by itself."""
    parser.add_argument("file", nargs="?", type=Path, help="a CSV or .xlsx file")
    parser.add_argument("--kind", choices=get_args(Kind), help="what its rows are")
    parser.add_argument("--source", help="where it comes from, e.g. box-office: its columns are remembered")
    parser.add_argument("--dry-run", action="store_true", help="check every row and write none")
    parser.add_argument("--errors", type=Path, help="write the rows that are refused to this CSV file")
    parser.add_argument("--undo", type=UUID, metavar="IMPORT", help="take back an import, by its id")
    parser.add_argument("--encoding", choices=ENCODINGS)
    parser.add_argument("--delimiter", choices=_DELIMITERS)
    parser.add_argument("--decimal", choices=get_args(DecimalMark), help="the mark before cents")
    parser.add_argument(
        "--dates", choices=get_args(Dates), help="how 03/04/2026 is meant; serial: day numbers"
    )
    parser.add_argument("--sheet", help="the name of the sheet; default: the first")
    parser.add_argument("--header", type=int, help="the number of the row with the headings")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="HEADING=FIELD",
        help="what a column is, e.g. 'Preis=amount'; empty for nothing. May be given several times",
    )
    parser.add_argument("--venue", help="the venue of all rows")
    parser.add_argument("--event", help="the event of all rows")
    parser.add_argument("--currency", help="the currency of all rows")
    choose_tenant(parser)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when rows were refused, 2 when nothing could be done."""
    try:
        with (
            embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
            closing(
                Database(urls.database_url, master=MasterKeys(settings.master_keys()), max_size=4)
            ) as database,
            closing(LiveStore(urls.redis_url, settings.redis_prefix)) as store,
            closing(LivePublisher(database, store, Telemetry())) as live,
        ):
            tenant_id = tenant_of(database, arguments.tenant)
            tools = Tools(
                database,
                Directory(database),
                live,
                folder_of(settings.data_dir),
                urls.database_url,
                MasterKeys(settings.master_keys()),
            )
            return _Command(arguments, settings, tools, Access(tenant_id, "owner")).run()
    except (Refusal, Unreadable, TooManyImports, NotNow) as error:
        print(error, file=sys.stderr)
    except Refused as refusal:
        print(f"{refusal.field or 'file'}: {refusal.detail}", file=sys.stderr)
    except (DatabaseUnavailable, OSError) as error:
        print(f"Stopped: {error}. Run it again: what was written is not written twice.", file=sys.stderr)
    return 2


class _Command:
    def __init__(
        self, arguments: argparse.Namespace, settings: Settings, tools: Tools, access: Access
    ) -> None:
        self._arguments, self._settings, self._tools, self._access = arguments, settings, tools, access

    def run(self) -> int:
        """Import, check or undo."""
        if self._arguments.undo is not None:
            return self._undo(self._arguments.undo)
        if self._arguments.file is None or self._arguments.kind is None or self._arguments.source is None:
            raise Refusal("Say which file, its --kind and its --source; or --undo and the id of an import.")
        found = self._confirmed()
        print(f"Import {found.import_id}", file=sys.stderr)
        found = self._do(found, "checking", "checked")
        self._tell_errors(found)
        print(
            f"{found.checked_rows:,} rows: {found.checked_new:,} new, {found.checked_known:,} known already,"
            f" {found.checked_repeated:,} repeated, {found.checked_rejected:,} refused"
        )
        if self._arguments.dry_run:
            self._forget(found)
            return int(found.checked_rejected > 0)
        found = self._do(found, "running", "done")
        self._tell_errors(found)
        print(
            f"Imported: {found.accepted:,} new, {found.duplicates:,} known already,"
            f" {found.rejected:,} refused. To take it back: python -m jobs import --undo {found.import_id}"
        )
        return int(found.rejected > 0)

    def _confirmed(self) -> Import:
        """The import of the file, which is read as the arguments say."""
        asked, path = self._arguments, self._arguments.file
        source = source_name(asked.source)
        file = receive(self._tools.folder, path.name, _parts(path))
        found, proposal = begin(self._tools.database, self._access, file, asked.kind, source)
        try:
            layout = self._layout(proposal, found)
            if layout != proposal.layout:
                proposal = again(file.path, found.kind, layout)
            require_readable(layout, found.kind, proposal.headings)
            with self._tools.database.tenant(self._access.tenant_id) as tenant:
                imports.confirm(tenant, found, to_json(layout), found.created_by)
                recorded(
                    tenant,
                    self._settings,
                    "import-files",
                    f"import:{found.import_id}",
                    kind=found.kind,
                    source=found.source,
                    file=found.file_name,
                )
        except BaseException:
            self._forget(found)
            raise
        return found

    def _layout(self, proposal: Proposal, found: Import) -> Layout:
        asked, layout = self._arguments, proposal.layout
        said = {
            name: value
            for name, value in (
                ("encoding", asked.encoding),
                ("delimiter", asked.delimiter and _DELIMITERS[asked.delimiter]),
                ("decimal", asked.decimal),
                ("dates", asked.dates),
                ("sheet", asked.sheet),
                ("header", asked.header),
            )
            if value is not None
        }
        columns = dict(layout.columns)
        for pair in asked.column:
            heading, mark, name = pair.rpartition("=")
            if not mark:
                raise Refusal(f"{pair!r} is not HEADING=FIELD.")
            columns = {known: meant for known, meant in columns.items() if meant != name and known != heading}
            if name:
                columns[heading] = name
        given = (("venue_id", asked.venue), ("event_id", asked.event), ("currency", asked.currency))
        constants = dict(layout.constants) | {name: value for name, value in given if value}
        columns = {heading: name for heading, name in columns.items() if name not in constants}
        unsure = tuple(each for each in layout.unsure if each not in said)
        if unsure:
            flags = ", ".join(f"--{each}" for each in unsure)
            raise Refusal(
                f"The file does not tell how it is meant. Say {flags}: it is remembered for {found.source}."
            )
        return msgspec.structs.replace(layout, columns=columns, constants=constants, unsure=(), **said)

    def _do(self, found: Import, to: Status, ended: Status) -> Import:
        """Have it done, by us or by a worker who was quicker, and show how far it is."""
        tenant_id, database = self._access.tenant_id, self._tools.database
        with database.tenant(tenant_id) as tenant:
            imports.ask(tenant, found, to)
        with _Bar(self, found, to):
            work(self._tools, tenant_id, found.import_id)
            while (now := self.now(found)).status == to:
                time.sleep(0.2)
        if now.status != ended:
            raise Refusal(now.error or f"It is {now.status}.")
        return now

    def now(self, found: Import) -> Import:
        """The import as it stands."""
        with self._tools.database.tenant(self._access.tenant_id) as tenant:
            there = imports.get(tenant, self._access, found.import_id)
        if there is None:
            raise Refusal("Somebody removed the import meanwhile.")
        return there

    def _undo(self, import_id: UUID) -> int:
        with self._tools.database.tenant(self._access.tenant_id) as tenant:
            found = imports.get(tenant, self._access, import_id)
            if found is None:
                raise Refusal("There is no such import.")
            recorded(tenant, self._settings, "undo-import", f"import:{import_id}")
        found = self._do(found, "undoing", "undone")
        print(f"Undone: {found.undone:,} rows of {found.file_name} are as if they had never come.")
        return 0

    def _forget(self, found: Import) -> None:
        with self._tools.database.tenant(self._access.tenant_id) as tenant:
            imports.forget(tenant, found, self._tools.folder)

    def _tell_errors(self, found: Import) -> None:
        with self._tools.database.tenant(self._access.tenant_id) as tenant:
            errors = imports.errors(tenant, found.import_id)
        for error in errors[:5]:
            value = "" if error.value is None else f" ({error.value})"
            print(f"Row {error.row:,}, {error.field or 'row'}: {error.detail}{value}", file=sys.stderr)
        if self._arguments.errors is not None:
            rows = [(error.row, error.field, error.value, error.detail) for error in errors]
            refused = max(found.checked_rejected, found.rejected)
            self._arguments.errors.write_bytes(written(rows, refused - len(rows)))


class _Bar:
    """Shows how far an import is while the block is under way, where somebody looks."""

    def __init__(self, command: _Command, found: Import, doing: Status) -> None:
        self._command, self._found, self._doing = command, found, doing
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        if sys.stderr.isatty():
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
            print(file=sys.stderr)

    def _show(self) -> None:
        while not self._ended.wait(0.3):
            with suppress(DatabaseUnavailable, Refusal):
                filled = self._command.now(self._found).progress
                bar = "█" * (filled * BAR // 100) + "·" * (BAR - filled * BAR // 100)
                print(f"\r{bar} {filled:3} %  {self._doing}", end="", file=sys.stderr, flush=True)


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_STEP):
            yield part
