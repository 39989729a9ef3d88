"""What must never be stored: fields that name a person are dropped, wherever they stand.

People that matter to the ledger (`userId` and the like) are turned into keyed hashes by
`ingest.message` before anything is kept; this file is about everything else in a message.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ingest.refusal import Refused

DEEPEST = 16
_LONGEST_DIGITS = 300

_PERSONAL = """
    name firstname lastname fullname middlename givenname familyname surname nickname displayname username
    customername buyername holdername attendeename cardholder cardholdername contactname login
    email mail emailaddress customeremail buyeremail attendeeemail contactemail phone phonenumber mobile
    mobilenumber telephone tel fax address addressline addressline1 addressline2 street streetaddress
    housenumber postcode postalcode zip zipcode billingaddress shippingaddress invoiceaddress
    latitude longitude lat lon lng geolocation
    ip ipaddress clientip remoteip remoteaddr remoteaddress xforwardedfor forwardedfor useragent cookie
    cookies fingerprint
    userid customerid buyerid memberid holderid accountid personid attendeeid fromuserid touserid author
    authorid authorname handle visitorid sessionid anonymousid clientid externaluserid user customer buyer
    attendee holder contact owner fromuser touser password secret token authorization
    card cardnumber pan cvv cvc iban bic accountnumber passport passportnumber ssn nationalid taxid vatid
    dateofbirth birthdate birthday dob signature
"""
_PERSONAL_NAMES = frozenset(_PERSONAL.split())
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_MASK = "(e-mail removed)"


@lru_cache(maxsize=4096)
def is_personal(name: str) -> bool:
    """Whether a field of this name, however it is spelt, could name a person."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) in _PERSONAL_NAMES


def without_persons(value: Any, path: str = "", depth: int = 1) -> Any:
    """A copy of a JSON value that is fit to be stored: personal fields and e-mail addresses removed.

    Raises Refused for what PostgreSQL's jsonb cannot hold or a reader could choke on: NUL
    characters, more than 16 levels, numbers of hundreds of digits.
    """
    if depth > DEEPEST:
        raise Refused("too-deep", f"At most {DEEPEST} levels of nesting.", path or None)
    if isinstance(value, str):
        if "\0" in value:
            raise Refused("nul-character", "A text holds no NUL character.", path or None, value)
        return _EMAIL.sub(_MASK, value) if "@" in value else value
    if isinstance(value, Mapping):
        return _members_without_persons(value, path, depth)
    if isinstance(value, list | tuple):
        return [without_persons(inner, f"{path}[{index}]", depth + 1) for index, inner in enumerate(value)]
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) + len(value.as_tuple().digits) > _LONGEST_DIGITS:
            raise Refused("number-out-of-range", f"At most {_LONGEST_DIGITS} digits.", path or None, value)
    elif isinstance(value, int) and value.bit_length() > _LONGEST_DIGITS * 3:
        raise Refused("number-out-of-range", f"At most {_LONGEST_DIGITS} digits.", path or None, value)
    return value


def _members_without_persons(value: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
    kept = {}
    for name, inner in value.items():
        if "\0" in name:
            raise Refused("nul-character", "A name holds no NUL character.", path or None, name)
        if not is_personal(name) and "@" not in name:
            # Most members are texts in which there is nothing to find, not worth another call.
            if type(inner) is not str or "@" in inner or "\0" in inner or depth == DEEPEST:
                inner = without_persons(inner, f"{path}.{name}" if path else name, depth + 1)
            kept[name] = inner
    return kept
