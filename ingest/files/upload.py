"""A file that somebody uploads: kept on disk while it is read, under a name that nobody can guess."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from msgspec import ValidationError

from data import imports
from data.access import Access
from data.engine import Database
from data.imports import Import, Kind
from ingest.files.columns import FOR_ALL, lacking, targets
from ingest.files.detect import Proposal, propose
from ingest.files.layout import Layout, from_json, to_json
from ingest.files.text_file import DELIMITERS, ENCODINGS
from ingest.refusal import Refused

LARGEST_FILE = 512 * 1024 * 1024
LONGEST_SOURCE = 60
_NAME = re.compile(r"[\w .&+()'’-]+")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in its place, and what it was called."""

    import_id: UUID
    path: Path
    name: str
    digest: bytes
    size: int


def folder_of(data_dir: Path) -> Path:
    """The folder of all uploaded files, for nobody else to read."""
    folder = data_dir / "imports"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    return folder


def receive(folder: Path, name: str, parts: Iterable[bytes]) -> Uploaded:
    """Write a file as it comes. Raises Refused for one that is empty or too large; OSError. Then nothing of
    it is left."""
    import_id = imports.new_id()
    path = imports.path_of(folder, import_id)
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for part in parts:
                size += len(part)
                if size > LARGEST_FILE:
                    raise Refused("body-too-large", f"A file has at most {LARGEST_FILE >> 20} MB.", "file")
                digest.update(part)
                file.write(part)
        if size == 0:
            raise Refused("missing-field", "The file is empty.", "file")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Uploaded(import_id, path, file_name(name), digest.digest(), size)


def file_name(given: str) -> str:
    """A file's name as it may be shown: without folders, control characters and what turns text around."""
    bare = re.split(r"[/\\]", given)[-1]
    return "".join(c for c in bare if c.isprintable()).strip()[:120] or "file"


def source_name(given: str) -> str:
    """The name of where files come from. Raises Refused."""
    name = " ".join(given.split())
    if not 0 < len(name) <= LONGEST_SOURCE or not _NAME.fullmatch(name):
        detail = f"A source has a name of 1 to {LONGEST_SOURCE} letters and digits, such as box-office."
        raise Refused("missing-field" if not name else "not-a-choice", detail, "source", name)
    return name


def begin(
    database: Database, access: Access, file: Uploaded, kind: Kind, source: str
) -> tuple[Import, Proposal]:
    """A new import of a file that was received, and how it would be read: as the last one of its source, else
    as it seems. Raises Unreadable, TooManyImports; then the file is gone."""
    try:
        with database.tenant(access.tenant_id) as tenant:
            known = imports.kept_layout(tenant, source, kind)
        kept = None
        if known is not None:
            with suppress(ValidationError):  # Of a version before this one.
                kept = from_json(known)
        proposal = propose(file.path, kind, kept)
        with database.tenant(access.tenant_id) as tenant:
            made = imports.create(
                tenant,
                access,
                file.import_id,
                kind,
                source,
                (file.name, file.digest, file.size),
                to_json(proposal.layout),
            )
    except BaseException:
        file.path.unlink(missing_ok=True)
        raise
    return made, proposal


def require_readable(layout: Layout, kind: Kind, headings: Iterable[str] | None = None) -> None:
    """Raises Refused for a layout that is not whole: something not confirmed, nothing for what is needed, a
    meaning that there is not or is twice."""
    if layout.format == "csv" and layout.encoding not in (*ENCODINGS, "utf-16-le", "utf-16-be"):
        raise Refused("not-a-choice", f"One of: {', '.join(ENCODINGS)}.", "encoding", layout.encoding)
    if layout.format == "csv" and layout.delimiter not in DELIMITERS:
        raise Refused("not-a-choice", "A comma, semicolon, tab or bar.", "delimiter", layout.delimiter)
    if not 1 <= layout.header <= 1_000_000:
        raise Refused("number-out-of-range", "The row of headings is 1 or below.", "header", layout.header)
    _require_meanings(layout, kind, headings)
    if layout.unsure:
        detail = f"The file does not tell: confirm {', '.join(layout.unsure)}."
        raise Refused("missing-field", detail, layout.unsure[0])
    missing = lacking(kind, layout.given())
    if missing:
        raise Refused("missing-field", f"Needed: {'; '.join(missing)}.", "columns")


def _require_meanings(layout: Layout, kind: Kind, headings: Iterable[str] | None) -> None:
    known = targets(kind)
    there = None if headings is None else set(headings)
    given: set[str] = set()
    for heading, name in layout.columns.items():
        if there is not None and heading not in there:
            raise Refused("not-a-choice", "The file has no such column.", "columns", heading)
        if name not in known:
            raise Refused("not-a-choice", f"One of: {', '.join(known)}.", "columns", name)
        if name in given:
            raise Refused(
                "contradiction", f"Two columns cannot both be: {known[name].label}.", "columns", heading
            )
        given.add(name)
    for name, value in layout.constants.items():
        if name not in FOR_ALL or name not in known:
            raise Refused("not-a-choice", f"For all rows: {', '.join(FOR_ALL)}.", "constants", name)
        if not 0 < len(value) <= 200:
            raise Refused("text-too-long", "1 to 200 characters.", "constants", value)
