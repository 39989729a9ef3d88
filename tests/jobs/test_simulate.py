"""The simulator against the REST door, over a socket, like any other client."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from werkzeug.serving import make_server

from data.demo_handover import Demo, hand_over, read_history
from data.demo_house import HALL, VENUES, DemoEvent
from data.demo_programme import rebuilt
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.seed import TENANT_ID, event_id, seed_demo
from jobs.demo_doors import movements
from jobs.demo_messages import messages
from jobs.demo_progress import FILE, History, Progress
from jobs.demo_sales import orders
from jobs.simulate import Simulation, _in_order
from tests.api.door import build
from tests.conftest import MASTER_KEY, fresh_database


class House:
    """A seeded demo and a door on it, with everything the simulator needs."""

    def __init__(self, database: Database, url: str, data_dir: Path, demo: Demo) -> None:
        self.database = database
        self.url = url
        self.data_dir = data_dir
        self.demo = demo

    @property
    def tonight(self) -> DemoEvent:
        """The main hall's night."""
        now = datetime.now(UTC)
        events = (rebuilt(HALL, ref, doors) for ref, doors in self.demo.events[HALL.ref].items())
        return next(event for event in events if event.doors_at <= now < event.ends_at)

    @contextmanager
    def simulation(self) -> Iterator[None]:
        """The simulator at work for the length of the block."""
        stop = threading.Event()
        simulation = Simulation(self.url, self.data_dir, 30, stop)
        thread = threading.Thread(target=simulation.run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()

    def one(self, query: str, *parameters: object) -> Any:
        with self.database.tenant(TENANT_ID) as tenant:
            row = tenant.execute(query, parameters).fetchone()
        return None if row is None else row[0] if len(row) == 1 else row

    def published(self, event: DemoEvent) -> int:
        """Messages of an evening in the ledger."""
        return int(self.one("SELECT count(*) FROM messages WHERE event_id = %s", event_id(event)))


@pytest.fixture
def house(server_urls: Urls, redis_url: str, redis_prefix: str, tmp_path: Path) -> Iterator[House]:
    with fresh_database(server_urls.database_url) as url:
        database = Database(url, master=MasterKeys([MASTER_KEY]))
        demo = seed_demo(database, tmp_path, datetime.now(UTC))
        door = build(database, redis_url, redis_prefix)
        web = make_server("127.0.0.1", 0, door.server, threaded=True)
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield House(database, f"http://127.0.0.1:{web.port}", tmp_path, demo)
        web.shutdown()
        thread.join()
        web.server_close()
        door.close()
        database.close()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def sent_by(event: DemoEvent, moment: datetime) -> int:
    return sum(message.at <= moment for message in messages(event))


def test_tonight_is_published_as_the_model_says_and_then_goes_on(house: House) -> None:
    event = house.tonight
    began = datetime.now(UTC)
    with house.simulation():
        until(lambda: house.published(event) >= sent_by(event, began))
        before = house.published(event)
        until(lambda: house.published(event) > before)
        until(lambda: house.one("SELECT count(DISTINCT venue_id) FROM messages") == 2)
    assert house.one("SELECT count(*) FROM dead_letters") == 0
    stopped = house.published(event)
    assert sent_by(event, began) < stopped <= sent_by(event, datetime.now(UTC))

    # The first `stopped` messages of the evening, up to those that fall into the same second.
    last = messages(event)[stopped - 1].at
    sales, entered, refused = set(), set(), 0
    for order in orders(event):
        sales |= {ticket.ticket_id for ticket in order.tickets if order.at < last and not order.comp}
    for movement in movements(event, orders(event)):
        if movement.at < last:
            entered |= {movement.ticket_id} if movement.reason is None else set()
            refused += movement.reason is not None
    totals = house.one(
        "SELECT sold + cancelled, entered, invalid FROM event_totals WHERE event_id = %s", event_id(event)
    )
    second = timedelta(seconds=1)
    around = sum(last - second <= message.at <= last + second for message in messages(event)) * 6
    expected = (len(sales), len(entered), refused)
    assert all(0 <= got - want <= around for got, want in zip(totals, expected, strict=True)), (
        totals,
        expected,
    )


def test_a_restart_goes_on_where_it_stopped_and_counts_nothing_twice(house: House) -> None:
    event = house.tonight
    with house.simulation():
        until(lambda: house.published(event) >= 1000)
    first = house.published(event)
    kept = msgspec.json.decode((house.data_dir / FILE).read_bytes())
    assert event.ref in kept["events"]
    (house.data_dir / FILE).unlink()  # The worst case: everything is sent again.
    now = datetime.now(UTC)
    with house.simulation():
        until(lambda: house.published(event) >= sent_by(event, now))
        until(lambda: house.published(event) > first)  # The first round may have caught up with the clock.
    assert first < house.published(event) <= sent_by(event, datetime.now(UTC))
    assert house.one("SELECT count(*) FROM messages") == house.one("SELECT count(*) FROM message_keys")


def test_the_simulator_waits_for_its_token_and_for_the_server(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=Simulation("http://127.0.0.1:9", tmp_path, 30, stop).run)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_tonight_comes_first_then_what_is_on_sale_by_nearness_then_the_past_from_its_end(
    tmp_path: Path,
) -> None:
    club = VENUES[1]
    now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    days = {-400: HALL, -9: HALL, -2: club, -1: HALL, 0: club, 1: club, 2: HALL, 30: HALL}
    events: dict[str, dict[str, datetime]] = {HALL.ref: {}, club.ref: {}}
    names = {}
    for day, venue in days.items():
        doors = now + timedelta(days=day)
        names[f"{venue.ref}-{doors:%Y-%m-%d}"] = day
        events[venue.ref][f"{venue.ref}-{doors:%Y-%m-%d}"] = doors
    order = _in_order(Demo("token", events), Progress(tmp_path, "token"), now)
    assert [[names[event.ref] for event in part] for part in order] == [
        [0],
        [1, 2, 30],
        [-1, -2, -9, -400],
    ]


def test_the_pages_are_told_how_much_is_published_until_all_is(tmp_path: Path) -> None:
    history = History(tmp_path, 3, ["first", "second", "third"])
    assert read_history(tmp_path) == 0
    history.published("second")
    assert read_history(tmp_path) == 33
    history.published("second")
    assert read_history(tmp_path) == 33
    history.published("first")
    assert read_history(tmp_path) == 66
    history.published("third")
    assert read_history(tmp_path) is None


def test_the_history_of_a_small_demo_is_told_until_it_is_there_and_a_restart_says_nothing(
    house: House,
) -> None:
    assert read_history(house.data_dir) == 0
    near = sorted(house.demo.events[HALL.ref].items(), key=lambda item: item[1])
    here = next(n for n, (ref, _) in enumerate(near) if ref == house.tonight.ref)
    small = Demo(house.demo.token, {HALL.ref: dict(near[here - 1 : here + 2])})
    hand_over(house.data_dir, small)
    seen: set[int | None] = set()

    def told() -> int | None:
        seen.add(found := read_history(house.data_dir))
        return found

    with house.simulation():
        until(lambda: told() is None)
    assert len(seen) > 1
    tomorrow = rebuilt(HALL, *near[here + 1])
    assert house.published(tomorrow) > 0
    seen.clear()
    with house.simulation():
        for _ in range(30):
            told()
            time.sleep(0.05)
    assert seen == {None}
