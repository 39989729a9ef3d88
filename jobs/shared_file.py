"""The file that the holder of a link takes away: written when it is asked for, and kept nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from data.dashboard_links import SharedBoard
from data.directory import Directory
from data.engine import Database
from data.export_request import ExportRequest, Format
from exports.document import unwatched
from exports.names import file_name
from jobs.export_document import Reader
from jobs.exporting import is_archive, write


def shared_file(
    database: Database, directory: Directory, found: SharedBoard, kind: Format, placed: str | None
) -> tuple[bytes, str]:
    """The board as the link shows it, or its widget `placed`, as a file, and its name.

    It reads through the eyes of the link: its locked filters, money hidden if so, customers under a name of
    the day. Raises DatabaseUnavailable.
    """
    what = ExportRequest(
        format=kind,
        dashboard=found.board.dashboard_id,
        placed=placed,
        filters=dict(found.link.filters),
    )
    now = datetime.now(UTC)
    file = BytesIO()
    with (
        database.tenant(found.access.tenant_id, snapshot=True) as tenant,
        TemporaryDirectory() as scratch,
    ):
        document = Reader(tenant, found.access, directory, "", now).board(
            what, found.board.name, found.board.document
        )
        write(document, what, file, Path(scratch), unwatched)
    ending = "zip" if is_archive(what, document) else kind
    words = [found.board.name, *([document.title] if placed else []), dict(document.filters)["Range"]]
    return file.getvalue(), file_name(words, now, document.zone, ending)
