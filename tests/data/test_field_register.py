"""Nothing is kept that nobody has described, and no person that an erasure would not find."""

from sqlalchemy import Uuid

from data.field_document import PATH, with_fields
from data.field_register import FIELDS, people
from data.schema import metadata

NOBODY = """
    tenant_id venue_id event_id series_id message_key dead_letter_id token_id key_id session_id dashboard_id
    link_id site_id
    annotation_id export_id entry_id source_id caller user_id owner_id author_id created_by actor_id place_id
    invitation_id invited_by reset_id request_id mail_id about import_id competitor_event_id
    job_id cursor_id handled_by identity real_event_id matched_by webhook_id message_id
    sink_id at_key
"""
"""Uuids of things, and of those who work with Housecount. Every other one is taken for somebody's hash."""


def test_every_field_is_described_and_nothing_else_is() -> None:
    fields = {(t.name, column.name) for t in metadata.tables.values() for column in t.columns}
    undescribed = []
    for table, column in sorted(fields):
        try:
            FIELDS[table].purpose(column)
        except KeyError:
            undescribed.append(f"{table}.{column}")
    assert undescribed == []
    own = {(table, column) for table, kept in FIELDS.items() for column in (*kept.purposes, *kept.people)}
    assert own - fields == set()


def test_every_hash_in_the_schema_is_known_as_a_person() -> None:
    hashes = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Uuid) and column.name not in NOBODY.split()
    }
    assert hashes == {(table, column) for table, column, _ in people("customer", "visitor", "author")}


def test_the_document_lists_every_field() -> None:
    text = PATH.read_text()
    assert text == with_fields(text)
