"""Notes on the time axis: where they are, who writes, and who never reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from data import notes
from data.access import Access
from data.board_check import InvalidDocument
from data.board_rights import NotAllowed
from data.engine import Database
from data.notes import Note, NoteNotFound
from tests.conftest import Tenant
from tests.data.boards import People, add_event, add_venue

AT = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@pytest.fixture
def people(database: Database, tenant: Tenant) -> People:
    return People(database, tenant)


@pytest.fixture
def ada(people: People) -> Access:
    return people.hire("analyst", "Ada")


def write(people: People, access: Access, text: str = "Fire alarm", **options: Any) -> Note:
    usual: dict[str, Any] = {"text": text, "at": AT, "venue": people.tenant.venue_id}
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return notes.add_note(tenant, access, **usual | options)


def texts(people: People, access: Access, *span: datetime, **options: Any) -> list[str]:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return [found.text for found in notes.notes(tenant, access, *span, **options)]


def test_a_note_is_kept_with_its_author(people: People, ada: Access) -> None:
    event = add_event(people)
    made = write(people, ada, " Support act\nlate ", venue=None, event=event)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        assert notes.note(tenant, ada, made.note_id) == made
    assert (made.venue_id, made.event_id, made.at, made.text, made.author) == (
        people.tenant.venue_id,
        event,
        AT,
        "Support act\nlate",
        "Ada",
    )


def test_notes_are_found_by_their_time_in_its_order(people: People, ada: Access) -> None:
    hour = timedelta(hours=1)
    for text, at in (("third", AT + 2 * hour), ("first", AT), ("second", AT + hour)):
        write(people, ada, text, at=at)
    assert texts(people, ada) == ["first", "second", "third"]
    assert texts(people, ada, AT, AT + 2 * hour) == ["first", "second"]
    assert texts(people, ada, AT + hour) == ["second", "third"]


def test_with_an_event_go_the_notes_of_its_venue_as_a_whole(people: People, ada: Access) -> None:
    annexe = add_venue(people)
    gala, other = add_event(people), add_event(people)
    write(people, ada, "hall")
    write(people, ada, "annexe", venue=annexe)
    write(people, ada, "gala", event=gala)
    write(people, ada, "other", event=other)
    assert sorted(texts(people, ada, events=[gala])) == ["gala", "hall"]
    assert sorted(texts(people, ada, venues=[annexe])) == ["annexe"]
    assert sorted(texts(people, ada)) == ["annexe", "gala", "hall", "other"]


def test_a_note_is_changed_and_taken_away(people: People, ada: Access) -> None:
    made = write(people, ada)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        changed = notes.change_note(tenant, ada, made.note_id, text="False alarm")
        assert changed == replace(made, text="False alarm")
        moved = notes.change_note(tenant, ada, made.note_id, at=AT + timedelta(hours=1))
        assert moved == replace(changed, at=AT + timedelta(hours=1))
        notes.remove_note(tenant, ada, made.note_id)
        with pytest.raises(NoteNotFound):
            notes.remove_note(tenant, ada, made.note_id)


def test_a_program_that_may_write_and_not_read_is_told_what_it_wrote_and_nothing_else(
    people: People, ada: Access
) -> None:
    program = replace(ada, role="owner", scopes=frozenset({"write"}))
    made = write(people, program)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        assert notes.notes(tenant, program) == []
        assert notes.notes(tenant, ada) == [made]


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("manager", True), ("analyst", False)])
def test_only_some_tidy_up_after_others(people: People, ada: Access, role: Any, may: bool) -> None:
    made, ben = write(people, ada), people.hire(role)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        if may:
            notes.remove_note(tenant, ben, made.note_id)
        else:
            with pytest.raises(NotAllowed, match="Only its author"):
                notes.remove_note(tenant, ben, made.note_id)


@pytest.mark.parametrize("role", ["door", "promoter", None])
def test_doors_promoters_and_links_neither_write_nor_read(people: People, ada: Access, role: Any) -> None:
    made = write(people, ada)
    outsider = replace(people.hire("door"), role=role)
    assert texts(people, outsider) == []
    with pytest.raises(NotAllowed):
        write(people, outsider)
    with (
        people.database.tenant(people.tenant.tenant_id) as tenant,
        pytest.raises(NoteNotFound),
    ):
        notes.note(tenant, outsider, made.note_id)


def test_who_sees_one_venue_reads_and_writes_there_alone(people: People, ada: Access) -> None:
    annexe = add_venue(people)
    there, away = write(people, ada, "annexe", venue=annexe), write(people, ada, "hall")
    local = replace(ada, venues=frozenset([annexe]))
    assert texts(people, local) == ["annexe"]
    assert texts(people, local, venues=[people.tenant.venue_id]) == []
    with pytest.raises(InvalidDocument, match="venueId: There is no such venue"):
        write(people, local)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        notes.change_note(tenant, local, there.note_id, text="x")
        with pytest.raises(NoteNotFound):
            notes.change_note(tenant, local, away.note_id, text="x")


def test_another_tenant_reads_nothing(people: People, ada: Access, other_tenant: Tenant) -> None:
    made = write(people, ada)
    others = People(people.database, other_tenant)
    stranger = others.hire("owner")
    assert texts(others, stranger) == []
    assert texts(others, stranger, venues=[people.tenant.venue_id]) == []
    with others.database.tenant(other_tenant.tenant_id) as tenant, pytest.raises(NoteNotFound):
        notes.change_note(tenant, stranger, made.note_id, text="x")


FAR = datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"text": "  "}, "text: A note has 1 to 500"),
        ({"text": "x" * 501}, "text: A note has 1 to 500"),
        ({"text": "a\0"}, "text: A note has 1 to 500"),
        ({"at": FAR}, "at: A moment with its offset"),
        ({"at": AT.replace(tzinfo=None)}, "at: A moment with its offset"),
        ({"venue": None}, "venueId: There is no such venue"),
        ({"venue": UUID(int=7)}, "venueId: There is no such venue"),
        ({"event": UUID(int=7)}, "eventId: There is no such event"),
    ],
)
def test_a_note_that_cannot_be_is_refused_by_field(
    people: People, ada: Access, options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InvalidDocument, match=fault):
        write(people, ada, **options)


def test_an_event_of_another_tenant_is_no_place_for_a_note(
    people: People, ada: Access, other_tenant: Tenant
) -> None:
    foreign = add_event(People(people.database, other_tenant))
    with pytest.raises(InvalidDocument, match="eventId: There is no such event"):
        write(people, ada, venue=None, event=foreign)
    with pytest.raises(InvalidDocument, match="venueId: There is no such venue"):
        write(people, ada, venue=other_tenant.venue_id)
