"""How the house lists what pretix sells."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ingest.pretix.documents import CheckinList, Event, EventDocument, Item, Quota, Variation, label
from ingest.pretix.listing import capacity
from ingest.pretix.places import Place
from ingest.pretix.rounds import phase
from tests.pretix.conftest import House

START = datetime(2026, 11, 21, 19, tzinfo=UTC)


def place(*quotas: tuple[int | None, list[int], list[int]], admission: bool = True) -> Place:
    """An event with the items 1, 2 and 3 (which has the variations 31 and 32) and these quotas:
    (size, items, variations)."""
    items = [Item(n, f"Item {n}", admission, 10, [Variation(v, str(v)) for v in variations])  # type: ignore[arg-type]
             for n, variations in ((1, []), (2, []), (3, [31, 32]))]  # fmt: skip
    document = EventDocument(
        Event("e", "E", "EUR", "Europe/Berlin", START),
        [],
        items,
        [Quota(n, size, of, variations) for n, (size, of, variations) in enumerate(quotas)],
        [CheckinList(1, "Door")],
    )
    return Place("test", document, lambda _: UUID(int=1))


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ([(60, [1], []), (30, [2], [])], 90),
        # A part of another quota adds nothing.
        ([(165, [3], [31, 32]), (40, [3], [32])], 165),
        # A total above the sum of its parts bounds nothing, and one below it does.
        ([(500, [1, 2], []), (60, [1], []), (30, [2], [])], 90),
        ([(80, [1, 2], []), (60, [1], []), (30, [2], [])], 80),
        ([(60, [1], []), (None, [2], [])], None),
        ([(None, [1], [])], None),
        ([], None),
        # The same products twice: the smaller one holds.
        ([(60, [1], []), (50, [1], [])], 50),
        # More than the house can keep is no bound at all, alone or added up.
        ([(2**31, [1], [])], None),
        ([(2**31 - 1, [1], []), (2**31 - 1, [2], [])], None),
        ([(2**31 - 1, [1], [])], 2**31 - 1),
    ],
)
def test_the_capacity_is_what_the_quotas_allow(
    quotas: list[tuple[int | None, list[int], list[int]]], expected: int | None
) -> None:
    assert capacity(place(*quotas), None) == expected


def test_products_that_admit_nobody_have_no_part_in_the_capacity() -> None:
    assert capacity(place((60, [1], []), admission=False), None) is None


def test_events_and_dates_of_series_are_listed_with_doors_capacity_and_products(house: House) -> None:
    house.sync.event("nordlicht26")
    house.sync.event("lichterhaus")

    listed = house.rows(
        "SELECT e.external_id, e.name, s.name AS series, doors_at, starts_at, ends_at, on_sale_at,"
        " sellable_capacity, status, registered FROM events e LEFT JOIN series s"
        " USING (tenant_id, venue_id, series_id) WHERE tenant_id = %(tenant)s ORDER BY starts_at"
    )
    assert len(listed) == 8
    assert [row for row in listed if row["series"] is None] == [
        {
            "external_id": "pretix:aurora/nordlicht26",
            "name": "Nordlicht Live 2026",
            "series": None,
            "doors_at": datetime(2026, 11, 21, 17, 30, tzinfo=UTC),
            "starts_at": datetime(2026, 11, 21, 19, tzinfo=UTC),
            "ends_at": datetime(2026, 11, 21, 22, tzinfo=UTC),
            "on_sale_at": datetime(2026, 10, 8, 8, tzinfo=UTC),
            "sellable_capacity": 255,
            "status": "on_sale",
            "registered": True,
        }
    ]
    assert {row["series"] for row in listed[:2]} == {"Lichterhaus Exhibition"}
    assert (listed[0]["external_id"], listed[0]["name"], listed[0]["sellable_capacity"]) == (
        "pretix:aurora/lichterhaus/1",
        "Lichterhaus Exhibition: Slot 20 Nov 14:00",
        40,
    )
    assert house.rows(
        "SELECT ticket_type, t.name, price_minor, currency, capacity, admission FROM ticket_types t"
        " JOIN events e USING (tenant_id, venue_id, event_id) WHERE tenant_id = %(tenant)s"
        " AND external_id = 'pretix:aurora/nordlicht26' AND ticket_type IN ('1', '3-2', '4') ORDER BY 1"
    ) == [
        {"ticket_type": "1", "name": "Stalls (seated)", "price_minor": 5900, "currency": "EUR",
         "capacity": 60, "admission": True},
        {"ticket_type": "3-2", "name": "Standing / Reduced", "price_minor": 2500, "currency": "EUR",
         "capacity": 40, "admission": True},
        {"ticket_type": "4", "name": "Cloakroom", "price_minor": 300, "currency": "EUR",
         "capacity": None, "admission": False},
    ]  # fmt: skip
    assert house.rows("SELECT gate, name FROM gates WHERE tenant_id = %(tenant)s ORDER BY 1") == [
        {"gate": name, "name": name} for name in ("Cloakroom", "Gate North", "Gate South", "VIP entrance")
    ]


def test_a_quota_beyond_all_bounds_is_listed_as_none(house: House) -> None:
    house.pretix.on_row = lambda row: row | {"size": 2**53 - 1} if "size" in row else row
    house.post({"organizer": "auroragroup", "event": "nordlicht26", "action": "pretix.event.quota.changed"})

    assert (house.drain(), house.waiting()) == (1, 0)
    assert house.rows(
        "SELECT e.sellable_capacity, max(t.capacity) AS most FROM events e JOIN ticket_types t"
        " USING (tenant_id, venue_id, event_id) WHERE tenant_id = %(tenant)s GROUP BY 1"
    ) == [{"sellable_capacity": None, "most": None}]


def test_what_people_decided_about_an_event_survives_the_next_look(house: House) -> None:
    house.sync.event("nordlicht26")
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "UPDATE events SET status = 'postponed', target_tickets = 200, physical_capacity = 300"
            " WHERE tenant_id = %s",
            [tenant.tenant_id],
        )
        tenant.execute("UPDATE gates SET name = 'Nordtor' WHERE tenant_id = %s", [tenant.tenant_id])

    house.sync.event("nordlicht26")

    assert house.rows(
        "SELECT status, target_tickets, physical_capacity FROM events WHERE tenant_id = %(tenant)s"
    ) == [{"status": "postponed", "target_tickets": 200, "physical_capacity": 300}]
    assert house.rows("SELECT DISTINCT name FROM gates WHERE tenant_id = %(tenant)s") == [{"name": "Nordtor"}]


def test_a_product_that_was_added_meanwhile_is_looked_up(house: House) -> None:
    house.sync.event("nordlicht26")
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "UPDATE pretix_events SET document = jsonb_set(document, '{items}', '[]') WHERE tenant_id = %s",
            [tenant.tenant_id],
        )

    house.sync.order("nordlicht26", "BAAKC")

    assert house.rows("SELECT kind FROM ticket_sales WHERE tenant_id = %(tenant)s") == [{"kind": "sale"}]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"en": "Stalls", "de": "Parkett"}, "Stalls"),
        ({"de": "Parkett"}, "Parkett"),
        ({"en": "", "de": "Parkett"}, "Parkett"),
        ({}, "7"),
        (None, "7"),
        ("Plain", "Plain"),
        ("A\0B\n", "AB"),
        ("x" * 900, "x" * 200),
    ],
)
def test_a_name_is_one_readable_line(name: dict[str, str] | str | None, expected: str) -> None:
    assert label(name, "7") == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), "coming"),
        (datetime(2026, 11, 21, 16, tzinfo=UTC), "night"),
        (datetime(2026, 11, 22, 6, tzinfo=UTC), "night"),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), "late"),
        (datetime(2026, 12, 22, 12, tzinfo=UTC), "over"),
    ],
)
def test_doors_are_polled_on_the_night_and_seldom_after(moment: datetime, expected: str) -> None:
    assert phase(place().document, moment) == expected
