"""What must never be stored: fields that name a person are dropped, persons in free text are taken out.

People that matter to the ledger (`userId` and the like) are turned into keyed hashes by
`ingest.message` before anything is kept; this file is about everything else in a message.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ingest.personal_text import (
    SHORTEST_PHONE,
    is_card,
    is_phone,
    is_suspect,
    scrubbed,
    without_addresses,
    without_cards,
)
from ingest.refusal import Refused

DEEPEST = 16
_LONGEST_DIGITS = 300

_PERSONAL = """
    name firstname lastname fullname middlename givenname familyname surname nickname displayname username
    customername buyername holdername attendeename cardholder cardholdername contactname login
    guestname guest recipient recipientname sender sendername salutation
    latitude longitude lat lon lng geolocation
    remoteip remoteaddr xforwardedfor forwardedfor useragent cookie cookies fingerprint
    userid customerid buyerid memberid holderid accountid personid attendeeid fromuserid touserid author
    authorid authorname handle visitorid sessionid anonymousid clientid externaluserid user customer buyer
    attendee holder contact owner fromuser touser password secret token authorization
    card cardnumber pan cvv cvc bic accountnumber nationalid taxid vatid dateofbirth signature
"""
_PERSONAL_NAMES = frozenset(_PERSONAL.split())
_PERSONAL_WORDS = """
    email mail emails phone phones mobile telephone tel fax address addresses addr street housenumber
    postcode postalcode zip zipcode ip ips iban passport ssn birthdate birthday dob surname firstname
    lastname fullname username nickname card cards cardholder credit debit pan cvv cvc account accounts
    contact contacts cell cellphone guest guests holder holders ticketholder passenger passengers
"""
_SPEAKING = frozenset(_PERSONAL_WORDS.split())
"""A field with one of these among the words of its name: `buyerEmail`, `billing_address_2`, `guest_no`."""
_RUN_TOGETHER = re.compile(
    "nationalid|nationalinsurance|socialsecurity|taxid|vatid|driv(?:er|ers|ing)licen|passport|phoneno|phonenum"
    "|(?:credit|debit|payment|bank)card|cardno|cardnum|cardholder|ticketholder|accountno|accountnum"
    "|contactno|contactnum|cellno|cellnum|cellphone|mobileno|mobilenum|guestno|guestnum|passengerno|passengernum"
)
"""The same in a name of several words, or of words that nothing divides: `national_id_number`, `CARDNO`."""
_PERSONS = "customer buyer attendee member user visitor client recipient sender owner person patron"
_PEOPLE = frozenset(_PERSONS.split())
"""A name with one of these may say what kind of person it is, but a number in it is somebody's."""

_OF_THINGS = """
    id ids ref reference code number no nr barcode sku serial key hash uuid at on date time timestamp day
    seat row block gate area zone type channel platform source kind scanner price amount version
"""
_IDENTIFYING = frozenset(_OF_THINGS.split())
"""The last word of a name under which a value identifies a thing: digits in it mean nothing more."""
_MEASURED = (
    "total sum revenue value minor cents count quantity size bytes length duration ms seconds capacity"
)
_MEASURES = frozenset(_MEASURED.split())
_LEDGER_IDS = frozenset({"id", "ticketid", "orderid", "messageid", "eventid", "venueid"})
"""Names of ids by which the ledger tells things apart: two tickets must not become one."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@lru_cache(maxsize=4096)
def is_personal(name: str) -> bool:
    """Whether a field of this name, however it is spelt, could name a person, or the name itself does."""
    plain = _plain(name)
    if plain in _PERSONAL_NAMES or _RUN_TOGETHER.search(plain) is not None or scrubbed(name) != name:
        return True
    return not _SPEAKING.isdisjoint(words_of(name))


@lru_cache(maxsize=4096)
def identifies_a_thing(name: str) -> bool:
    """Whether what stands under this name identifies a ticket, an order, a door or a moment."""
    words = words_of(name)
    return bool(words) and words[-1] in _IDENTIFYING and _PEOPLE.isdisjoint(words)


@lru_cache(maxsize=4096)
def _counts_or_identifies(name: str) -> bool:
    """Whether a long number under this name is known to be no telephone's."""
    words = words_of(name)
    return _PEOPLE.isdisjoint(words) and not (_IDENTIFYING | _MEASURES).isdisjoint(words)


@lru_cache(maxsize=4096)
def _tells_apart(name: str) -> bool:
    return _plain(name) in _LEDGER_IDS


def clean_text(name: str, text: str) -> str:
    """A text under this name as it may be stored."""
    if not is_suspect(text):
        return text
    if identifies_a_thing(name):
        text = without_addresses(text)
        return text if len(text) < 13 or _tells_apart(name) else without_cards(text)
    if text.isdecimal() and is_phone(int(text)) and not _counts_or_identifies(name):
        return "(phone removed)"
    return scrubbed(text)


def _clean_number(name: str, number: int) -> int | str:
    """A whole number under this name as it may be stored."""
    if is_card(number) and not _tells_apart(name):
        return "(number removed)"
    return "(phone removed)" if is_phone(number) and not _counts_or_identifies(name) else number


def without_persons(value: Any, path: str = "", depth: int = 1, name: str = "") -> Any:
    """A copy of a JSON value that is fit to be stored; `name` is that of the field it is in.

    Raises Refused for what PostgreSQL's jsonb cannot hold or a reader could choke on: NUL
    characters, more than 16 levels, numbers of hundreds of digits.
    """
    if depth > DEEPEST:
        raise Refused("too-deep", f"At most {DEEPEST} levels of nesting.", path or None)
    if isinstance(value, str):
        if "\0" in value:
            raise Refused("nul-character", "A text holds no NUL character.", path or None, value)
        return clean_text(name, value)
    if isinstance(value, Mapping):
        return _members_without_persons(value, path, depth)
    if isinstance(value, list | tuple):
        return [
            without_persons(inner, f"{path}[{index}]", depth + 1, name) for index, inner in enumerate(value)
        ]
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) + len(value.as_tuple().digits) > _LONGEST_DIGITS:
            raise Refused("number-out-of-range", f"At most {_LONGEST_DIGITS} digits.", path or None, value)
        if value > SHORTEST_PHONE and value == (whole := int(value)):
            cleaned = _clean_number(name, whole)
            return cleaned if isinstance(cleaned, str) else value
    elif isinstance(value, int):
        if value.bit_length() > _LONGEST_DIGITS * 3:
            raise Refused("number-out-of-range", f"At most {_LONGEST_DIGITS} digits.", path or None, value)
        if value > SHORTEST_PHONE:
            return _clean_number(name, value)
    return value


def _members_without_persons(value: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
    kept = {}
    for name, inner in value.items():
        if "\0" in name:
            raise Refused("nul-character", "A name holds no NUL character.", path or None, name)
        if not is_personal(name):
            # Most members are texts in which there is nothing to find, not worth another call.
            if type(inner) is not str or is_suspect(inner) or "\0" in inner or depth == DEEPEST:
                inner = without_persons(inner, f"{path}.{name}" if path else name, depth + 1, name)
            kept[name] = inner
    return kept


def words_of(name: str) -> list[str]:
    """The words of a field's name in lower case, however they are run together."""
    return [word.lower() for word in _WORDS.findall(name)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
