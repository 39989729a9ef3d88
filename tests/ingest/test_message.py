"""Every type of message, from a sender's JSON to facts: whole values."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest

from data import facts
from data.directory import Directory
from data.engine import Database
from data.messages import (
    NO_EVENT,
    CartUpdate,
    InvalidAttempt,
    Message,
    PageView,
    SaleLine,
    Scan,
    SocialMention,
    TicketTransfer,
    VenueUpdate,
    message_key,
)
from ingest.decoding import message_object
from ingest.message import MessageReader, kind_of
from ingest.refusal import Refused
from tests.conftest import Tenant

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
AT = "2026-11-21T19:30:00Z"
THEN = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)

Read = Callable[[dict[str, Any]], Message]


@pytest.fixture
def directory(database: Database) -> Directory:
    return Directory(database)


@pytest.fixture
def read(directory: Directory, tenant: Tenant) -> Read:
    def read(raw: dict[str, Any]) -> Message:
        decoded = message_object(json.dumps({"eventId": "gala", "timestamp": AT} | raw).encode())
        return MessageReader(directory, tenant.tenant_id, NOW).read(decoded, kind_of(decoded))

    return read


def test_a_purchase_becomes_one_sale_line(read: Read, directory: Directory, tenant: Tenant) -> None:
    message = read(
        {
            "type": "ticket-purchase",
            "id": "m-1",
            "ticketId": "T-1",
            "orderId": "O-1",
            "venueId": "hall",
            "userId": "ann@example.org",
            "amount": 12.5,
            "tax": "2.08",
            "currency": "GBP",
            "ticketType": "stalls",
            "channel": "web",
            "utmCampaign": "spring",
            "country": "gb",
            "region": "Yorkshire",
            "city": "Leeds",
            "seat": "A 12",
        }
    )
    ann = directory.customer(tenant.tenant_id, "ann@example.org")
    assert message == Message(
        key=message_key("rest", "ticket-purchase m-1"),
        type="ticket-purchase",
        source="rest",
        venue_id=tenant.venue_id,
        event_id=uuid5(tenant.tenant_id, "gala"),
        event_ref="gala",
        occurred_at=THEN,
        payload=message.payload,
        facts=(
            SaleLine(
                kind="sale",
                occurred_at=THEN,
                quantity=1,
                amount_minor=1250,
                currency="GBP",
                ticket_id="T-1",
                order_id="O-1",
                ticket_type="stalls",
                tax_minor=208,
                channel="web",
                campaign="spring",
                country="GB",
                region="Yorkshire",
                city="Leeds",
                customer=ann,
                metadata='{"seat":"A 12"}',
            ),
        ),
    )
    assert json.loads(message.payload) == {
        "type": "ticket-purchase",
        "message_id": "m-1",
        "event_id": "gala",
        "venue_id": "hall",
        "occurred_at": AT,
        "ticket_id": "T-1",
        "order_id": "O-1",
        "customer_hash": str(ann),
        "amount": 12.5,
        "tax": "2.08",
        "currency": "GBP",
        "ticket_type": "stalls",
        "channel": "web",
        "utm_campaign": "spring",
        "country": "gb",
        "region": "Yorkshire",
        "city": "Leeds",
        "seat": "A 12",
    }


def test_snake_case_says_the_same_as_camel_case(read: Read) -> None:
    camel = {"type": "ticket-scan", "ticketId": "T-1", "scannedAt": AT, "entryPoint": "A", "isValid": False}
    snake = {"type": "ticket_scan", "ticket_id": "T-1", "scanned_at": AT, "entry_point": "A"}
    assert read(camel) == read(snake | {"is_valid": False})


def test_positions_become_a_line_each_and_fees_lines_of_their_own(read: Read) -> None:
    message = read(
        {
            "type": "ticket-purchase",
            "orderId": "O-1",
            "amount": 43.5,
            "fee": "1.50",
            "positions": [
                {"ticketId": "T-1", "ticketType": "stalls", "amount": 40, "fee": 2, "seat": "A1"},
                {"ticket_id": "T-2", "amount": 0, "name": "Ann"},
                {"quantity": 3, "comp": True, "admission": False},
            ],
        }
    )
    common: dict[str, Any] = {"occurred_at": THEN, "currency": "GBP", "order_id": "O-1"}
    assert message.facts == (
        SaleLine("sale", quantity=1, amount_minor=4000, ticket_id="T-1", ticket_type="stalls", **common),
        SaleLine("fee", quantity=0, amount_minor=200, ticket_id="T-1", ticket_type="stalls", **common),
        SaleLine("sale", quantity=1, amount_minor=0, ticket_id="T-2", **common),
        SaleLine("comp", quantity=3, amount_minor=0, comp=True, admission=False, **common),
        SaleLine("fee", quantity=0, amount_minor=150, **common),
    )
    assert json.loads(message.payload)["positions"] == [
        {"ticketId": "T-1", "ticketType": "stalls", "amount": 40, "fee": 2, "seat": "A1"},
        {"ticket_id": "T-2", "amount": 0},
        {"quantity": 3, "comp": True, "admission": False},
    ]


@pytest.mark.parametrize(
    ("stated", "lines"),
    [
        (
            {"ticketId": "T-1", "amount": 40, "tax": 4},
            [("refund", 0, -4000, -400), ("cancellation", -1, 0, 0)],
        ),
        ({"ticketId": "T-1", "amount": 10, "partial": True}, [("refund", 0, -1000, 0)]),
        ({"ticketId": "T-1", "amount": 0}, [("cancellation", -1, 0, 0)]),
        ({"orderId": "O-1", "amount": 10}, [("refund", 0, -1000, 0)]),
        (
            {"orderId": "O-1", "quantity": 2, "amount": 10},
            [("refund", 0, -1000, 0), ("cancellation", -2, 0, 0)],
        ),
        ({"ticketId": "T-1", "quantity": 0, "fee": 2}, [("refund", 0, -200, 0)]),
        (
            {"positions": [{"ticketId": "T-1", "amount": 40}, {"ticketId": "T-2"}]},
            [("refund", 0, -4000, 0), ("cancellation", -1, 0, 0), ("cancellation", -1, 0, 0)],
        ),
    ],
)
def test_a_refund_gives_back_money_tickets_or_both(
    read: Read, stated: dict[str, Any], lines: list[tuple[Any, ...]]
) -> None:
    message = read({"type": "ticket-refund"} | stated)
    assert [
        (line.kind, line.quantity, line.amount_minor, line.tax_minor)
        for line in message.facts
        if isinstance(line, SaleLine)
    ] == lines


@pytest.mark.parametrize("comp", [None, True])
def test_a_ticket_for_nothing_that_is_cancelled_leaves_no_trace_in_the_totals(
    read: Read, database: Database, tenant: Tenant, comp: bool | None
) -> None:
    free = {"ticketId": "T-1", "amount": 0, "comp": comp}
    messages = [read({"type": kind} | free) for kind in ("ticket-purchase", "ticket-refund")]
    for kept, cancelled in zip(messages, (0, 1), strict=True):
        facts.write(database, tenant.tenant_id, [kept])
        with database.tenant(tenant.tenant_id) as connection:
            [totals] = connection.rows(
                "SELECT sold, comps, cancelled FROM event_totals WHERE tenant_id = %s", [tenant.tenant_id]
            )
        left = 1 - cancelled
        assert totals == {"sold": 0 if comp else left, "comps": left if comp else 0, "cancelled": cancelled}


def test_an_order_of_comps_says_so_once(read: Read) -> None:
    tickets = [{"ticketId": "T-1", "amount": 0}, {"ticketId": "T-2"}, {"amount": 5, "comp": False}]
    given = read({"type": "ticket-purchase", "comp": True, "positions": tickets})
    assert [fact.comp for fact in given.facts if isinstance(fact, SaleLine)] == [True, True, False]
    back = read({"type": "ticket-refund", "comp": True, "positions": tickets})
    assert [fact.comp for fact in back.facts if isinstance(fact, SaleLine)] == [True, True, False]


def test_a_cancelled_comp_says_so(read: Read) -> None:
    message = read({"type": "ticket-refund", "ticketId": "T-1", "comp": True})
    assert message.facts == (
        SaleLine(
            "cancellation",
            occurred_at=THEN,
            quantity=-1,
            amount_minor=0,
            currency="GBP",
            ticket_id="T-1",
            comp=True,
        ),
    )


@pytest.mark.parametrize(
    ("stated", "scan"),
    [
        ({}, Scan(THEN, "T-1")),
        ({"direction": "exit"}, Scan(THEN, "T-1", "exit")),
        ({"isValid": False, "reason": "already used"}, Scan(THEN, "T-1", effect=0, reason="already used")),
        ({"annuls": True}, Scan(THEN, "T-1", effect=-1)),
        (
            {"entryPoint": "North", "area": "cloakroom", "scannerId": 17, "admission": False},
            Scan(THEN, "T-1", gate="North", area="cloakroom", scanner="17", admission=False),
        ),
        (
            {"deviceInfo": {"model": "TC52", "userName": "bo", "ip": "10.0.0.7"}},
            Scan(THEN, "T-1", metadata='{"deviceInfo":{"model":"TC52"}}'),
        ),
        ({"scannedAt": "2026-11-21T19:31:00Z"}, Scan(datetime(2026, 11, 21, 19, 31, tzinfo=UTC), "T-1")),
    ],
)
def test_a_scan_is_read_with_its_door_and_its_effect(read: Read, stated: dict[str, Any], scan: Scan) -> None:
    assert read({"type": "ticket-scan", "ticketId": "T-1"} | stated).facts == (scan,)


def test_a_transfer_keeps_hashes_of_both_people_and_nothing_of_the_network(
    read: Read, directory: Directory, tenant: Tenant
) -> None:
    message = read(
        {
            "type": "ticket-transfer",
            "ticketId": "T-1",
            "fromUserId": "ann",
            "toUserId": "bo",
            "reason": "gift",
            "isSuccessful": False,
            "ipAddress": "192.0.2.7",
            "userAgent": "Mozilla",
        }
    )
    ann, bo = (directory.customer(tenant.tenant_id, name) for name in ("ann", "bo"))
    assert message.facts == (TicketTransfer(THEN, "T-1", ann, bo, "gift", False, None),)
    assert json.loads(message.payload) == {
        "type": "ticket-transfer",
        "event_id": "gala",
        "occurred_at": AT,
        "ticket_id": "T-1",
        "from_customer_hash": str(ann),
        "to_customer_hash": str(bo),
        "reason": "gift",
        "is_successful": False,
    }


def test_an_invalid_attempt_keeps_its_type_reason_and_gate(read: Read) -> None:
    message = read({"type": "invalid-attempt", "attemptType": "scan", "reason": "forged", "gate": "A"})
    assert message.facts == (InvalidAttempt(THEN, "scan", None, "forged", "A"),)


def test_a_cart_counts_its_items(read: Read, directory: Directory, tenant: Tenant) -> None:
    message = read(
        {
            "type": "cart-update",
            "userId": "ann",
            "cartValue": 80.4,
            "items": [
                {"ticketTypeId": "stalls", "quantity": 2, "holderName": "Ann"},
                {"ticketTypeId": "box"},
            ],
        }
    )
    assert message.facts == (
        CartUpdate(
            THEN,
            3,
            8040,
            "GBP",
            directory.customer(tenant.tenant_id, "ann"),
            '[{"ticketTypeId":"stalls","quantity":2},{"ticketTypeId":"box"}]',
        ),
    )


def test_a_page_view_keeps_the_campaign_of_its_address_and_nothing_else_of_the_query(
    read: Read, directory: Directory, tenant: Tenant
) -> None:
    message = read(
        {
            "type": "page-view",
            "path": "https://tickets.example/gala?utm_source=mail&utm_campaign=spring&email=ann%40example.org#top",
            "referrer": "https://ann:pw@search.example/?q=ann",
            "utm": {"medium": "newsletter"},
            "sessionId": "s-1",
        }
    )
    assert message.facts == (
        PageView(
            THEN,
            "https://tickets.example/gala",
            "https://search.example/",
            "mail",
            "newsletter",
            "spring",
            directory.visitor(tenant.tenant_id, b"s-1", THEN, NOW),
        ),
    )


def test_a_visitor_cannot_be_followed_from_one_day_to_the_next(read: Read) -> None:
    views = [
        read({"type": "page-view", "path": "/", "sessionId": "s-1", "timestamp": f"2026-11-{day}T12:00:00Z"})
        for day in (20, 21)
    ]
    first, second = (view.facts[0] for view in views)
    assert isinstance(first, PageView)
    assert isinstance(second, PageView)
    assert first.visitor != second.visitor


def test_a_post_is_kept_by_its_reach_and_length(read: Read, directory: Directory, tenant: Tenant) -> None:
    message = read(
        {
            "type": "social",
            "platform": "mastodon",
            "kind": "mention",
            "author": "@ann",
            "text": "What a night!",
            "followers": 1200,
            "likes": 30,
            "shares": 4,
            "sentiment": 0.75,
        }
    )
    author = directory.customer(tenant.tenant_id, "mastodon @ann")
    assert message.facts == (SocialMention(THEN, "mastodon", "mention", author, 13, 1200, 30, 4, 0.75),)
    assert "night" not in message.payload
    assert "@ann" not in message.payload


def test_a_venue_update_states_each_field_with_its_checked_value(read: Read) -> None:
    message = read(
        {
            "type": "venue-update",
            "capacity": 900,
            "holds": 20,
            "status": "on_sale",
            "doorsAt": "2026-11-21T19:00",
            "name": "Gala night",
        }
    )
    assert message.facts == (
        VenueUpdate(THEN, "capacity", "900"),
        VenueUpdate(THEN, "holds", "20"),
        VenueUpdate(THEN, "doorsAt", '"2026-11-21T19:00:00Z"'),
        VenueUpdate(THEN, "status", '"on_sale"'),
        VenueUpdate(THEN, "name", '"Gala night"'),
    )


def test_what_is_planned_may_lie_years_ahead_and_what_happened_may_not(read: Read) -> None:
    planned = {"doorsAt": "2027-11-20T19:00", "startsAt": "2027-11-20T20:00", "endsAt": "2027-11-20T23:00"}
    message = read({"type": "venue-update", "onSaleAt": "2026-11-23T09:00"} | planned)
    assert message.facts == (
        VenueUpdate(THEN, "doorsAt", '"2027-11-20T19:00:00Z"'),
        VenueUpdate(THEN, "startsAt", '"2027-11-20T20:00:00Z"'),
        VenueUpdate(THEN, "endsAt", '"2027-11-20T23:00:00Z"'),
        VenueUpdate(THEN, "onSaleAt", '"2026-11-23T09:00:00Z"'),
    )
    with pytest.raises(Refused) as refused:
        read({"type": "venue-update"} | planned | {"doorsAt": "2037-11-20T19:00"})
    assert (refused.value.code, refused.value.field) == ("timestamp-out-of-range", "doorsAt")
    with pytest.raises(Refused) as refused:
        read({"type": "venue-update"} | planned | {"timestamp": "2027-11-20T19:00"})
    assert (refused.value.code, refused.value.field) == ("timestamp-out-of-range", "timestamp")


def test_a_venue_update_without_an_event_concerns_the_venue(read: Read) -> None:
    message = read({"type": "venue-update", "eventId": None, "field": "capacity", "value": 1500, "seq": 7})
    assert (message.event_id, message.event_ref) == (NO_EVENT, "")
    assert message.facts == (VenueUpdate(THEN, "capacity", "1500"),)


def test_a_time_without_offset_is_read_in_the_venues_zone(read: Read) -> None:
    summer = read({"type": "ticket-scan", "ticketId": "T", "scannedAt": "2026-07-01T19:30:00"})
    assert summer.occurred_at == datetime(2026, 7, 1, 18, 30, tzinfo=UTC)


def test_without_a_time_the_time_of_receipt_counts(read: Read) -> None:
    assert read({"type": "ticket-scan", "ticketId": "T", "timestamp": None}).occurred_at == NOW


def test_the_same_content_without_an_id_is_the_same_message(read: Read) -> None:
    sale = {"type": "ticket-purchase", "ticketId": "T-1", "amount": 5}
    reordered = {"amount": 5, "ticket_id": "T-1", "type": "ticket-purchase"}
    assert read(sale).key == read(reordered).key
    assert read(sale).key != read(sale | {"userId": "ann"}).key
    assert read(sale | {"timestamp": None}).key == read(sale | {"timestamp": None}).key


@pytest.mark.parametrize(
    "spelt",
    [
        {"amount": "12.50"},
        {"amount": "12.5"},
        {"amount": "12.500"},
        {"timestamp": "2026-11-21T05:00:00+00:00"},
        {"timestamp": "2026-11-21T06:00:00.000+01:00"},
        {"occurredAt": "2026-11-21T05:00:00Z", "timestamp": None},
    ],
)
def test_another_spelling_of_the_same_time_or_amount_is_the_same_message(
    read: Read, spelt: dict[str, Any]
) -> None:
    sale = {"type": "ticket-purchase", "ticketId": "T", "amount": 12.5}
    sale |= {"timestamp": "2026-11-21T05:00:00Z"}
    assert read(sale | spelt).key == read(sale).key
    assert read(sale | {"amount": 12.51}).key != read(sale).key


def test_amounts_within_positions_have_one_identity_too(read: Read) -> None:
    sale = {"type": "ticket-purchase", "timestamp": "2026-11-21T05:00:00Z"}
    keys = {read(sale | {"positions": [{"ticketId": "T", "amount": amount}]}).key for amount in (3, "3.00")}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("stated", "field"),
    [({"amount": 10}, "amount"), ({"ticketId": "T"}, "ticketId"), ({"amount": 5, "fee": 1}, "amount")],
)
def test_what_contradicts_its_positions_is_refused(read: Read, stated: dict[str, Any], field: str) -> None:
    sale = {"type": "ticket-purchase", "positions": [{"amount": 1}, {"amount": 2}]}
    with pytest.raises(Refused) as refused:
        read(sale | stated)
    assert (refused.value.code, refused.value.field) == ("contradiction", field)


def test_an_order_may_state_the_total_of_its_positions_with_or_without_fees(read: Read) -> None:
    sale = {"type": "ticket-purchase", "positions": [{"amount": 1}, {"amount": 2}], "fee": 1}
    assert len(read(sale | {"amount": 3}).facts) == len(read(sale | {"amount": 4}).facts) == 3


@pytest.mark.parametrize(
    "stated",
    [
        {"email": "bob@example.org"},
        {"holder": {"name": "Bob"}},
        {"seat": {"row": "A", "name": "Bob"}},
        {"positions": [{"amount": 5, "attendeeName": "Bob"}]},
        {"note": "for bob@example.org"},
    ],
)
def test_the_same_purchase_by_another_person_is_another_message(read: Read, stated: dict[str, Any]) -> None:
    sale = {"type": "ticket-purchase", "amount": 5, "positions": [{"amount": 5}]}
    by_ann = json.loads(json.dumps(sale | stated).replace("Bob", "Ann").replace("bob", "ann"))
    assert read(sale | stated).key == read(sale | stated).key
    assert len({read(sale).key, read(by_ann).key, read(sale | stated).key}) == 3
    assert "bob" not in read(sale | stated).payload.lower()


def test_what_identifies_a_message_means_nothing_to_another_tenant(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    sale = {
        "type": "ticket-purchase",
        "eventId": "gala",
        "timestamp": AT,
        "amount": 5,
        "email": "a@b.example",
    }
    keys = {
        MessageReader(Directory(database), owner.tenant_id, NOW).read(sale, kind_of(sale)).key
        for owner in (tenant, other_tenant)
    }
    assert len(keys) == 2


def test_scans_without_id_and_time_are_new_every_time(read: Read) -> None:
    scan = {"type": "ticket-scan", "ticketId": "T-1", "timestamp": None}
    assert read(scan).key != read(scan).key


def test_an_id_belongs_to_its_source_and_type(read: Read) -> None:
    keys = {
        read({"type": kind, "source": source, "id": 1, "ticketId": "T-1", "amount": 5}).key
        for kind in ("ticket-purchase", "ticket-scan")
        for source in (None, "box office")
    }
    assert len(keys) == 4


def test_a_stored_payload_reads_back_as_the_same_message(read: Read) -> None:
    for raw in (
        {
            "type": "ticket-purchase",
            "id": 1,
            "ticketId": "T-1",
            "userId": "ann",
            "amount": 12.5,
            "seat": "A1",
        },
        {"type": "page-view", "id": 2, "path": "/gala?utm_source=mail", "userId": "ann"},
        {"type": "social", "id": 3, "platform": "x", "author": "ann", "text": "Hm"},
    ):
        message = read(raw)
        assert read(json.loads(message.payload)) == message


def test_a_known_events_venue_need_not_be_given(
    read: Read, tenant: Tenant, database: Database, directory: Directory
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name)"
            " VALUES (%s, %s, %s, 'gala', 'Gala')",
            [tenant.tenant_id, tenant.venue_id, UUID(int=7)],
        )
    message = read({"type": "ticket-scan", "ticketId": "T-1"})
    assert (message.venue_id, message.event_id) == (tenant.venue_id, UUID(int=7))
    by_uuid = read({"type": "ticket-scan", "ticketId": "T-1", "eventId": str(UUID(int=7)).upper()})
    assert (by_uuid.venue_id, by_uuid.event_id) == (tenant.venue_id, UUID(int=7))


def test_an_event_that_was_met_a_moment_ago_needs_no_venue_again(
    database: Database, directory: Directory, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues SELECT (v).* FROM (SELECT jsonb_populate_record(v, %s) AS v FROM venues v"
            " WHERE tenant_id = %s) other",
            [json.dumps({"venue_id": str(UUID(int=8)), "external_id": "barn"}), tenant.tenant_id],
        )
    placed = {"type": "ticket-scan", "ticketId": "T-1", "eventId": "gala", "venueId": "barn", "timestamp": AT}
    bare = {name: value for name, value in placed.items() if name != "venueId"}

    def reader() -> MessageReader:
        return MessageReader(directory, tenant.tenant_id, NOW)

    with pytest.raises(Refused, match="Needed unless the event is known"):
        reader().read(bare, kind_of(bare))
    together = reader()
    first = together.read(placed, kind_of(placed))
    assert together.read(bare, kind_of(bare)).venue_id == first.venue_id == UUID(int=8)
    facts.write(database, tenant.tenant_id, [first])
    assert reader().read(bare, kind_of(bare)).venue_id == UUID(int=8)
    with pytest.raises(Refused):
        reader().read(bare | {"eventId": "ball"}, kind_of(bare))


def test_people_are_nowhere_in_what_is_stored(read: Read) -> None:
    message = read(
        {
            "type": "ticket-purchase",
            "ticketId": "T-1",
            "amount": 5,
            "userId": "ann-17",
            "email": "ann@example.org",
            "customerName": "Ann Archer",
            "phone": "+44 20 7946 0000",
            "billing_address": "1 High Street",
            "channel": "desk ann@example.org",
            "extra": {"buyer": {"firstName": "Ann"}, "to": ["ann@example.org"], "colour": "red"},
            "ip": "192.0.2.7",
        }
    )
    stored = repr(message)
    for trace in ("ann-17", "example.org", "Archer", "Ann", "7946", "High Street", "192.0.2.7"):
        assert trace not in stored
    assert isinstance(message.facts[0], SaleLine)
    assert message.facts[0].metadata == '{"extra":{"to":["(e-mail removed)"],"colour":"red"}}'
    assert message.facts[0].channel == "desk (e-mail removed)"
