"""One import: its rows checked, written or taken back, whatever ends the process on the way."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import msgspec
import structlog

from data import competitors, import_undo, import_work, import_writing, imports, rebuild_days
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.export_access import CreatorGone
from data.import_eyes import reach_of
from data.import_undo import NotUndoable
from data.imports import Import
from data.keys import MasterKeys
from data.services import Live
from ingest.files.cells import Unreadable
from ingest.files.layout import from_json
from ingest.files.reading import Batch, FileReader
from ingest.refusal import Refused

EVERY_SECONDS = 0.5
"""Between two notes of the progress of a check."""

log = structlog.stdlib.get_logger("imports")


class Interrupted(Exception):
    """This process is to end: another one goes on."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the work needs. `owner_url` and `master` are for taking back alone."""

    database: Database
    directory: Directory
    live: Live
    folder: Path
    owner_url: str
    master: MasterKeys
    stop: Event | None = None


def work(tools: Tools, tenant_id: UUID, import_id: UUID) -> bool:
    """Do what is to be done with an import, unless another process does; whether it was this one's to do.

    Raises DatabaseUnavailable: then it is gone on with, by whoever comes first."""
    with tools.database.tenant(tenant_id) as holder:
        if not import_work.lock(holder, import_id):
            return False
        with tools.database.tenant(tenant_id) as tenant:
            found = import_work.claim(tenant, import_id)
        if found is None:
            return False
        reason = _attempt(_Work(tools, tenant_id, found))
        if reason is not None:
            with tools.database.tenant(tenant_id) as tenant:
                # What could not be taken back is as it was.
                import_work.end(tenant, found, "done" if found.status == "undoing" else "failed", reason)
    return True


def _attempt(work: _Work) -> str | None:
    """None when it is done or not wanted any more, else why it failed, for the person who asked."""
    import_id = str(work.found.import_id)
    try:
        work.do()
    except (import_writing.NotWanted, import_undo.NotWanted):
        return None
    except Interrupted:
        work.give_back()
        return None
    except DatabaseUnavailable:
        raise
    except (Unreadable, NotUndoable, CreatorGone) as error:
        return str(error)
    except Refused as refusal:
        return f"{refusal.field}: {refusal.detail}"
    except FileNotFoundError:
        return "The file is not kept any more. Upload it again: what was written already stays as it is."
    except (OSError, msgspec.ValidationError) as error:
        log.exception("import failed", import_id=import_id)
        return f"The file could not be read ({type(error).__name__})."
    except Exception:
        log.exception("import failed", import_id=import_id)
        return f"Something went wrong here. The log has it under import {import_id}."
    return None


class _Work:
    """One attempt."""

    def __init__(self, tools: Tools, tenant_id: UUID, found: Import) -> None:
        self.found = found
        self._tools, self._tenant_id = tools, tenant_id
        self._path = imports.path_of(tools.folder, found.import_id)

    def do(self) -> None:
        """What the state of the import says."""
        {"checking": self._check, "running": self._run, "undoing": self._undo}[self.found.status]()

    def give_back(self) -> None:
        """Let it wait again; this attempt was none."""
        with self._tools.database.tenant(self._tenant_id) as tenant:
            import_work.give_back(tenant, self.found)

    def _reader(self) -> FileReader:
        with self._tools.database.tenant(self._tenant_id) as tenant:
            reach = reach_of(tenant, self.found)
        layout = from_json(self.found.layout)
        return FileReader(self._tools.directory, self._tenant_id, self.found, layout, reach)

    def _check(self) -> None:
        """Read every row and write none."""
        database, found = self._tools.database, self.found
        sums = dict.fromkeys(("rows", "new", "known", "repeated", "rejected"), 0)
        with database.tenant(self._tenant_id) as tenant:
            import_work.forget_errors(tenant, found.import_id)
        noted_at = 0.0
        for batch in self._reader().batches(self._path):
            self._look_up()
            with database.tenant(self._tenant_id) as tenant:
                if batch.errors:
                    import_work.keep_errors(tenant, found.import_id, batch.errors, sums["rejected"])
                keys = {message.key for _, message in batch.messages}
                known = import_work.known_keys(tenant, list(keys)) if keys else 0
            if batch.competitors:
                known = competitors.known(database, self._tenant_id, batch.competitors)
            sums["rows"] += batch.rows
            sums["rejected"] += len(batch.errors)
            sums["repeated"] += batch.repeated
            sums["known"] += known
            if time.monotonic() - noted_at >= EVERY_SECONDS:
                noted_at = time.monotonic()
                self._note(sums, batch.progress)
        sums["new"] = max(0, sums["rows"] - sums["rejected"] - sums["repeated"] - sums["known"])
        self._note(sums, 99)
        with database.tenant(self._tenant_id) as tenant:
            if sums["rows"] == 0:
                raise Unreadable("no-rows", "There are no rows below the headings.")
            import_work.end(tenant, found, "checked")

    def _note(self, sums: dict[str, int], progress: int) -> None:
        noted: dict[str, Any] = {f"checked_{name}": many for name, many in sums.items()}
        with self._tools.database.tenant(self._tenant_id) as tenant:
            if not import_work.note(tenant, self.found, progress=progress, **noted):
                raise import_writing.NotWanted

    def _run(self) -> None:
        """Write the rows that are not written yet, and let the file go."""
        found = self.found
        if found.rows_done == 0:
            with self._tools.database.tenant(self._tenant_id) as tenant:
                import_work.forget_errors(tenant, found.import_id)
        for batch in read_ahead(self._reader().batches(self._path, after=found.rows_done)):
            self._look_up()
            self._write(batch)
        with self._tools.database.tenant(self._tenant_id) as tenant:
            ended = import_work.end(tenant, found, "done")
        if ended:
            self._path.unlink(missing_ok=True)

    def _write(self, batch: Batch) -> None:
        part = import_writing.Part(batch.first, batch.last, batch.messages, batch.errors, batch.progress)
        if self.found.kind == "competitors":
            competitors.write(self._tools.database, self.found, self._tenant_id, part, batch.competitors)
            return
        versions = import_writing.write(self._tools.database, self.found, self._tenant_id, part)
        if versions:
            self._tools.live.touched(self._tenant_id, versions)

    def _undo(self) -> None:
        """Take back what it wrote, the last rows first."""
        tools, found = self._tools, self.found
        if found.kind == "competitors":
            with tools.database.tenant(self._tenant_id) as tenant:
                competitors.take_back(tenant, found)
        else:
            import_undo.check(tools.owner_url, tools.master, self._tenant_id, found)
            while True:
                self._look_up()
                versions = import_undo.take_back_part(tools.owner_url, tools.master, self._tenant_id, found)
                if versions is None:
                    break
                if versions:
                    tools.live.touched(self._tenant_id, versions)
            import_undo.finish(tools.owner_url, tools.master, self._tenant_id, found)
            tools.directory.forget(self._tenant_id)
            if found.kind == "sales":  # When customers first and last bought.
                rebuild_days.rebuild(tools.database, self._tenant_id)
        with tools.database.tenant(self._tenant_id) as tenant:
            import_work.end(tenant, found, "undone")
        self._path.unlink(missing_ok=True)

    def _look_up(self) -> None:
        if self._tools.stop is not None and self._tools.stop.is_set():
            raise Interrupted


def read_ahead(batches: Generator[Batch]) -> Iterator[Batch]:
    """The same batches, each read while the one before it is written: PostgreSQL works meanwhile."""
    with closing(batches), ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch
