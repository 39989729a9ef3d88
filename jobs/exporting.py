"""One export from its order to its file: whole or not at all, whatever ends the process."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import BinaryIO
from uuid import UUID

import structlog

from data import exports
from data.board_rights import BoardNotFound, NotAllowed
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable, TenantConnection
from data.export_access import CreatorGone, access_of
from data.export_request import ExportRequest
from data.exports import Export
from data.query_error import QueryError
from exports import csv, pdf, xlsx
from exports.document import Document, Progress
from jobs.export_document import Reader

EVERY_SECONDS = 0.5
"""Between two notes of the progress."""

log = structlog.stdlib.get_logger("exports")


class Interrupted(Exception):
    """This process is to end: another one begins the export again."""


class NotWanted(Exception):
    """Somebody cancelled it, or another process has it now."""


def folder_of(data_dir: Path) -> Path:
    """The folder of all exports, for nobody else to read."""
    folder = data_dir / "exports"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    return folder


def work(
    database: Database,
    directory: Directory,
    folder: Path,
    tenant_id: UUID,
    export_id: UUID,
    stop: Event | None = None,
) -> bool:
    """Do one export, unless another process does or it has ended; whether it was this one's to do.

    When `stop` is set it is given back. Raises DatabaseUnavailable: then it is taken up again, by whoever
    comes first.
    """
    with database.tenant(tenant_id, snapshot=True) as reading:
        if not exports.lock(reading, export_id):
            return False
        with database.tenant(tenant_id) as writing:
            export = exports.claim(writing, export_id)
        if export is None:
            return False
        draft = folder / f"{export_id}.{export.attempts}.work"
        for left in folder.glob(f"{export_id}.*.work"):
            shutil.rmtree(left, ignore_errors=True)  # Of a process that was killed.
        try:
            reason = _attempt(_Work(database, directory, folder, draft, reading, export, stop))
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        if reason is not None:
            with database.tenant(tenant_id) as writing:
                exports.fail(writing, export, reason)
    return True


def _attempt(work: _Work) -> str | None:
    """None when it is done or not wanted any more, else why it failed, for the person who asked."""
    export_id = str(work.export.export_id)
    try:
        work.run()
    except NotWanted:
        return None
    except Interrupted:
        work.give_back()
        return None
    except DatabaseUnavailable:
        raise
    except (BoardNotFound, NotAllowed, CreatorGone) as error:
        return str(error) or "The dashboard is not there any more, or not for you."
    except QueryError as error:
        return f"The question has no answer: {error.said}"
    except OSError as error:
        log.exception("export failed", export=export_id)
        if exports.is_no_room(error):
            return "There is no room left on the server's disk. Nothing was kept; ask the operator."
        return f"The file could not be written ({error.strerror or 'unknown reason'})."
    except Exception:
        log.exception("export failed", export=export_id)
        return f"Something went wrong here. The log has it under export {export_id}."
    return None


class _Work:
    """One attempt."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        folder: Path,
        draft: Path,
        reading: TenantConnection,
        export: Export,
        stop: Event | None,
    ) -> None:
        self._stop = stop
        self.export = export
        self._database = database
        self._directory = directory
        self._folder = folder
        self._draft = draft
        self._reading = reading
        self._total: int | None = None
        self._noted_at = 0.0

    def run(self) -> None:
        """Read, write, put in place."""
        document = self._document()
        self._total = sum(part.count for part in document.parts)
        self._progress(0)
        self._draft.mkdir(mode=0o700)
        path, what = self._draft / "file", self.export.what
        with path.open("xb") as file:
            path.chmod(0o600)
            rows = write(document, what, file, self._draft, self._progress)
            size = file.tell()
        if what.format != "pdf" and rows != self._total:
            raise RuntimeError(f"{rows} rows were written of {self._total}")
        there = sum(part.count + part.left_out for part in document.parts)
        name = self.export.file_name
        if is_archive(what, document):
            name = name.removesuffix(".csv") + ".zip"
        with self._database.tenant(self._reading.tenant_id) as writing:
            target = exports.path_of(self._folder, self.export)
            if not exports.finish(writing, self.export, (rows, there), name, size, path, target):
                raise NotWanted

    def give_back(self) -> None:
        """Let it wait again; this attempt was none."""
        with self._database.tenant(self._reading.tenant_id) as writing:
            exports.give_back(writing, self.export)

    def _document(self) -> Document:
        with self._database.tenant(self._reading.tenant_id) as tenant:
            access = access_of(tenant, self.export)
            organisation = exports.organisation(tenant)
        reader = Reader(self._reading, access, self._directory, organisation, datetime.now(UTC))
        return reader.document(self.export.what)

    def _progress(self, rows: int) -> None:
        if self._stop is not None and self._stop.is_set():
            raise Interrupted
        now = time.monotonic()
        if now - self._noted_at < EVERY_SECONDS:
            return
        self._noted_at = now
        with self._database.tenant(self._reading.tenant_id) as tenant:
            if not exports.progress(tenant, self.export, rows, self._total):
                raise NotWanted


def is_archive(what: ExportRequest, document: Document) -> bool:
    """Whether there is a file for each table, in one archive."""
    return what.format == "csv" and len(document.parts) != 1


def write(document: Document, what: ExportRequest, file: BinaryIO, scratch: Path, progress: Progress) -> int:
    """Write the file of an export in its format; how many rows are in it."""
    if what.format == "xlsx":
        return xlsx.write(document, file, scratch=scratch, progress=progress)
    if what.format == "pdf":
        return pdf.write(document, file, progress=progress)
    put = csv.write_archive if is_archive(what, document) else csv.write
    return put(document, file, bom=what.bom, preamble=what.preamble, progress=progress)
