"""Bad messages: each is refused with a code, the sender's own name of the field, and its value."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from data.directory import Directory
from data.engine import Database
from ingest.decoding import message_object, split_lines, split_list
from ingest.message import MessageReader, kind_of
from ingest.refusal import Refused, printable
from tests.conftest import Tenant

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
SALE = {"type": "ticket-purchase", "ticketId": "T-1", "eventId": "gala", "amount": 12.5}
SCAN = {"type": "ticket-scan", "ticketId": "T-1", "eventId": "gala"}
EPOCH = "A time is an ISO 8601 text, not a number."
MOST = "Amounts end at 10^13 minor units."
FIELDS = "One of: capacity, physicalCapacity, holds, doorsAt, startsAt, endsAt, onSaleAt, status, name."
KINDS = (
    "One of: ticket-purchase, ticket-refund, ticket-scan, ticket-transfer, invalid-attempt, cart-update,"
    " page-view, venue-update, social."
)


def read(database: Database, tenant: Tenant, body: bytes) -> None:
    raw = message_object(body)
    MessageReader(Directory(database), tenant.tenant_id, NOW).read(raw, kind_of(raw))


def refusal_of(database: Database, tenant: Tenant, body: bytes) -> tuple[str, str | None, str | None, str]:
    """Code, field, value and detail with which the message is refused."""
    with pytest.raises(Refused) as caught:
        read(database, tenant, body)
    refused = caught.value
    return refused.code, refused.field, refused.value, refused.detail


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (SALE | {"type": None}, ("missing-field", "type", None, "This field is required.")),
        (SALE | {"type": 7}, ("wrong-type", "type", "7", "A text is expected.")),
        (SALE | {"type": "ticket-theft"}, ("unknown-type", "type", "ticket-theft", KINDS)),
        (SALE | {"eventId": None}, ("missing-field", "eventId", None, "This field is required.")),
        (
            SALE | {"eventId": "00000000-0000-0000-0000-000000000000"},
            ("missing-field", "eventId", None, "The nil uuid names no event."),
        ),
        (SALE | {"eventId": ["gala"]}, ("wrong-type", "eventId", "list of 1", "A text is expected.")),
        (SALE | {"eventId": True}, ("wrong-type", "eventId", "true", "A text is expected.")),
        (SALE | {"venue_id": "nowhere"}, ("unknown-venue", "venue_id", "nowhere", "There is no such venue.")),
        (SALE | {"eventId": " \u00a0 "}, ("missing-field", "eventId", None, "This field is required.")),
        (
            SALE | {"eventId": "gala\u202elave"},
            (
                "control-character",
                "eventId",
                "gala\\u202elave",
                "A name holds no control or direction characters.",
            ),
        ),
        # Time
        (
            SCAN | {"scannedAt": "2026-11-21T21:00:00+00:00"},
            (
                "timestamp-out-of-range",
                "scannedAt",
                "2026-11-21T21:00:00+00:00",
                "This is in the future: is the clock or zone right?",
            ),
        ),
        (SALE | {"timestamp": 1795374000}, ("epoch-timestamp", "timestamp", "1795374000", EPOCH)),
        (SALE | {"timestamp": 1795374000.5}, ("epoch-timestamp", "timestamp", "1795374000.5", EPOCH)),
        (SALE | {"timestamp": "1795374000000"}, ("epoch-timestamp", "timestamp", "1795374000000", EPOCH)),
        (SCAN | {"scanned_at": 0}, ("epoch-timestamp", "scanned_at", "0", EPOCH)),
        (
            SCAN | {"scannedAt": "2016-11-01T00:00:00Z"},
            (
                "timestamp-out-of-range",
                "scannedAt",
                "2016-11-01T00:00:00Z",
                "This is more than ten years from now.",
            ),
        ),
        (
            SCAN | {"scannedAt": "9999-12-31T23:59:59-14:00"},
            (
                "timestamp-out-of-range",
                "scannedAt",
                "9999-12-31T23:59:59-14:00",
                "This is more than ten years from now.",
            ),
        ),
        (
            SCAN | {"scannedAt": "yesterday evening"},
            (
                "bad-timestamp",
                "scannedAt",
                "yesterday evening",
                "A time looks like 2026-11-21T19:30:00+01:00.",
            ),
        ),
        (
            SCAN | {"scannedAt": "2026-11-21"},
            ("bad-timestamp", "scannedAt", "2026-11-21", "A time looks like 2026-11-21T19:30:00+01:00."),
        ),
        (SCAN | {"scannedAt": {}}, ("wrong-type", "scannedAt", "dict of 0", "A time is an ISO 8601 text.")),
        # Money
        (SALE | {"amount": -0.01}, ("negative-amount", "amount", "-0.01", "Amounts are not negative.")),
        (SALE | {"amount": -5}, ("negative-amount", "amount", "-5", "Amounts are not negative.")),
        (SALE | {"amount": "-5.00"}, ("negative-amount", "amount", "-5.00", "Amounts are not negative.")),
        (SALE | {"amount": 12.505}, ("fractional-minor", "amount", "12.505", "GBP has 2 decimal places.")),
        (
            SALE | {"amount": "12.5", "currency": "JPY"},
            ("fractional-minor", "amount", "12.5", "JPY has 0 decimal places."),
        ),
        (
            SALE | {"amount": "NaN"},
            ("not-a-number", "amount", "NaN", "An amount is a decimal number such as 12.50."),
        ),
        (
            SALE | {"amount": "Infinity"},
            ("not-a-number", "amount", "Infinity", "An amount is a decimal number such as 12.50."),
        ),
        (
            SALE | {"amount": "1_000"},
            ("not-a-number", "amount", "1_000", "An amount is a decimal number such as 12.50."),
        ),
        (
            SALE | {"amount": True},
            ("wrong-type", "amount", "true", "An amount is a number or a decimal text."),
        ),
        (SALE | {"amount": None}, ("missing-field", "amount", None, "A sale has an amount, or is a comp.")),
        (SALE | {"amount": 2**53}, ("amount-too-large", "amount", str(2**53), MOST)),
        (
            SALE | {"amount": "100000000000.01"},
            ("amount-too-large", "amount", "100000000000.01", MOST),
        ),
        (SALE | {"amount": "1e400"}, ("amount-too-large", "amount", "1e400", MOST)),
        (
            SALE | {"amount": None, "amountMinor": 12.5},
            ("wrong-type", "amountMinor", "12.5", "Minor units are a whole number."),
        ),
        (
            SALE | {"amount": None, "amount_minor": 2**53},
            ("amount-too-large", "amount_minor", str(2**53), MOST),
        ),
        (
            SALE | {"amountMinor": 1251},
            ("contradiction", "amountMinor", "1251", "amount and amountMinor differ."),
        ),
        (
            SALE | {"currency": "QQQ"},
            ("unknown-currency", "currency", "QQQ", "This is not an ISO 4217 currency code."),
        ),
        (SALE | {"comp": True}, ("contradiction", "amount", "12.5", "A comp has no amount.")),
        (SALE | {"tax": 13}, ("contradiction", "tax", "13", "The tax is a part of the amount.")),
        # Counts
        (SALE | {"quantity": 0}, ("number-out-of-range", "quantity", "0", "From 1 to 100,000.")),
        (SALE | {"quantity": -2}, ("number-out-of-range", "quantity", "-2", "From 1 to 100,000.")),
        (SALE | {"quantity": 1.5}, ("wrong-type", "quantity", "1.5", "A whole number is expected.")),
        (
            SALE | {"positions": []},
            ("missing-field", "positions", None, "An order has at least one position."),
        ),
        (
            SALE | {"positions": [{"amount": 5}, {"amount": -5}]},
            ("negative-amount", "positions[1].amount", "-5", "Amounts are not negative."),
        ),
        (
            {"type": "ticket-refund", "eventId": "gala", "orderId": "O-1"},
            ("missing-field", "amount", None, "A refund gives back an amount, tickets or both."),
        ),
        (
            {"type": "cart-update", "eventId": "gala", "items": [{}, {"quantity": "2"}]},
            ("wrong-type", "items[1].quantity", "2", "A whole number is expected."),
        ),
        (
            {"type": "social", "eventId": "gala", "platform": "x", "sentiment": 1.5},
            ("number-out-of-range", "sentiment", "1.5", "From −1 to 1."),
        ),
        # Texts
        (
            SALE | {"ticketId": "T" * 201},
            ("text-too-long", "ticketId", "T" * 80 + "…", "At most 200 characters."),
        ),
        (
            SALE | {"channel": "a\0b"},
            ("nul-character", "channel", r"a\x00b", "A text holds no NUL character."),
        ),
        (SALE | {"a\0": 1}, ("nul-character", None, r"a\x00", "A name holds no NUL character.")),
        (
            SALE | {"seat": {"row": ["\0"]}},
            ("nul-character", "seat.row[0]", r"\x00", "A text holds no NUL character."),
        ),
        (SCAN | {"direction": "up"}, ("not-a-choice", "direction", "up", "One of: entry, exit, in, out.")),
        (SCAN | {"isValid": "yes"}, ("wrong-type", "isValid", "yes", "true or false is expected.")),
        (SCAN | {"ticketId": ""}, ("missing-field", "ticketId", None, "This field is required.")),
        # Shape
        (
            SALE | {"ticket_id": "T-2"},
            ("contradiction", "ticket_id", "T-2", "Given twice with different values."),
        ),
        (
            SALE | {"extra": json.loads("[" * 20 + "]" * 20)},
            ("too-deep", "extra" + "[0]" * 15, None, "At most 16 levels of nesting."),
        ),
        (
            SALE | {"extra": 10**1500},
            ("number-out-of-range", "extra", "integer of 4983 bits", "At most 300 digits."),
        ),
        # Updates
        (
            {"type": "venue-update", "eventId": "gala", "field": "colour", "value": "red"},
            (
                "not-a-choice",
                "field",
                "colour",
                FIELDS,
            ),
        ),
        (
            {"type": "venue-update", "eventId": "gala", "field": "capacity", "value": -1},
            ("number-out-of-range", "value", "-1", "From 0 to 2,147,483,647."),
        ),
        (
            {"type": "venue-update", "doorsAt": "2026-11-21T19:00"},
            ("missing-field", "eventId", None, "doorsAt belongs to an event."),
        ),
    ],
)
def test_a_bad_message_is_refused_by_field_and_value(
    database: Database, tenant: Tenant, stated: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert refusal_of(database, tenant, json.dumps(stated).encode()) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("not-json", None, None, "This is not JSON: Input data was truncated")),
        (
            b"{'a': 1}",
            (
                "not-json",
                None,
                "'a':",
                "This is not JSON: JSON is malformed: object keys must be strings (byte 1)",
            ),
        ),
        (
            b'{"amount": NaN}',
            (
                "not-json",
                "amount",
                "NaN",
                "This is not JSON: JSON is malformed: invalid character (byte 11)",
            ),
        ),
        (
            b'{"amount": -Infinity}',
            (
                "not-json",
                "amount",
                "-Infinity",
                "This is not JSON: JSON is malformed: invalid character (byte 12)",
            ),
        ),
        (b"[1]", ("wrong-type", None, "list of 1", "A message is a JSON object.")),
        (b'"text"', ("wrong-type", None, "text", "A message is a JSON object.")),
        (b'{"a": 1, "b": 2, "a": 3}', ("duplicate-field", "a", "3", "A name occurs twice in one object.")),
        (b'{"x": {"a": "1", "a": "1"}}', ("duplicate-field", "a", "1", "A name occurs twice in one object.")),
        (
            rb'{"a": "\u0022\u0022", "b": 1, "b": 2}',
            ("duplicate-field", "b", "2", "A name occurs twice in one object."),
        ),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, ("too-deep", "a", None, "The nesting is too deep.")),
        (b'{"a": "\xff"}', ("not-unicode", None, None, "Not UTF-8 at byte 0 of a text.")),
        (rb'{"a": "\ud800"}', ("not-json", None, None, "This is not JSON: Input data was truncated")),
        (b'{"a": "' + b"x" * 2_000_000 + b'"}', ("message-too-large", None, None, "At most 65,536 bytes.")),
    ],
)
def test_what_is_not_one_clean_json_object_is_refused(
    database: Database, tenant: Tenant, body: bytes, expected: tuple[str | None, ...]
) -> None:
    assert refusal_of(database, tenant, body) == expected


def test_half_a_character_from_another_decoder_is_refused(database: Database, tenant: Tenant) -> None:
    reader = MessageReader(Directory(database), tenant.tenant_id, NOW)
    raw = SALE | {"channel": "\ud800"}
    with pytest.raises(Refused) as caught:
        reader.read(raw, kind_of(raw))
    assert (caught.value.code, caught.value.value) == ("not-unicode", r"\ud800")
    raw = SALE | {"email": "\ud800"}  # Dropped, and yet a part of what was sent.
    with pytest.raises(Refused, match="half a character"):
        reader.read(raw, kind_of(raw))


def test_a_long_message_of_another_decoder_is_refused_by_its_longest_field(
    database: Database, tenant: Tenant
) -> None:
    reader = MessageReader(Directory(database), tenant.tenant_id, NOW)
    raw = SALE | {"programme": ["n" * 66_000]}
    with pytest.raises(Refused) as caught:
        reader.read(raw, kind_of(raw))
    assert (caught.value.code, caught.value.field) == ("message-too-large", "programme")


def test_another_tenants_venue_is_as_unknown_as_one_that_does_not_exist(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    for ref in (str(other_tenant.venue_id), str(other_tenant.venue_id)[::-1]):
        body = json.dumps(SALE | {"venueId": ref}).encode()
        assert refusal_of(database, tenant, body) == (
            "unknown-venue",
            "venueId",
            ref,
            "There is no such venue.",
        )


def test_a_refused_message_is_kept_without_people_and_reads_again(database: Database, tenant: Tenant) -> None:
    directory = Directory(database)
    reader = MessageReader(directory, tenant.tenant_id, NOW)
    raw = SALE | {"amount": -5, "userId": "ann", "email": "ann@example.org", "seat": "A1"}
    kept = json.loads(reader.storable(raw, kind_of(raw)))
    assert kept == SALE_KEPT | {"customer_hash": str(directory.customer(tenant.tenant_id, "ann"))}
    mended = reader.read(kept | {"amount": 5}, kind_of(kept))
    whole = reader.read(raw | {"amount": 5}, kind_of(raw))
    # The e-mail address is a part of the content, and nobody has it any more.
    assert mended == replace(whole, key=mended.key)


SALE_KEPT = {
    "type": "ticket-purchase",
    "ticket_id": "T-1",
    "event_id": "gala",
    "amount": -5,
    "seat": "A1",
}


def test_a_message_that_cannot_be_stored_is_kept_by_its_field_names(
    database: Database, tenant: Tenant
) -> None:
    reader = MessageReader(Directory(database), tenant.tenant_id, NOW)
    assert reader.storable(SALE | {"seat\0": "\0"}, None) == (
        '{"fields":["amount","eventId","seat","ticketId","type"]}'
    )


def test_a_list_is_split_even_when_one_message_is_not_json() -> None:
    good = b'{"a": "]},{"}'
    deep = b"[" * 2000 + b"]" * 2000
    assert split_list(b"[" + good + b' , {"b": NaN}, {"c":"\\ud800"},' + deep + b"]\n", 10) == [
        good,
        b'{"b": NaN}',
        b'{"c":"\\ud800"}',
        deep,
    ]


@pytest.mark.parametrize("body", [b"[1,2", b"[1,,2]", b"[1,]", b"[1]]", b"x[1]", b'["a]', b"{}", b"[NaN}"])
def test_what_is_no_list_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        split_list(body, 10)
    assert caught.value.code == "not-json"


def test_blank_lines_are_no_messages() -> None:
    assert split_lines(b'{"a":1}\r\n\n {"b":2}\n', 2) == [b'{"a":1}\r', b' {"b":2}']


@pytest.mark.parametrize("body", [b"[1,2,3]", b"[" + b"1," * 4_000_000 + b"1]"])
def test_a_list_that_is_too_long_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        split_list(body, 2)
    assert caught.value.code == "too-many-messages"


@pytest.mark.parametrize("body", [b"1\n2\n3\n", b"\n" * 100])
def test_too_many_lines_are_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        split_lines(body, 2)
    assert caught.value.code == "too-many-messages"


def test_a_shown_value_is_short_and_free_of_control_characters() -> None:
    assert printable("a\x1b[31m\u202e" + "b" * 100) == r"a\x1b[31m\u202e" + "b" * 73 + "…"
