"""Boards on a real PostgreSQL: kept, found, saved by several people at once, trashed, purged."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from data import dashboard_sharing, dashboard_trash, dashboards
from data.access import Access
from data.board_check import InvalidDocument
from data.board_rights import BoardNotFound, NotAllowed
from data.dashboards import Board, Conflict, TooManyBoards
from data.engine import Database, TenantConnection
from data.users import Role
from tests.conftest import Tenant
from tests.data.boards import EMPTY, People, document, grantee, placed

ROLES: tuple[Role, ...] = ("owner", "manager", "analyst", "door", "promoter")


@pytest.fixture
def people(database: Database, tenant: Tenant) -> People:
    return People(database, tenant)


def within(people: People, act: Callable[[TenantConnection], Any]) -> Any:
    """What `act` returns in a transaction of its own."""
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return act(tenant)


def made(people: People, access: Access, name: str = "Friday") -> Board:
    board: Board = within(people, lambda tenant: dashboards.create(tenant, access, name))
    return board


def test_a_new_board_is_empty_and_belongs_to_whoever_made_it(people: People) -> None:
    ada = people.hire("manager", "Ada")
    board = made(people, ada, "  Friday night ")
    assert (board.name, board.version, board.owner_id, board.owner, board.author) == (
        "Friday night",
        1,
        ada.user_id,
        "Ada",
        "Ada",
    )
    assert (board.right, board.shared, board.trashed_at, board.document) == ("own", False, None, EMPTY)


def test_a_saved_document_comes_back_as_it_was(people: People) -> None:
    ada = people.hire("analyst")
    board = made(people, ada)
    wanted = document(
        placed("a", title="Zürich ✓", settings={"n": 1.5, "deep": {"list": [1, None, True, "x"]}}, phone=1),
        placed("b", "gate-flow", x=4, w=8, h=6),
        venue="hall",
    )
    saved = within(people, lambda tenant: dashboards.save(tenant, ada, board.dashboard_id, wanted, 1))
    again = within(people, lambda tenant: dashboards.get(tenant, ada, board.dashboard_id))
    assert saved == again
    assert (again.version, again.document) == (2, wanted)
    assert again.outline == (("house-count", 0, 0, 4, 4), ("gate-flow", 4, 0, 8, 6))


def test_saving_what_is_there_already_makes_no_version(people: People) -> None:
    ada = people.hire("manager")
    board = made(people, ada)
    assert (
        within(people, lambda tenant: dashboards.save(tenant, ada, board.dashboard_id, EMPTY, 1)).version == 1
    )


def test_the_second_editor_is_told_who_saved_what_and_nothing_is_lost(people: People) -> None:
    ada, ben = people.hire("manager", "Ada"), people.hire("owner", "Ben")
    board = made(people, ada)
    first = document(placed("a", "gate-flow"))
    within(people, lambda tenant: dashboards.save(tenant, ben, board.dashboard_id, first, 1))
    with pytest.raises(Conflict, match=r"^Ben saved version 2 on .+ UTC: Gate flow added\.$") as caught:
        within(
            people,
            lambda tenant: dashboards.save(tenant, ada, board.dashboard_id, document(placed("b")), 1),
        )
    assert (caught.value.board.version, caught.value.board.document, caught.value.changes) == (
        2,
        first,
        "Gate flow added",
    )
    kept = within(people, lambda tenant: dashboards.get(tenant, ada, board.dashboard_id))
    assert (kept.version, kept.document) == (2, first)


def test_of_many_who_save_at_the_same_moment_one_wins_and_all_others_are_told(people: People) -> None:
    staff = [people.hire("owner", f"Editor {number}") for number in range(4)]
    board = made(people, staff[0])
    together = Barrier(len(staff))

    def save(access: Access) -> str:
        mine = document(placed(f"w-{str(access.user_id)[:8]}"))
        together.wait(timeout=30)
        try:
            within(people, lambda tenant: dashboards.save(tenant, access, board.dashboard_id, mine, 1))
        except Conflict as conflict:
            return conflict.board.author
        return "saved"

    with ThreadPoolExecutor(len(staff)) as pool:
        answers = list(pool.map(save, staff))
    winner = f"Editor {answers.index('saved')}"
    assert sorted(answers) == sorted([winner] * 3 + ["saved"])
    assert within(people, lambda tenant: dashboards.get(tenant, staff[0], board.dashboard_id)).version == 2


@pytest.mark.parametrize("version", [0, -1, 2, 2**40, 2**70])
def test_a_version_that_never_was_is_a_conflict(people: People, version: int) -> None:
    ada = people.hire("manager")
    board = made(people, ada)
    with pytest.raises(Conflict, match=f"version {version} is not known"):
        within(
            people,
            lambda tenant: dashboards.save(tenant, ada, board.dashboard_id, document(placed("a")), version),
        )


def test_a_new_name_is_a_version_too_so_that_nobody_overwrites_it_unseen(people: People) -> None:
    ada = people.hire("manager")
    board = made(people, ada, "Friday")
    renamed = within(people, lambda tenant: dashboards.rename(tenant, ada, board.dashboard_id, "Saturday", 1))
    assert (renamed.name, renamed.version) == ("Saturday", 2)
    with pytest.raises(Conflict, match=r"saved version 2 on .+ UTC: Renamed to Saturday\.$"):
        within(people, lambda tenant: dashboards.rename(tenant, ada, board.dashboard_id, "Sunday", 1))


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\nb", "a\0b"])
def test_a_board_needs_a_name_that_can_be_read(people: People, name: str) -> None:
    ada = people.hire("manager")
    with pytest.raises(InvalidDocument, match="name: A name has 1 to 120 characters"):
        made(people, ada, name)


def test_a_copy_has_the_document_and_belongs_to_whoever_made_it(people: People) -> None:
    ada, ben = people.hire("manager"), people.hire("owner")
    board = made(people, ada)
    within(people, lambda tenant: dashboards.save(tenant, ada, board.dashboard_id, document(placed("a")), 1))
    copy = within(people, lambda tenant: dashboards.duplicate(tenant, ben, board.dashboard_id))
    assert (copy.name, copy.version, copy.owner_id) == ("Friday (copy)", 1, ben.user_id)
    assert copy.document == document(placed("a"))


# Rights

ACTS: dict[str, Callable[[TenantConnection, Access, UUID], Any]] = {
    "look": dashboards.get,
    "copy": dashboards.duplicate,
    "save": lambda tenant, access, board: dashboards.save(tenant, access, board, document(placed("z")), 1),
    "rename": lambda tenant, access, board: dashboards.rename(tenant, access, board, "Other", 1),
    "share": lambda tenant, access, board: dashboard_sharing.share(
        tenant, access, board, "role:manager", may_edit=True
    ),
    "see shares": dashboard_sharing.shares,
    "trash": dashboard_trash.trash,
}
LOOK = {"look", "copy"}
EDIT = LOOK | {"save", "rename"}


def possible(people: People, access: Access, board: UUID) -> set[str]:
    """What this person may do with a board; nothing of it is kept."""

    class TakenBack(Exception):
        pass

    found = set()
    for name, act in ACTS.items():
        try:
            with people.database.tenant(people.tenant.tenant_id) as tenant:
                act(tenant, access, board)
                found.add(name)
                raise TakenBack
        except (BoardNotFound, NotAllowed, TakenBack):
            continue
    return found


@pytest.mark.parametrize(
    ("shared", "may"),
    [
        (None, {"owner": set(ACTS)}),
        ("role-view", {"owner": set(ACTS), "manager": LOOK, "analyst": LOOK}),
        ("role-edit", {"owner": set(ACTS), "manager": EDIT, "analyst": EDIT}),
        ("user-view", {"owner": set(ACTS), "manager": LOOK, "analyst": LOOK}),
        ("user-edit", {"owner": set(ACTS), "manager": EDIT, "analyst": EDIT}),
    ],
)
def test_each_role_may_do_with_somebody_elses_board_what_its_share_says(
    people: People, shared: str | None, may: dict[str, set[str]]
) -> None:
    board = made(people, people.hire("manager"))
    for role in ROLES:
        somebody = people.hire(role)
        if shared is not None:
            name = f"role:{role}" if shared.startswith("role") else grantee(somebody)
            with people.database.tenant(people.tenant.tenant_id) as tenant:
                # Straight into the table, because sharing itself refuses those it would not help.
                tenant.execute(
                    "INSERT INTO dashboard_shares VALUES (%s, %s, %s, %s)",
                    [people.tenant.tenant_id, board.dashboard_id, name, shared.endswith("edit")],
                )
        assert possible(people, somebody, board.dashboard_id) == may.get(role, set()), role


@pytest.mark.parametrize("role", ["owner", "manager", "analyst"])
def test_with_a_board_of_their_own_they_may_do_everything(people: People, role: Role) -> None:
    ada = people.hire(role)
    assert possible(people, ada, made(people, ada).dashboard_id) == set(ACTS)


@pytest.mark.parametrize("role", ["door", "promoter"])
def test_doors_and_promoters_make_no_boards(people: People, role: Role) -> None:
    with pytest.raises(NotAllowed, match="Your role has no dashboards"):
        made(people, people.hire(role))


def test_whoever_becomes_a_door_loses_their_own_boards(people: People) -> None:
    ada = people.hire("manager")
    board = made(people, ada)
    now_door = Access(ada.tenant_id, "door", ada.user_id)
    assert possible(people, now_door, board.dashboard_id) == set()
    assert within(people, lambda tenant: dashboards.list_boards(tenant, now_door)) == []


def test_the_larger_of_two_rights_holds(people: People) -> None:
    ada, ben = people.hire("manager"), people.hire("analyst")
    board = made(people, ada)

    def share(name: str, may_edit: bool) -> None:
        within(
            people,
            lambda tenant: dashboard_sharing.share(tenant, ada, board.dashboard_id, name, may_edit=may_edit),
        )

    share("role:analyst", False)
    share(grantee(ben), True)
    assert possible(people, ben, board.dashboard_id) == EDIT
    within(people, lambda tenant: dashboard_sharing.unshare(tenant, ada, board.dashboard_id, grantee(ben)))
    assert possible(people, ben, board.dashboard_id) == LOOK


def test_another_tenant_sees_and_changes_nothing(people: People, other_tenant: Tenant) -> None:
    board = made(people, people.hire("manager"))
    others = People(people.database, other_tenant)
    stranger = others.hire("owner")
    assert possible(others, stranger, board.dashboard_id) == set()
    assert within(others, lambda tenant: dashboards.list_boards(tenant, stranger)) == []


def test_a_board_is_shared_only_with_those_it_helps(people: People, other_tenant: Tenant) -> None:
    ada = people.hire("manager")
    board = made(people, ada)
    stranger = People(people.database, other_tenant).hire("manager")
    strangers = [grantee(stranger), grantee(people.hire("door")), f"user:{uuid4()}"]
    for name in [*strangers, "role:door", "role:promoter", "role:owner", "role:", "everybody", "user:\0"]:
        with pytest.raises(InvalidDocument, match="grantee: "):
            within(
                people,
                lambda tenant, name=name: dashboard_sharing.share(  # type: ignore[misc]
                    tenant, ada, board.dashboard_id, name, may_edit=False
                ),
            )


# Lists and the trash


def names(people: People, access: Access, *, trashed: bool = False) -> list[str]:
    found = within(people, lambda tenant: dashboards.list_boards(tenant, access, trashed=trashed))
    return [board.name for board in found]


def test_a_list_has_own_boards_and_those_that_are_shared(people: People) -> None:
    ada, ben, cleo = people.hire("manager"), people.hire("analyst"), people.hire("owner")
    private, by_role, by_user = (made(people, ada, name) for name in ("private", "by role", "by user"))
    made(people, ben, "Ben's")
    for board, name in ((by_role, "role:analyst"), (by_user, grantee(ben))):
        within(
            people,
            lambda tenant, board=board, name=name: dashboard_sharing.share(  # type: ignore[misc]
                tenant, ada, board.dashboard_id, name, may_edit=False
            ),
        )
    assert names(people, ben) == ["Ben's", "by user", "by role"]
    assert names(people, ada) == ["by user", "by role", "private"]
    assert names(people, cleo) == ["Ben's", "by user", "by role", "private"]
    assert names(people, people.hire("door")) == []
    listed = within(people, lambda tenant: dashboards.list_boards(tenant, ada))
    assert [(board.name, board.shared) for board in listed] == [
        ("by user", True),
        ("by role", True),
        ("private", False),
    ]
    assert private.shared is False


def test_the_pages_of_a_list_hold_still_while_boards_are_made_and_saved(people: People) -> None:
    ada = people.hire("manager")
    boards = [made(people, ada, f"board {number}") for number in range(5)]
    first = within(people, lambda tenant: dashboards.list_boards(tenant, ada, limit=2))
    made(people, ada, "made between")
    within(
        people,
        lambda tenant: dashboards.save(tenant, ada, boards[0].dashboard_id, document(placed("a")), 1),
    )
    after = (first[-1].created_at, first[-1].dashboard_id)
    rest = within(people, lambda tenant: dashboards.list_boards(tenant, ada, after=after, limit=10))
    assert [board.name for board in (*first, *rest)] == [f"board {number}" for number in (4, 3, 2, 1, 0)]


def test_a_board_goes_to_the_trash_and_comes_back_with_its_shares(people: People) -> None:
    ada, ben = people.hire("manager"), people.hire("analyst")
    board = made(people, ada)
    within(
        people,
        lambda tenant: dashboard_sharing.share(
            tenant, ada, board.dashboard_id, "role:analyst", may_edit=True
        ),
    )
    assert within(people, lambda tenant: dashboard_trash.trash(tenant, ada, board.dashboard_id)).trashed_at
    assert (names(people, ada), names(people, ada, trashed=True)) == ([], ["Friday"])
    assert (names(people, ben), names(people, ben, trashed=True)) == ([], [])
    assert possible(people, ben, board.dashboard_id) == set()
    restored = within(people, lambda tenant: dashboard_trash.untrash(tenant, ada, board.dashboard_id))
    assert restored.trashed_at is None
    assert names(people, ben) == ["Friday"]


def test_nobody_goes_on_editing_a_board_in_the_trash(people: People) -> None:
    ada = people.hire("manager")
    board = made(people, ada)
    within(people, lambda tenant: dashboard_trash.trash(tenant, ada, board.dashboard_id))
    changed = document(placed("a"))

    def save(tenant: TenantConnection) -> Board:
        return dashboards.save(tenant, ada, board.dashboard_id, changed, board.version)

    with pytest.raises(NotAllowed, match="in the trash: take it out"):
        within(people, save)
    within(people, lambda tenant: dashboard_trash.untrash(tenant, ada, board.dashboard_id))
    assert within(people, save).document == changed


def test_only_a_board_in_the_trash_is_removed_for_good(people: People) -> None:
    ada = people.hire("manager")
    board = made(people, ada)
    with pytest.raises(NotAllowed, match="Only a board in the trash"):
        within(people, lambda tenant: dashboard_trash.purge(tenant, ada, board.dashboard_id))
    within(people, lambda tenant: dashboard_trash.trash(tenant, ada, board.dashboard_id))
    within(people, lambda tenant: dashboard_trash.purge(tenant, ada, board.dashboard_id))
    assert names(people, ada, trashed=True) == []
    with pytest.raises(BoardNotFound):
        within(people, lambda tenant: dashboards.get(tenant, ada, board.dashboard_id))


def test_a_tenant_has_only_so_many_boards(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboards, "MOST_BOARDS", 2)
    ada = people.hire("manager")
    made(people, ada)
    made(people, ada)
    with pytest.raises(TooManyBoards):
        made(people, ada)


@pytest.mark.parametrize(
    "statement", ["UPDATE dashboard_versions SET name = 'x'", "DELETE FROM dashboard_versions"]
)
def test_no_version_can_be_changed_or_removed(people: People, statement: str) -> None:
    made(people, people.hire("manager"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        within(people, lambda tenant: tenant.execute(statement))
