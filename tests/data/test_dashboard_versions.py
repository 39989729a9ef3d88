"""The history of a board, and the way back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from data import board_diff, dashboard_thinning, dashboard_trash, dashboard_versions, dashboards
from data.access import Access
from data.board_document import BoardDocument
from data.dashboards import Board, Conflict
from data.engine import Database
from data.kept_documents import VersionNotFound
from tests.conftest import Tenant
from tests.data.boards import EMPTY, People, document, placed

A = placed("a", "gate-flow")
B = placed("b", "house-count", x=4)
C = placed("c", "sales-over-time", x=8)


@pytest.fixture
def people(database: Database, tenant: Tenant) -> People:
    return People(database, tenant)


@pytest.fixture
def ada(people: People) -> Access:
    return people.hire("manager", "Ada")


@pytest.fixture
def board(people: People, ada: Access) -> Board:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return dashboards.create(tenant, ada, "Friday")


def save(people: People, access: Access, board: UUID, wanted: BoardDocument, version: int) -> Board:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return dashboards.save(tenant, access, board, wanted, version)


def lines(people: People, access: Access, board: UUID, **options: int | bool) -> list[tuple[object, ...]]:
    """What the history says: version, first of its sitting, name, summary, author."""
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        found = dashboard_versions.history(tenant, access, board, **options)  # type: ignore[arg-type]
    return [(line.version, line.first, line.name, line.summary, line.author) for line in found]


def age(postgres_url: str, people: People, board: UUID, versions: range, by: timedelta) -> None:
    """Move versions into the past, as their table's owner: nobody else can."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(people.tenant.tenant_id)])
        connection.execute(
            "UPDATE dashboard_versions SET created_at = created_at - %s"
            " WHERE dashboard_id = %s AND version = ANY(%s)",
            [by, board, list(versions)],
        )


def test_what_one_person_saves_in_one_sitting_is_one_line(people: People, ada: Access, board: Board) -> None:
    save(people, ada, board.dashboard_id, document(A), 1)
    save(people, ada, board.dashboard_id, document(A, B), 2)
    save(people, ada, board.dashboard_id, document(A, B, C), 3)
    assert lines(people, ada, board.dashboard_id) == [
        (4, 2, None, "3 widgets added", "Ada"),
        (1, 1, "Created", "Empty", "Ada"),
    ]
    assert lines(people, ada, board.dashboard_id, every=True) == [
        (4, 4, None, "Sales over time added", "Ada"),
        (3, 3, None, "House count added", "Ada"),
        (2, 2, None, "Gate flow added", "Ada"),
        (1, 1, "Created", "Empty", "Ada"),
    ]


def test_another_author_begins_another_line(people: People, ada: Access, board: Board) -> None:
    ben = people.hire("owner", "Ben")
    save(people, ada, board.dashboard_id, document(A), 1)
    save(people, ben, board.dashboard_id, document(B), 2)
    assert lines(people, ada, board.dashboard_id)[:2] == [
        (3, 3, None, "House count added, Gate flow removed", "Ben"),
        (2, 2, None, "Gate flow added", "Ada"),
    ]


def test_a_pause_begins_another_line(people: People, ada: Access, board: Board, postgres_url: str) -> None:
    for version, wanted in enumerate((document(A), document(A, B), document(A, B, C), EMPTY), 1):
        save(people, ada, board.dashboard_id, wanted, version)
    age(postgres_url, people, board.dashboard_id, range(1, 4), timedelta(minutes=6))
    assert [line[:4] for line in lines(people, ada, board.dashboard_id)] == [
        (5, 4, None, "2 widgets removed"),
        (3, 2, None, "2 widgets added"),
        (1, 1, "Created", "Empty"),
    ]


def test_a_sitting_does_not_go_on_for_ever(
    people: People, ada: Access, board: Board, postgres_url: str
) -> None:
    for version in range(1, 20):
        save(people, ada, board.dashboard_id, document(placed("a", x=version % 8)), version)
        age(postgres_url, people, board.dashboard_id, range(1, version + 2), timedelta(minutes=4))
    found = lines(people, ada, board.dashboard_id)
    assert [line[:2] for line in found] == [(20, 6), (5, 2), (1, 1)]


def test_a_named_version_stands_alone_and_can_be_restored(people: People, ada: Access, board: Board) -> None:
    save(people, ada, board.dashboard_id, document(A), 1)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_versions.name_version(tenant, ada, board.dashboard_id, "Before Christmas", 2)
    save(people, ada, board.dashboard_id, EMPTY, 3)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        restored = dashboard_versions.restore(tenant, ada, board.dashboard_id, 3, 4)
    assert (restored.version, restored.document) == (5, document(A))
    assert lines(people, ada, board.dashboard_id) == [
        (5, 5, "Version 3 restored", "Gate flow added", "Ada"),
        (4, 4, None, "Gate flow removed", "Ada"),
        (3, 3, "Before Christmas", "", "Ada"),
        (2, 2, None, "Gate flow added", "Ada"),
        (1, 1, "Created", "Empty", "Ada"),
    ]


def test_restoring_an_old_version_does_not_pass_over_a_newer_save(
    people: People, ada: Access, board: Board
) -> None:
    save(people, ada, board.dashboard_id, document(A), 1)
    with people.database.tenant(people.tenant.tenant_id) as tenant, pytest.raises(Conflict):
        dashboard_versions.restore(tenant, ada, board.dashboard_id, 1, 1)


@pytest.mark.parametrize("number", [0, 9, -1, 2**40])
def test_a_version_that_never_was_is_not_there(
    people: People, ada: Access, board: Board, number: int
) -> None:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        with pytest.raises(VersionNotFound):
            dashboard_versions.restore(tenant, ada, board.dashboard_id, number, 1)
        with pytest.raises(VersionNotFound):
            dashboard_versions.version(tenant, ada, board.dashboard_id, number)


def test_one_version_is_read_with_its_document(people: People, ada: Access, board: Board) -> None:
    save(people, ada, board.dashboard_id, document(A), 1)
    save(people, ada, board.dashboard_id, document(B), 2)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        line, kept = dashboard_versions.version(tenant, ada, board.dashboard_id, 2)
    assert (line.version, line.summary, kept) == (2, "Gate flow added", document(A))


def test_a_long_history_is_read_in_pages_without_losing_or_repeating_a_version(
    people: People, ada: Access, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard_versions, "_PAGE", 3)
    for version in range(1, 9):
        save(people, ada, board.dashboard_id, document(placed("a", x=version % 8)), version)
    assert [line[0] for line in lines(people, ada, board.dashboard_id, every=True)] == list(range(9, 0, -1))
    assert [line[0] for line in lines(people, ada, board.dashboard_id, every=True, limit=4)] == [9, 8, 7, 6]
    assert [line[0] for line in lines(people, ada, board.dashboard_id, every=True, before=6, limit=2)] == [
        5,
        4,
    ]
    covered = [
        number
        for line in lines(people, ada, board.dashboard_id)
        for number in range(int(str(line[0])), int(str(line[1])) - 1, -1)
    ]
    assert covered == list(range(9, 0, -1))


def test_versions_grow_thinner_with_age_and_named_ones_stay_for_ever(
    postgres_url: str, people: People, ada: Access, board: Board
) -> None:
    key, day = board.dashboard_id, timedelta(days=1)
    shapes = [document(A), document(A, B), document(A, B, C), document(B, C), document(C)]
    for number in range(12):
        save(people, ada, key, shapes[number % 5], number + 1)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_versions.name_version(tenant, ada, key, "Before the change", 13)
    save(people, ada, key, EMPTY, 14)
    # 1 to 3 are ten days old, 4 to 7 three days, 8 and 9 of an hour ago; 14 has a name.
    age(postgres_url, people, key, range(1, 4), 10 * day)
    age(postgres_url, people, key, range(4, 8), 3 * day)
    age(postgres_url, people, key, range(14, 15), 400 * day)
    assert dashboard_thinning.thin(postgres_url, [people.tenant.tenant_id]) == 4
    found = lines(people, ada, key, every=True)
    assert [line[0] for line in found] == [15, 14, 13, 12, 11, 10, 9, 8, 7, 3, 1]
    # What a line says is the change since the version before it that is left.
    assert found[8][3] == board_diff.summary(shapes[1], shapes[0])
    assert dashboard_thinning.thin(postgres_url, [people.tenant.tenant_id]) == 0
    assert [line[0] for line in lines(people, ada, key)][-1] == 1


def test_the_newest_version_stays_however_old(
    postgres_url: str, people: People, ada: Access, board: Board
) -> None:
    for number in range(3):
        save(people, ada, board.dashboard_id, document(A) if number % 2 else document(B), number + 1)
    age(postgres_url, people, board.dashboard_id, range(1, 5), timedelta(days=500))
    dashboard_thinning.thin(postgres_url, [people.tenant.tenant_id])
    assert [line[0] for line in lines(people, ada, board.dashboard_id, every=True)] == [4, 1]


def test_the_versions_of_a_removed_board_go_and_no_others(
    postgres_url: str, people: People, ada: Access, board: Board, database: Database
) -> None:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        other = dashboards.create(tenant, ada, "Saturday")
        dashboard_trash.trash(tenant, ada, board.dashboard_id)
        dashboard_trash.purge(tenant, ada, board.dashboard_id)
        trashed = dashboards.create(tenant, ada, "Sunday")
        dashboard_trash.trash(tenant, ada, trashed.dashboard_id)
    # Another tenant's boards are not touched, and not seen.
    assert dashboard_thinning.thin(postgres_url, []) == 0
    assert dashboard_thinning.thin(postgres_url, [people.tenant.tenant_id]) == 1
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        rows = tenant.execute(
            "SELECT dashboard_id FROM dashboard_versions WHERE tenant_id = %s", [tenant.tenant_id]
        )
        assert {row[0] for row in rows} == {other.dashboard_id, trashed.dashboard_id}
