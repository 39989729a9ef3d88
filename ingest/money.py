"""Amounts: exact from the sender's digits to integer minor units, never through a float."""

from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any

from data.currencies import EXPONENTS
from ingest.refusal import Refused

LARGEST_MINOR = 10**13
"""The largest amount in minor units, 100 billion of most currencies: the sum of nine hundred of them is a
number that browsers hold exactly, the sum of nine hundred thousand one that PostgreSQL holds."""

_MINOR_UNIT = {exponent: Decimal(1).scaleb(-exponent) for exponent in set(EXPONENTS.values())}
# `quantize` under this context either keeps the value exactly or raises: it never rounds.
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation, Overflow])
_LONGEST_NUMBER = 40
_LONGEST_PLAIN = 11
"""Characters of an amount that is worth a quick look."""


AMOUNTS = frozenset({"amount", "fee", "tax", "cart_value", "cartValue"})
"""Fields in major units, by the names under which they stand in messages and positions."""


def plain_amounts(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with every amount, also within positions, in one spelling: 12.50 and "12.5" are 12.5."""
    plain = dict(fields)
    for name in AMOUNTS & plain.keys():
        plain[name] = _plain(plain[name])
    positions = plain.get("positions")
    if isinstance(positions, list):
        plain["positions"] = [plain_amounts(p) if isinstance(p, dict) else p for p in positions]
    return plain


def _plain(value: object) -> object:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return value
    return (
        f"{number.normalize():f}"
        if number.is_finite() and abs(number.adjusted()) < _LONGEST_NUMBER
        else value
    )


def currency_code(value: object, default: str) -> str:
    """The upper-case ISO 4217 code in `value`, or `default` without one."""
    if value is None:
        return default
    if type(value) is str:
        if value in EXPONENTS:
            return value
        if value.upper() in EXPONENTS:
            return value.upper()
    raise Refused("unknown-currency", "This is not an ISO 4217 currency code.", "currency", value)


def minor_amount(fields: Mapping[str, Any], name: str, currency: str) -> int | None:
    """The amount called `name` in minor units of `currency`, None when the message has none.

    Read from `name` (major units: a number or a decimal text) or from `name_minor` (an integer).
    Both are allowed together only when they agree.
    """
    value = fields.get(name)
    name_minor = f"{name}_minor"
    if name_minor not in fields:
        return None if value is None else _from_major(value, name, currency)
    minor = _checked(fields[name_minor], name_minor)
    if value is not None and _from_major(value, name, currency) != minor:
        raise Refused("contradiction", f"{name} and {name}Minor differ.", name_minor, minor)
    return minor


def _from_major(value: object, name: str, currency: str) -> int:
    exponent = EXPONENTS[currency]
    if type(value) is int:
        return _checked(int(value * 10**exponent), name, value)
    if type(value) is str:
        minor = _from_plain(value, exponent)
        if minor is not None:
            return minor
        number = _from_text(value, name)
    elif type(value) is Decimal:
        number = value
    else:
        raise Refused("wrong-type", "An amount is a number or a decimal text.", name, value)
    try:
        minor = int(number.quantize(_MINOR_UNIT[exponent], context=_EXACT).scaleb(exponent, context=_EXACT))
    except Inexact:
        raise Refused("fractional-minor", f"{currency} has {exponent} decimal places.", name, value) from None
    except (InvalidOperation, Overflow):
        raise Refused("amount-too-large", "Amounts end at 10^13 minor units.", name, value) from None
    if not 0 <= minor <= LARGEST_MINOR:
        _checked(minor, name, value)
    return minor


def _from_plain(value: str, exponent: int) -> int | None:
    """The minor units of digits such as 12, 12.5 and 12.50, as most senders write them; None for all else."""
    whole, point, part = value.partition(".")
    if len(value) > _LONGEST_PLAIN or len(part) > exponent or not value.isascii():
        return None
    if not whole.isdigit() or (point and not part.isdigit()):
        return None
    minor = int(whole + part.ljust(exponent, "0"))
    return minor if minor <= LARGEST_MINOR else None


def _from_text(value: str, name: str) -> Decimal:
    try:
        # The length is bounded first: digits beyond it can only be an attack or a mistake.
        number = Decimal(value) if len(value) <= _LONGEST_NUMBER and value.isascii() else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or "_" in value:
        raise Refused("not-a-number", "An amount is a decimal number such as 12.50.", name, value)
    return number


def _checked(minor: object, name: str, shown: object = None) -> int:
    """An integer amount within bounds; `shown` is what the sender wrote, if it is not `minor` itself."""
    if type(minor) is not int:
        raise Refused("wrong-type", "Minor units are a whole number.", name, minor)
    if minor < 0:
        raise Refused("negative-amount", "Amounts are not negative.", name, minor if shown is None else shown)
    if minor > LARGEST_MINOR:
        raise Refused(
            "amount-too-large",
            "Amounts end at 10^13 minor units.",
            name,
            minor if shown is None else shown,
        )
    return minor
