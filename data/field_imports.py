"""What is kept of imported files: a part of the register of fields."""

from __future__ import annotations

from collections.abc import Mapping

from data.field_kept import Kept, of

_STAYS = "400 days, or until removed"

FIELDS: Mapping[str, Kept] = {
    "imports": Kept("users, or a command", _STAYS, of("""
        import_id: the import
        eyes: of which venues and events its rows may be
        kind, source, file_name: what was uploaded, and where it comes from
        file_hash, bytes: know the same file again
        layout: how it is read
        attempts, tries, progress: how far it is, and whose turn it is
        checked_rows, checked_new, checked_known, checked_repeated, checked_rejected: what a check found
        rows_done, accepted, duplicates, rejected, undone: what became of its rows
        error: why it came to nothing
        started_at, finished_at: when somebody worked on it
    """), {"created_by": "staff"}),
    "import_layouts": Kept("users, or a command", "until the tenant is removed", of("""
        kind: what the files of this source hold
        layout: how they are read
    """), {"author_id": "staff"}),
    "import_errors": Kept("uploaded files", _STAYS, of("""
        import_id, row: which row of which file
        field, value: the column at fault and what stood there, without persons
        detail: what is wrong
    """)),
    "import_parts": Kept("uploaded files", "until it is undone; 400 days", of("""
        import_id, first_row: which rows of which file
        message_keys: the messages that were new, so that they can be taken back
        written_from, written_until: when they were written, by which they are found
    """)),
    "import_events": Kept("made here", "until it is undone; 400 days", of("""
        import_id: the import
        before: how the event stood before it, so that it can be put back
    """)),
    "competitor_events": Kept("uploaded files", "until the import is undone", of("""
        competitor_event_id: the event of somebody else
        import_id: which file says so
        place, city, genre: where and what it is
        starts_at, ends_at: its times
        price_from_minor, price_to_minor: what it costs
        fingerprint, stated_at: which statement is the latest, and whether it says anything new
    """)),
}  # fmt: skip
