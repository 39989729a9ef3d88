"""The rows behind a figure: which they are, in what order, page by page, and what of them stays here."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from data.access import Access
from data.directory import Directory
from data.drilldown import rows
from data.drilldown_flow import flow
from data.drilldown_question import Drill, behind
from data.engine import Database
from data.export_privacy import renaming
from data.metric_query import All, Between, DaysToDoors, In, Last, MetricQuery, Named, Within
from data.query_error import QueryError
from tests.conftest import Tenant

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
GALA, BALL = UUID(int=7), UUID(int=8)
BUYER = UUID(int=99)


class Book:
    """A hall with a gala tonight and a ball tomorrow, and their ledger."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.database, self.tenant = database, tenant
        self.directory = Directory(database)
        self.lines = 0
        with database.tenant(tenant.tenant_id) as connection:
            for event, name, days in [(GALA, "Gala", 0), (BALL, "Ball", 1)]:
                connection.execute(
                    "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    [tenant.tenant_id, tenant.venue_id, event, name, NOW + timedelta(days=days, hours=1)],
                )

    def sell(self, event: UUID, ago: timedelta, **more: Any) -> None:
        """A line of sale `ago` before now."""
        self.lines += 1
        values = {
            "tenant_id": self.tenant.tenant_id,
            "venue_id": self.tenant.venue_id,
            "event_id": event,
            "occurred_at": NOW - ago,
            "message_key": UUID(int=self.lines),
            "line": 0,
            "kind": "sale",
            "quantity": 1,
            "amount_minor": 2500,
            "tax_minor": 0,
            "currency": "GBP",
            "comp": False,
            "admission": True,
        } | more
        self._insert("ticket_sales", values)

    def scan(self, event: UUID, ago: timedelta, ticket: str, **more: Any) -> None:
        """A scan `ago` before now."""
        self.lines += 1
        values = {
            "tenant_id": self.tenant.tenant_id,
            "venue_id": self.tenant.venue_id,
            "event_id": event,
            "occurred_at": NOW - ago,
            "message_key": UUID(int=self.lines),
            "line": 0,
            "ticket_id": ticket,
            "direction": "entry",
            "effect": 1,
            "area": "",
            "admission": True,
        } | more
        self._insert("ticket_scans", values)

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        with self.database.tenant(self.tenant.tenant_id) as connection:
            connection.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
                list(values.values()),
            )

    def ask(self, access: Access | None = None, now: datetime = NOW, **asked: Any) -> Any:
        with self.database.tenant(self.tenant.tenant_id, snapshot=True) as connection:
            access = access or Access(self.tenant.tenant_id, "manager")
            return rows(connection, self.directory, access, Drill(**asked), now)

    def orders(self, access: Access | None = None, **asked: Any) -> list[str]:
        return [row[3] for row in self.ask(access, **asked).rows]


@pytest.fixture
def book(database: Database, tenant: Tenant) -> Book:
    return Book(database, tenant)


def test_a_line_of_sale_is_shown_whole_and_its_buyer_by_a_hash_of_the_day(book: Book) -> None:
    book.sell(
        GALA,
        timedelta(hours=1),
        order_id="A1",
        ticket_type="Stalls",
        quantity=2,
        amount_minor=5000,
        channel="web",
        campaign="spring",
        city="Leeds",  # Not told: it is about one person.
        country="GB",
        customer=BUYER,
    )
    page = book.ask()
    (row,) = page.rows
    assert row[:-1] == (
        datetime(2026, 11, 20, 17, tzinfo=UTC),
        "Gala",
        "sale",
        "A1",
        "Stalls",
        2,
        5000,
        "GBP",
        "web",
        "spring",
    )
    with book.database.tenant(book.tenant.tenant_id) as own:
        assert row[-1] == renaming(own, NOW)(BUYER), "the one name of the day"
    assert row[-1] != str(BUYER)
    assert [column.name for column in page.columns][-1] == "customer"
    assert (page.zone, page.after, page.masked) == ("Europe/London", "", frozenset())
    again, tomorrow = book.ask(), book.ask(now=NOW + timedelta(days=1))
    assert again.rows[0][-1] == row[-1]
    assert tomorrow.rows[0][-1] != row[-1]


def test_money_is_not_for_masked_eyes(book: Book) -> None:
    book.sell(GALA, timedelta(hours=1))
    page = book.ask(Access(book.tenant.tenant_id, masked=True))
    assert page.rows[0][5:8] == (1, None, "GBP")
    assert page.masked == frozenset({"amount"})


def test_pages_follow_each_other_without_gap_or_repetition(book: Book) -> None:
    # Several at the same second, in two events: the time alone does not tell them apart.
    for number in range(23):
        book.sell([GALA, BALL][number % 2], timedelta(minutes=number // 5), order_id=f"{number:02}")
    with book.database.tenant(book.tenant.tenant_id, snapshot=True) as connection:
        access = Access(book.tenant.tenant_id, "analyst")
        found = [rows(connection, book.directory, access, Drill(limit=5), NOW)]
        while found[-1].after:
            asked = Drill(limit=5, after=found[-1].after)
            found.append(rows(connection, book.directory, access, asked, NOW))
    assert [len(page.rows) for page in found] == [5, 5, 5, 5, 3]
    together = [row for page in found for row in page.rows]
    assert sorted(row[3] for row in together) == [f"{number:02}" for number in range(23)]
    assert [row[0] for row in together] == sorted((row[0] for row in together), reverse=True)


def test_all_of_them_flow_in_the_same_order_and_are_counted_before(book: Book) -> None:
    for number in range(23):
        book.sell([GALA, BALL][number % 2], timedelta(minutes=number // 5), order_id=f"{number:02}")
    book.scan(GALA, timedelta(minutes=1), "T-1", gate="A")
    book.scan(GALA, timedelta(minutes=1), "T-2", gate="B")
    access = Access(book.tenant.tenant_id, "analyst", masked=True)
    with book.database.tenant(book.tenant.tenant_id, snapshot=True) as connection:
        sales = flow(connection, book.directory, access, Drill(), NOW)
        page = rows(connection, book.directory, access, Drill(limit=50), NOW)
        assert (sales.count, list(sales.rows), sales.columns) == (23, page.rows, page.columns)
        gate = In(dimension="gate", values=("A",))
        scans = flow(connection, book.directory, access, Drill(kind="scans", where=gate), NOW)
        assert (scans.count, [row[3] for row in scans.rows]) == (1, ["A"])
        nothing = flow(connection, book.directory, access, Drill(venues=(UUID(int=1),)), NOW)
        assert (nothing.count, list(nothing.rows)) == (0, [])
        with pytest.raises(QueryError, match="Sales have no 'gate'"):
            flow(connection, book.directory, access, Drill(where=gate), NOW)


def test_pages_reach_back_over_years_without_gap_or_repetition(book: Book) -> None:
    days = [0, 1, 5, 13, 50, 89, 400, 401]
    for number in days:
        book.sell([GALA, BALL][number % 2], timedelta(days=number), order_id=str(number))
    found, after = [], ""
    while True:
        page = book.ask(range=Named(named="all"), limit=2, after=after)
        found += [row[3] for row in page.rows]
        after = page.after
        if not after:
            break
    assert found == [str(number) for number in days]


def test_with_metrics_only_the_rows_that_they_count(book: Book) -> None:
    lines: list[tuple[str, str, dict[str, Any]]] = [
        ("sale", "sale", {"tax_minor": 400}),
        ("guest", "sale", {"comp": True}),
        ("parking", "sale", {"admission": False}),
        ("back", "refund", {"amount_minor": -2500, "quantity": 0}),
        ("fee", "fee", {"quantity": 0}),
        ("void", "cancellation", {"quantity": -1}),
    ]
    for order, kind, more in lines:
        book.sell(GALA, timedelta(minutes=book.lines), kind=kind, order_id=order, **more)
    every = ["sale", "guest", "parking", "back", "fee", "void"]
    assert book.orders() == every
    for metrics, wanted in {
        ("refunded",): ["back"],
        ("refunds",): ["back"],
        ("fees",): ["fee"],
        ("refunded", "fees"): ["back", "fee"],
        ("tickets_sold",): ["sale", "void"],
        ("comps",): ["guest"],
        ("net_revenue",): every,
        ("tax",): ["sale"],
        ("refund_rate",): ["back"],
    }.items():
        assert book.orders(metrics=metrics) == wanted, metrics
    with book.database.tenant(book.tenant.tenant_id, snapshot=True) as connection:
        access = Access(book.tenant.tenant_id, "analyst")
        asked = Drill(metrics=("refunded",))
        found = flow(connection, book.directory, access, asked, NOW)
        assert (found.count, [row[3] for row in found.rows]) == (1, ["back"])
    with pytest.raises(QueryError, match="Did you mean refunds"):
        book.ask(metrics=("refundss",))


def test_scans_that_a_metric_counts(book: Book) -> None:
    book.scan(GALA, timedelta(minutes=1), "in", gate="A")
    book.scan(GALA, timedelta(minutes=2), "out", gate="A", direction="exit", effect=1)
    book.scan(GALA, timedelta(minutes=3), "no", gate="A", effect=0)
    book.scan(GALA, timedelta(minutes=4), "nowhere")

    def tickets(*metrics: str) -> int:
        return len(book.ask(kind="scans", metrics=metrics).rows)

    assert [tickets(), tickets("entries"), tickets("exits"), tickets("invalid_scans")] == [4, 2, 1, 1]
    assert [tickets("arrivals"), tickets("inside"), tickets("gate_scans")] == [2, 3, 3]


@pytest.mark.parametrize(
    ("kind", "metric"), [("sales", "entries"), ("sales", "page_views"), ("scans", "tickets_sold")]
)
def test_rows_that_a_metric_does_not_count_are_refused(book: Book, kind: str, metric: str) -> None:
    with pytest.raises(QueryError, match=f"does not count single {kind}"):
        book.ask(kind=kind, metrics=(metric,))


def test_what_a_widget_counts_is_what_its_rows_are() -> None:
    def asked(*metrics: str) -> Drill | None:
        return behind(MetricQuery(metrics=metrics))

    refunds, net, web = asked("refunded"), asked("net_revenue"), asked("page_views")
    assert refunds is not None
    assert refunds.metrics == ("refunded",)
    assert net is not None
    assert web is None


def test_ranges_mean_what_they_mean_for_the_figure(book: Book) -> None:
    for days, order in [(0, "today"), (1, "yesterday"), (6, "week"), (40, "old")]:
        book.sell(GALA, timedelta(days=days), order_id=order)
    book.sell(BALL, timedelta(days=1), order_id="ball")
    assert book.orders(range=Named(named="today")) == ["today"]
    assert book.orders(range=Last(last=7), events=(GALA,)) == ["today", "yesterday", "week"]
    assert book.orders(range=Named(named="all"), events=(GALA,)) == ["today", "yesterday", "week", "old"]
    between = Between(start=date(2026, 11, 14), end=date(2026, 11, 20))
    assert set(book.orders(range=between)) == {"yesterday", "ball", "week"}
    # The ball opens a day later: the same distance to doors is another day.
    assert book.orders(range=DaysToDoors(first=2, last=2)) == ["ball"]
    assert book.orders(range=DaysToDoors(first=1, last=0)) == ["today", "yesterday"]


def test_a_night_ends_with_the_business_day(book: Book) -> None:
    book.sell(GALA, -timedelta(hours=11, minutes=59), order_id="05:59 tomorrow")
    book.sell(GALA, -timedelta(hours=12), order_id="06:00 tomorrow")
    assert book.orders(range=Named(named="today")) == ["05:59 tomorrow"]
    assert book.orders(range=Last(last=2), where=In(dimension="day", values=("2026-11-20",))) == [
        "05:59 tomorrow"
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (In(dimension="channel", values=("web",)), ["web"]),
        (In(dimension="channel", values=("web", "")), ["web", "none"]),
        (In(dimension="channel", values=("",)), ["none"]),
        (In(dimension="weekday", values=("4",)), ["app"]),
        (In(dimension="hour_of_day", values=("18",)), ["web", "app"]),
        (Within(dimension="days_to_doors", at_least=1, below=2), ["app"]),
        (In(dimension="customer", values=(str(BUYER),)), ["app"]),
        (
            All(all=(In(dimension="channel", values=("app",)), In(dimension="campaign", values=("spring",)))),
            ["app"],
        ),
    ],
)  # fmt: skip
def test_filters_mean_what_they_mean_for_the_figure(book: Book, where: Any, expected: list[str]) -> None:
    book.sell(GALA, timedelta(0), order_id="web", channel="web")
    book.sell(GALA, timedelta(hours=3), order_id="none")
    book.sell(GALA, timedelta(days=1), order_id="app", channel="app", campaign="spring", customer=BUYER)
    assert book.orders(where=where) == expected


def test_scans_hide_the_ticket_but_tell_its_story(book: Book) -> None:
    book.scan(GALA, timedelta(minutes=3), "T1", gate="A")
    book.scan(GALA, timedelta(minutes=2), "T1", gate="A", effect=0, reason="already in")
    book.scan(GALA, timedelta(minutes=1), "T1", gate="B", direction="exit")
    page = book.ask(kind="scans")
    assert [row[1:4] for row in page.rows] == [
        ("Gala", "exit", "B"),
        ("Gala", "entry refused", "A"),
        ("Gala", "entry", "A"),
    ]
    tickets = {row[5] for row in page.rows}
    assert len(tickets) == 1
    assert "T1" not in tickets
    assert [row[6] for row in page.rows] == ["", "already in", ""]
    assert [row[2] for row in book.ask(kind="scans", where=In(dimension="gate", values=("B",))).rows] == [
        "exit"
    ]


def test_nobody_sees_rows_beyond_what_is_granted(book: Book, other_tenant: Tenant) -> None:
    book.sell(GALA, timedelta(0), order_id="gala")
    book.sell(BALL, timedelta(0), order_id="ball")
    tenant_id = book.tenant.tenant_id
    assert book.orders(Access(tenant_id, events=frozenset({GALA}))) == ["gala"]
    assert book.orders(Access(tenant_id, events=frozenset({GALA})), events=(BALL,)) == []
    assert book.orders(Access(tenant_id, venues=frozenset({uuid4()}))) == []
    with book.database.tenant(other_tenant.tenant_id, snapshot=True) as connection:
        found = rows(connection, book.directory, Access(other_tenant.tenant_id, "owner"), Drill(), NOW)
    assert found.rows == []


@pytest.mark.parametrize(
    ("asked", "code", "value"),
    [
        ({"where": In(dimension="gate", values=("A",))}, "unknown-dimension", "gate"),
        ({"where": In(dimension="shoe", values=("44",))}, "unknown-dimension", "shoe"),
        ({"kind": "scans", "where": In(dimension="city", values=("Leeds",))}, "unknown-dimension", "city"),
        ({"where": In(dimension="city", values=("Leeds",))}, "too-few-people", "city"),
        ({"where": In(dimension="weekday", values=("Monday",))}, "bad-value", "Monday"),
        ({"after": "nonsense"}, "bad-cursor", "nonsense"),
        ({"after": "W10"}, "bad-cursor", "W10"),
    ],
)  # fmt: skip
def test_what_rows_cannot_be_asked_is_refused_by_name(
    book: Book, asked: dict[str, Any], code: str, value: str
) -> None:
    with pytest.raises(QueryError) as refused:
        book.ask(**asked)
    assert (refused.value.code, refused.value.value) == (code, value)


def test_of_an_hour_that_the_clocks_repeat_only_that_one_is_shown(database: Database, tenant: Tenant) -> None:
    book = Book(database, tenant)
    for order, moment in (("first", "2026-10-25T00:30:00+00:00"), ("second", "2026-10-25T01:30:00+00:00")):
        book.sell(GALA, NOW - datetime.fromisoformat(moment), order_id=order)
    for grain, start, found in (
        ("hour", "2026-10-25T00:00:00+00:00", ["first"]),
        ("hour", "2026-10-25T01:00:00+00:00", ["second"]),
        ("30min", "2026-10-25T01:30:00+00:00", ["second"]),
        ("15min", "2026-10-25T00:15:00+00:00", []),
    ):
        assert book.orders(where=In(dimension=grain, values=(start,))) == found
