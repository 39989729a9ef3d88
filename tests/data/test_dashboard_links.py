"""Links for people outside: what they open, and everything that they do not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from data import dashboard_links, dashboard_sharing, dashboard_trash, dashboards
from data.access import Access
from data.answers import Answer
from data.board_check import InvalidDocument
from data.board_rights import BoardNotFound, NotAllowed
from data.dashboard_links import Link, SharedLinks
from data.dashboards import Board
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.link_views import LinkViews
from data.metric_query import MetricQuery, Named
from data.migrations import run
from data.needs import EventList, LiveNight, Notes, answer
from data.notes import add_note
from data.tokens import add_token, id_of_subject, revoke_token
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.data.boards import People, add_event, add_venue, document, grantee, placed
from tests.live.night import open_night

TOMORROW = timedelta(days=1)


@pytest.fixture
def people(database: Database, tenant: Tenant) -> People:
    return People(database, tenant)


@pytest.fixture
def ada(people: People) -> Access:
    return people.hire("manager", "Ada")


@pytest.fixture
def board(people: People, ada: Access) -> Board:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return dashboards.create(tenant, ada, "Friday", document(placed("a")))


@pytest.fixture
def shared(database: Database) -> Iterator[SharedLinks]:
    shared = SharedLinks(database)
    yield shared
    shared.close()


def give(people: People, access: Access, board: Board, **options: Any) -> tuple[Link, str]:
    """A link for a day to the whole of the first venue, unless asked for otherwise."""
    usual: dict[str, Any] = {
        "label": "Blue Note",
        "filters": {"venue": str(people.tenant.venue_id)},
        "masked": False,
        "expires_at": datetime.now(UTC) + TOMORROW,
    }
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return dashboard_links.give_link(tenant, access, board.dashboard_id, **usual | options)


def listed(people: People, access: Access, board: Board) -> list[Link]:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        return dashboard_links.links(tenant, access, board.dashboard_id)


def test_a_link_opens_its_board_and_reaches_its_event_alone(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    event = add_event(people)
    link, token = give(people, ada, board, filters={"event": str(event), "range": "doors-60..0"}, masked=True)
    opened = shared.resolve(token)
    assert opened is not None
    assert opened.access == Access(
        people.tenant.tenant_id,
        "promoter",
        user_id=None,
        venues=frozenset([people.tenant.venue_id]),
        events=frozenset([event]),
        masked=True,
        linked=True,
    )
    assert (opened.board.dashboard_id, opened.board.right) == (board.dashboard_id, "view")
    assert opened.board.document == document(placed("a"))
    assert opened.link == link
    assert link.filters == {
        "venue": str(people.tenant.venue_id),
        "event": str(event),
        "range": "doors-60..0",
    }
    assert (link.label, link.created_by, link.views, link.state(datetime.now(UTC))) == (
        "Blue Note",
        "Ada",
        0,
        "active",
    )


def test_a_link_to_a_venue_reaches_all_its_events_and_no_other_venue(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    annexe = add_venue(people)
    opened = shared.resolve(give(people, ada, board, filters={"venue": str(annexe)})[1])
    assert opened is not None
    assert (opened.access.venues, opened.access.events, opened.access.masked) == (
        frozenset([annexe]),
        None,
        False,
    )


def test_all_venues_beside_an_event_are_the_venue_of_the_event(
    people: People, ada: Access, board: Board
) -> None:
    event = add_event(people)
    link, _ = give(people, ada, board, filters={"venue": "all", "event": str(event)})
    assert link.filters == {"venue": str(people.tenant.venue_id), "event": str(event)}


def test_a_link_shows_the_newest_version(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    _, token = give(people, ada, board)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboards.save(tenant, ada, board.dashboard_id, document(placed("b")), 1)
    opened = shared.resolve(token)
    assert opened is not None
    assert opened.board.document == document(placed("b"))


def test_an_expired_link_opens_nothing_and_its_giver_sees_why(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    link, token = give(people, ada, board)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        tenant.execute("UPDATE dashboard_links SET expires_at = now() WHERE link_id = %s", [link.link_id])
    assert shared.resolve(token) is None
    assert [found.state(datetime.now(UTC)) for found in listed(people, ada, board)] == ["expired"]


def test_a_revoked_link_opens_nothing_and_stays_revoked(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    link, token = give(people, ada, board)
    kept, other = give(people, ada, board)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        first = dashboard_links.revoke_link(tenant, ada, board.dashboard_id, link.link_id)
        second = dashboard_links.revoke_link(tenant, ada, board.dashboard_id, link.link_id)
    assert first == second
    assert shared.resolve(token) is None
    assert shared.resolve(other) is not None
    states = {found.link_id: found.state(datetime.now(UTC)) for found in listed(people, ada, board)}
    assert states == {link.link_id: "revoked", kept.link_id: "active"}


def test_the_trash_closes_links_and_coming_back_opens_them(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    _, token = give(people, ada, board)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_trash.trash(tenant, ada, board.dashboard_id)
    assert shared.resolve(token) is None
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_trash.untrash(tenant, ada, board.dashboard_id)
    assert shared.resolve(token) is not None
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_trash.trash(tenant, ada, board.dashboard_id)
        dashboard_trash.purge(tenant, ada, board.dashboard_id)
    assert shared.resolve(token) is None


LOST = {
    "shut out": "UPDATE users SET disabled_at = now() WHERE tenant_id = %(tenant)s AND user_id = %(giver)s",
    "demoted": "UPDATE users SET role = 'analyst' WHERE tenant_id = %(tenant)s AND user_id = %(giver)s",
    "limited": "UPDATE users SET reach = 'venues' WHERE tenant_id = %(tenant)s AND user_id = %(giver)s",
    "not shared": "DELETE FROM dashboard_shares WHERE tenant_id = %(tenant)s",
    "only to look at": "UPDATE dashboard_shares SET may_edit = false WHERE tenant_id = %(tenant)s",
}


@pytest.mark.parametrize("lost", LOST)
def test_a_link_is_worth_what_its_giver_might_still_give(
    people: People, ada: Access, board: Board, shared: SharedLinks, lost: str
) -> None:
    ben = people.hire("manager", "Ben")
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_sharing.share(tenant, ada, board.dashboard_id, grantee(ben), may_edit=True)
    theirs, ours = give(people, ben, board)[1], give(people, ada, board)[1]
    assert shared.resolve(theirs) is not None
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        tenant.execute(LOST[lost], {"tenant": people.tenant.tenant_id, "giver": ben.user_id})
    assert shared.resolve(theirs) is None
    assert shared.resolve(ours) is not None, "given by somebody else"
    states = {link.created_by: link.state(datetime.now(UTC)) for link in listed(people, ada, board)}
    assert states == {"Ben": "closed", "Ada": "active"}


def test_links_of_programs_close_with_their_tokens_and_those_of_services_and_commands_do_not(
    people: People, board: Board, shared: SharedLinks
) -> None:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        token_id, _ = add_token(tenant, "shop", ["write"])
        subject = id_of_subject(tenant.tenant_id, "https://id.example.org", "shop")
    given = {
        caller: give(people, Access(people.tenant.tenant_id, "owner", caller), board)[1]
        for caller in (token_id, subject, None)
    }
    assert all(shared.resolve(token) for token in given.values())
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        revoke_token(tenant, token_id)
    assert [caller for caller, token in given.items() if shared.resolve(token) is None] == [token_id]


def test_no_part_of_a_token_can_be_changed(
    people: People, ada: Access, board: Board, shared: SharedLinks, other_tenant: Tenant
) -> None:
    _, token = give(people, ada, board)
    _, other = give(people, ada, board)
    assert shared.resolve(token) is not None
    for position in range(len(token)):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert shared.resolve(changed) is None, position
    raw, another = (base64.urlsafe_b64decode(text) for text in (token, other))
    forged = [
        other_tenant.tenant_id.bytes + raw[16:],
        raw[:32] + another[32:],
        raw[:16] + another[16:32] + raw[32:],
    ]
    for content in forged:
        assert shared.resolve(base64.urlsafe_b64encode(content).decode()) is None


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 88, "é" * 88, "\0" * 88, "=" * 88, "A" * 87 + "=", "A" * 10_000]
)
def test_nonsense_opens_nothing(shared: SharedLinks, token: str) -> None:
    assert shared.resolve(token) is None


def test_the_table_does_not_hold_the_secret(people: People, ada: Access, board: Board) -> None:
    _, token = give(people, ada, board)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        row = tenant.execute(
            "SELECT to_jsonb(l)::text, secret_hash FROM dashboard_links l WHERE dashboard_id = %s",
            [board.dashboard_id],
        ).fetchone()
    assert row is not None
    secret = base64.urlsafe_b64decode(token)[32:]
    assert secret.hex() not in row[0]
    assert (len(row[1]), token[43:] in row[0]) == (32, False)


def test_the_eyes_of_a_link_see_no_other_board_and_no_list(
    people: People, ada: Access, board: Board, shared: SharedLinks
) -> None:
    opened = shared.resolve(give(people, ada, board)[1])
    assert opened is not None
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        assert dashboards.list_boards(tenant, opened.access) == []
        with pytest.raises(BoardNotFound):
            dashboards.get(tenant, opened.access, board.dashboard_id)


@pytest.mark.parametrize("role", ["manager", "analyst"])
def test_who_only_looks_at_a_board_gives_no_links_to_it(
    people: People, ada: Access, board: Board, role: Any
) -> None:
    ben = people.hire(role)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_sharing.share(tenant, ada, board.dashboard_id, grantee(ben), may_edit=False)
    with pytest.raises(NotAllowed):
        give(people, ben, board)
    with pytest.raises(NotAllowed):
        listed(people, ben, board)


def test_an_analyst_gives_no_links_even_to_boards_of_their_own(people: People) -> None:
    ben = people.hire("analyst")
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        own = dashboards.create(tenant, ben, "Mine")
    with pytest.raises(NotAllowed, match="Only owners, and managers who may edit"):
        give(people, ben, own)


def test_an_analyst_sees_and_revokes_what_others_gave_to_a_board_of_theirs(
    people: People, ada: Access, shared: SharedLinks
) -> None:
    ben = people.hire("analyst")
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        own = dashboards.create(tenant, ben, "Mine")
        dashboard_sharing.share(tenant, ben, own.dashboard_id, "role:manager", may_edit=True)
    link, token = give(people, ada, own)
    assert listed(people, ben, own) == [link]
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_links.revoke_link(tenant, ben, own.dashboard_id, link.link_id)
    assert shared.resolve(token) is None


def test_a_manager_who_may_edit_gives_links(people: People, ada: Access, board: Board) -> None:
    ben = people.hire("manager")
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        dashboard_sharing.share(tenant, ada, board.dashboard_id, grantee(ben), may_edit=True)
    assert give(people, ben, board)[0].label == "Blue Note"


def test_a_link_is_revoked_only_through_its_own_board(people: People, ada: Access, board: Board) -> None:
    link, _ = give(people, ada, board)
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        other = dashboards.create(tenant, ada, "Other")
        for board_id, link_id in ((other.dashboard_id, link.link_id), (board.dashboard_id, uuid4())):
            with pytest.raises(BoardNotFound):
                dashboard_links.revoke_link(tenant, ada, board_id, link_id)


def test_a_link_must_lock_a_place_of_this_tenant(
    people: People, ada: Access, board: Board, other_tenant: Tenant
) -> None:
    event, annexe = add_event(people), add_venue(people)
    for filters, place in (
        ({}, "filters: Lock a venue or an event"),
        ({"range": "30d"}, "filters: Lock a venue or an event"),
        ({"venue": "all"}, "filters: Lock a venue or an event"),
        ({"venue": "hall"}, "filters.venue: The id of one venue"),
        ({"venue": str(uuid4())}, "filters.venue: There is no such venue"),
        ({"venue": str(other_tenant.venue_id)}, "filters.venue: There is no such venue"),
        ({"event": str(uuid4())}, "filters.event: There is no such event"),
        ({"event": str(event), "venue": str(annexe)}, "filters.event: The event is at another venue"),
        ({"venue": str(annexe), "f.x": "\0"}, "filters.f.x: The character"),
    ):
        with pytest.raises(InvalidDocument, match=place):
            give(people, ada, board, filters=filters)


@pytest.mark.parametrize("after", [timedelta(minutes=-1), timedelta(minutes=4), timedelta(days=367)])
def test_a_link_holds_neither_for_no_time_nor_for_ever(
    people: People, ada: Access, board: Board, after: timedelta
) -> None:
    with pytest.raises(InvalidDocument, match="expiresAt: A link holds for at least five minutes"):
        give(people, ada, board, expires_at=datetime.now(UTC) + after)


def views(people: People, link: UUID) -> tuple[int, bool]:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        row = tenant.execute(
            "SELECT views, last_viewed_at IS NOT NULL FROM dashboard_links WHERE link_id = %s", [link]
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_every_view_counts_but_only_the_first_of_a_while_is_written_at_once(
    people: People, ada: Access, board: Board, database: Database
) -> None:
    link, token = give(people, ada, board)
    shared = SharedLinks(database)
    assert shared.resolve(token) is not None
    assert views(people, link.link_id) == (0, False)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: shared.resolve(token, view=True), range(20)))
    assert views(people, link.link_id) == (1, True)
    shared.close()
    assert views(people, link.link_id) == (20, True)


def test_views_that_wait_are_written_without_another_one(
    people: People, ada: Access, board: Board, database: Database
) -> None:
    link, _ = give(people, ada, board)
    counted = LinkViews(database, every_seconds=0.05)
    for _ in range(50):
        counted.seen(people.tenant.tenant_id, link.link_id)
    deadline = datetime.now(UTC) + timedelta(seconds=30)
    while views(people, link.link_id)[0] < 50 and datetime.now(UTC) < deadline:
        pass
    assert views(people, link.link_id) == (50, True)
    counted.close()


def test_views_are_not_lost_while_the_database_is_away(
    people: People, ada: Access, board: Board, database: Database, postgres_url: str
) -> None:
    link, _ = give(people, ada, board)
    away = Database(postgres_url)
    counted = LinkViews(away)
    away.close()
    counted.seen(people.tenant.tenant_id, link.link_id)
    counted.seen(people.tenant.tenant_id, link.link_id)
    counted._database = database
    counted.close()
    assert views(people, link.link_id) == (2, True)


def test_through_a_link_no_other_event_no_amount_and_no_note_can_be_reached(
    people: People, ada: Access, board: Board, shared: SharedLinks, database: Database
) -> None:
    tenant_id, venue_id, now = people.tenant.tenant_id, people.tenant.venue_id, datetime.now(UTC)
    ours, theirs = (open_night(database, tenant_id, venue_id, now) for _ in range(2))
    ours.sell(2, now)
    theirs.sell(3, now)
    with database.tenant(tenant_id) as tenant:
        add_note(tenant, ada, text="Refund the agency", at=now, event=ours.event_id)
    opened = shared.resolve(give(people, ada, board, filters={"event": str(ours.event_id)}, masked=True)[1])
    assert opened is not None
    question = MetricQuery(
        metrics=("tickets_sold", "net_revenue"), dimensions=("event",), range=Named(named="today")
    )
    with database.tenant(tenant_id, snapshot=True) as tenant:
        sold, night, foreign, events, found = answer(
            tenant,
            opened.access,
            [
                question,
                LiveNight(event=ours.event_id),
                LiveNight(event=theirs.event_id),
                EventList(phase="all"),
                Notes(question),
            ],
            now + timedelta(seconds=1),
        )
    assert isinstance(sold, Answer)
    assert sold.column("event") == [str(ours.event_id)]
    assert (sold.column("tickets_sold"), sold.column("net_revenue")) == ([2], [None])
    assert sold.masked == {"net_revenue"}
    assert isinstance(night, dict)
    assert (night["eventId"], night["sales"]["sold"]) == (str(ours.event_id), 2)
    assert (night["masked"], night["revenue"]["currencies"]) == (True, [])
    assert (foreign, found) == (None, [])
    assert isinstance(events, list)
    assert len(events) == 1


def test_a_link_given_before_filters_stood_side_by_side_shows_what_it_did(server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url:
        tenant = new_tenant(url)
        with closing(Database(url, master=MasterKeys([MASTER_KEY]))) as database:
            people = People(database, tenant)
            manager = people.hire("manager", "Ada")
            with database.tenant(tenant.tenant_id) as connection:
                board = dashboards.create(connection, manager, "Friday", document(placed("a")))
            place = {"venue": str(tenant.venue_id)}
            looks = ({"f.channel": ("web", "app")}, {"f.channel": "web", "f": "none"}, {"range": "7d"})
            for look in looks:
                give(people, manager, board, filters=place | look)
        run.downgrade(url, "0026")
        run.upgrade(url)
        with closing(Database(url, master=MasterKeys([MASTER_KEY]))) as database:
            after = [link.filters for link in listed(People(database, tenant), manager, board)]
    assert after == [
        place | {"range": "7d"},
        place | {"f.channel": "web", "f": "none"},
        place | {"f.channel": ("web", "app"), "f": "none"},
    ]
