"""Matching an event that nobody registered: its facts move, nothing is lost or doubled, and it can be
undone."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data import carts, event_moves, facts
from data.engine import Database
from data.event_matches import NotMatchable, by_id, everyones, listed, match, undo
from data.keys import MasterKeys
from data.messages import (
    CartUpdate,
    Fact,
    InvalidAttempt,
    Message,
    PageView,
    SaleLine,
    Scan,
    TicketTransfer,
    VenueUpdate,
)
from tests.conftest import MASTER_KEY, Tenant, new_tenant
from tests.data.rollup_rows import NIGHT, current, message, stated
from tests.data.test_facts import give_gates
from tests.data.test_rebuild import figures, rebuilt, rows

MASTER = MasterKeys([MASTER_KEY])


def register(database: Database, tenant: Tenant, **columns: Any) -> UUID:
    """A registered event."""
    event_id = uuid4()
    given = {"external_id": f"real-{event_id}", "name": "Winter Gala"} | columns
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            f"INSERT INTO events (tenant_id, venue_id, event_id, {', '.join(given)})"
            f" VALUES (%s, %s, %s, {', '.join(['%s'] * len(given))})",
            [tenant.tenant_id, tenant.venue_id, event_id, *given.values()],
        )
    return event_id


def write(database: Database, tenant: Tenant, messages: Iterable[Message]) -> None:
    some = list(messages)
    for start in range(0, len(some), 10):
        part = some[start : start + 10]
        assert facts.write(database, tenant.tenant_id, part).verdicts == ["accepted"] * len(part)


def matched(database: Database, tenant: Tenant, stray: UUID, real: UUID) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        match(connection, stray, real, None)


def taken_back(database: Database, tenant: Tenant, stray: UUID) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        undo(connection, stray)


def moved(url: str, tenant: Tenant, stray: UUID, part: int = event_moves.PART) -> int:
    """Move all there is; how many parts it took."""
    parts = 0
    while event_moves.work(url, MASTER, tenant.tenant_id, stray, part) is not None:
        parts += 1
    return parts


def places(database: Database, tenant: Tenant) -> set[UUID]:
    """The events that any fact or message is of."""
    with database.tenant(tenant.tenant_id) as connection:
        found: set[UUID] = set()
        for table in (*facts.TABLES.values(), "messages"):
            rows = connection.execute(
                f"SELECT DISTINCT event_id FROM {table} WHERE tenant_id = %s", [tenant.tenant_id]
            )
            found |= {event for (event,) in rows}
        return found


def sums(database: Database, tenant: Tenant, event: UUID) -> dict[str, list[dict[str, Any]]]:
    """The roll-ups of one event that say something, whichever event and tenant it is."""
    named = ("tenant_id", "venue_id", "event_id")
    own = {
        table: [
            {name: value for name, value in row.items() if name not in named}
            for row in found
            if row["event_id"] == event
        ]
        for table, found in figures(rows(database, tenant)).items()
    }
    for row in own["presence"]:  # In the order in which they came.
        row["moves"] = sorted(map(str, row["moves"]))
    minutes = own["house_count_minutes"]
    own["house_count_minutes"] = [row for row in minutes if row["change"] or row["highest"]]
    return {table: sorted(found, key=str) for table, found in own.items()}


def anywhere(database: Database, tenant: Tenant) -> Any:
    """The roll-ups without events, whichever venue it is."""
    found = current(database, tenant, [tenant.venue_id])
    place = {tenant.venue_id: "here"}
    return [
        {(place.get(key[0], key[0]), *key[1:]): row for key, row in part.items()}
        for part in (found.days, found.months, found.customers)
    ]


OTHERS: Sequence[Fact] = (
    TicketTransfer(NIGHT, "t1"),
    InvalidAttempt(NIGHT, "scan", "t9"),
    PageView(NIGHT, "/gala"),
    CartUpdate(NIGHT, 3, 900, "GBP", UUID(int=7)),
    CartUpdate(NIGHT + timedelta(minutes=1), 1, 300, "GBP", UUID(int=7)),
)


@settings(
    max_examples=4,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # An example takes seconds: none is made smaller.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stated=stated, others=stated, later=stated, seed=st.integers(0, 2**32))
def test_what_was_moved_is_as_if_it_had_always_named_the_real_event_and_undone_as_if_never(
    database: Database,
    postgres_url: str,
    stated: list[Fact],
    others: list[Fact],
    later: list[Fact],
    seed: int,
) -> None:
    plain = [[fact for fact in some if not getattr(fact, "restores", False)] for some in (stated, later)]
    first, late = [*plain[0], *OTHERS], plain[1]
    rng = random.Random(seed)

    def house() -> tuple[Tenant, UUID, UUID]:
        tenant = new_tenant(postgres_url)
        give_gates(database, tenant)
        return tenant, uuid4(), register(database, tenant)

    def said(tenant: Tenant, event: UUID, some: Sequence[Fact], word: str) -> list[Message]:
        return [message(tenant.venue_id, event, f"{word} {n}", fact) for n, fact in enumerate(some)]

    tenant, stray, real = house()
    known = said(tenant, stray, first, "stray") + said(tenant, real, others, "real")
    rng.shuffle(known)
    write(database, tenant, known)
    matched(database, tenant, stray, real)
    write(database, tenant, said(tenant, stray, late, "late"))
    moved(postgres_url, tenant, stray, part=rng.randint(5, 30))

    always, _, same = house()
    write(database, always, said(always, same, [*first], "stray") + said(always, same, others, "real"))
    write(database, always, said(always, same, late, "late"))
    assert sums(database, tenant, real) == sums(database, always, same)
    assert anywhere(database, tenant) == anywhere(database, always)
    assert places(database, tenant) == {real}
    assert rebuilt(database, tenant) == {}

    taken_back(database, tenant, stray)
    moved(postgres_url, tenant, stray, part=rng.randint(5, 30))
    never, apart, own = house()
    write(database, never, said(never, apart, [*first], "stray") + said(never, own, others, "real"))
    write(database, never, said(never, apart, late, "late"))
    assert sums(database, tenant, real) == sums(database, never, own)
    assert sums(database, tenant, stray) == sums(database, never, apart)
    assert anywhere(database, tenant) == anywhere(database, never)
    assert rebuilt(database, tenant) == {}
    with database.tenant(tenant.tenant_id) as connection:
        assert listed(connection) == []
        left = connection.execute("SELECT count(*) FROM moved_messages").fetchone()
        assert left == (0,)


def sale(tenant: Tenant, event: UUID, name: str) -> Message:
    return message(tenant.venue_id, event, name, SaleLine("sale", NIGHT, 1, 1000, "GBP", ticket_id=name))


def tickets(database: Database, tenant: Tenant) -> dict[UUID, int]:
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute(
            "SELECT event_id, sold FROM event_totals WHERE tenant_id = %s AND sold <> 0", [tenant.tenant_id]
        )
        return dict(rows.fetchall())


def test_writers_lose_and_double_nothing_while_events_are_matched_and_matches_undone(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    stray, real = uuid4(), register(database, tenant)
    write(database, tenant, [sale(tenant, stray, "first")])
    running, sent, failures = threading.Event(), [1], []

    def send(word: str) -> None:
        number = 0
        while not running.is_set():
            batch = [sale(tenant, stray, f"{word} {number + n}") for n in range(3)]
            batch += [sale(tenant, real, f"{word} real {number}")]
            try:
                verdicts = facts.write(database, tenant.tenant_id, [*batch, batch[0]]).verdicts
                assert verdicts == ["accepted"] * 4 + ["duplicate"]
            except BaseException as error:
                failures.append(error)
                return
            number += 3
            sent.append(4)
            time.sleep(0.02)

    threads = [threading.Thread(target=send, args=(str(each),)) for each in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            matched(database, tenant, stray, real)
            moved(postgres_url, tenant, stray, part=150)
            taken_back(database, tenant, stray)
            moved(postgres_url, tenant, stray, part=150)
        matched(database, tenant, stray, real)
    finally:
        running.set()
        for thread in threads:
            thread.join()
    moved(postgres_url, tenant, stray)
    assert failures == []
    assert sum(sent) > 60
    assert tickets(database, tenant) == {real: sum(sent)}
    assert places(database, tenant) == {real}
    assert rebuilt(database, tenant) == {}
    taken_back(database, tenant, stray)
    moved(postgres_url, tenant, stray)
    reals = (sum(sent) - 1) // 4
    assert tickets(database, tenant) == {real: reals, stray: sum(sent) - reals}
    assert rebuilt(database, tenant) == {}


def test_what_breaks_off_within_a_part_leaves_it_whole_and_is_gone_on_with(
    database: Database, postgres_url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray, real = uuid4(), register(database, tenant)
    write(database, tenant, [sale(tenant, stray, f"t{n}") for n in range(10)])
    matched(database, tenant, stray, real)
    assert event_moves.work(postgres_url, MASTER, tenant.tenant_id, stray, 4) is not None
    assert tickets(database, tenant) == {real: 4, stray: 6}

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(carts, "keep", killed)
        with pytest.raises(Killed):
            event_moves.work(postgres_url, MASTER, tenant.tenant_id, stray, 4)
    assert tickets(database, tenant) == {real: 4, stray: 6}
    assert (tenant.tenant_id, stray) in everyones(database)
    assert moved(postgres_url, tenant, stray, 4) == 3, "four, two, and the end"
    assert tickets(database, tenant) == {real: 10}
    assert (tenant.tenant_id, stray) not in everyones(database)
    with database.tenant(tenant.tenant_id) as connection:
        found = by_id(connection, stray)
    assert found is not None
    assert (found.status, found.moved) == ("matched", 10)


def test_two_workers_move_everything_once(database: Database, postgres_url: str, tenant: Tenant) -> None:
    stray, real = uuid4(), register(database, tenant)
    write(database, tenant, [sale(tenant, stray, f"t{n}") for n in range(60)])
    matched(database, tenant, stray, real)

    def go() -> None:
        for _ in range(30):
            event_moves.work(postgres_url, MASTER, tenant.tenant_id, stray, 5)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moved(postgres_url, tenant, stray)
    assert tickets(database, tenant) == {real: 60}
    assert rebuilt(database, tenant) == {}


def test_people_inside_go_along_and_a_ticket_known_at_both_is_one_person(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    stray, real = uuid4(), register(database, tenant)
    entry, later = Scan(NIGHT, "t1", gate="A"), NIGHT + timedelta(minutes=5)
    write(
        database,
        tenant,
        [
            message(tenant.venue_id, stray, "1", entry),
            message(tenant.venue_id, stray, "2", Scan(NIGHT, "t2")),
            message(tenant.venue_id, real, "3", Scan(later, "t1", "exit")),
        ],
    )
    matched(database, tenant, stray, real)
    moved(postgres_url, tenant, stray)
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT entered, inside, exits, peak FROM event_totals WHERE tenant_id = %s AND event_id = %s",
            [tenant.tenant_id, real],
        ).fetchone()
    assert row == (2, 1, 1, 2)


def test_what_messages_say_of_the_event_holds_at_the_real_one_until_it_is_undone(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    stray, real = uuid4(), register(database, tenant, sellable_capacity=300)
    said = [
        message(tenant.venue_id, stray, "1", VenueUpdate(NIGHT, "capacity", "500")),
        message(tenant.venue_id, stray, "2", VenueUpdate(NIGHT, "holds", "20")),
        message(tenant.venue_id, real, "3", VenueUpdate(NIGHT, "status", '"on_sale"')),
    ]
    write(database, tenant, said)

    def state() -> tuple[Any, ...]:
        with database.tenant(tenant.tenant_id) as connection:
            row = connection.execute(
                "SELECT sellable_capacity, status, (SELECT sum(quantity) FROM holds h"
                " WHERE h.tenant_id = e.tenant_id AND h.event_id = e.event_id)"
                " FROM events e WHERE tenant_id = %s AND event_id = %s",
                [tenant.tenant_id, real],
            ).fetchone()
        assert row is not None
        return tuple(row)

    assert state() == (300, "on_sale", None)
    matched(database, tenant, stray, real)
    moved(postgres_url, tenant, stray)
    assert state() == (500, "on_sale", 20)
    taken_back(database, tenant, stray)
    moved(postgres_url, tenant, stray)
    assert state() == (300, "on_sale", None)


def test_only_what_nobody_registered_is_matched_and_only_to_an_event_of_the_venue(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    stray, real = uuid4(), register(database, tenant)
    write(database, tenant, [sale(tenant, stray, "1")])
    theirs = register(database, other_tenant)
    refused: list[Callable[[Any], Any]] = [
        lambda connection: match(connection, real, real, None),
        lambda connection: match(connection, stray, stray, None),
        lambda connection: match(connection, stray, theirs, None),
        lambda connection: match(connection, uuid4(), real, None),
        lambda connection: undo(connection, stray),
    ]
    for attempt in refused:
        with database.tenant(tenant.tenant_id) as connection, pytest.raises(NotMatchable):
            attempt(connection)
    with database.tenant(other_tenant.tenant_id) as connection, pytest.raises(NotMatchable):
        match(connection, stray, theirs, None)
    matched(database, tenant, stray, real)
    with database.tenant(tenant.tenant_id) as connection, pytest.raises(NotMatchable):
        match(connection, stray, real, None)
    with database.tenant(tenant.tenant_id) as connection, pytest.raises(NotMatchable, match="being moved"):
        undo(connection, stray)
    with database.tenant(other_tenant.tenant_id) as connection:
        assert listed(connection) == []
        assert by_id(connection, stray) is None
