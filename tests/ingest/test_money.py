from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.currencies import EXPONENTS
from ingest.money import LARGEST_MINOR, currency_code, minor_amount
from ingest.refusal import Refused


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        (12, "GBP", 1200),
        (Decimal("12.5"), "GBP", 1250),
        (Decimal("0.1"), "EUR", 10),
        ("12.50", "GBP", 1250),
        ("12.5000", "GBP", 1250),
        (Decimal("1E+3"), "GBP", 100_000),
        (1200, "JPY", 1200),
        (Decimal("1200.0"), "JPY", 1200),
        (Decimal("1.234"), "KWD", 1234),
        (Decimal("1.2345"), "CLF", 12345),
        ("100000000000.00", "GBP", LARGEST_MINOR),
        (LARGEST_MINOR, "JPY", LARGEST_MINOR),
        (0, "GBP", 0),
        (Decimal("-0.0"), "GBP", 0),
    ],
)
def test_an_amount_is_exact_in_minor_units(value: Any, currency: str, minor: int) -> None:
    assert minor_amount({"amount": value}, "amount", currency) == minor


@given(st.from_regex(r"[0-9.]{1,14}", fullmatch=True), st.sampled_from(["JPY", "GBP", "KWD", "CLF"]))
def test_a_text_and_the_number_in_it_are_the_same_amount(value: str, currency: str) -> None:
    def amount(of: object) -> int | str | None:
        try:
            return minor_amount({"amount": of}, "amount", currency)
        except Refused as refusal:
            return refusal.code

    try:
        number = Decimal(value)
    except InvalidOperation:
        assert amount(value) == "not-a-number"
    else:
        assert amount(value) == amount(number)


def test_minor_units_may_be_given_directly() -> None:
    assert minor_amount({"fee_minor": 150}, "fee", "GBP") == 150
    assert minor_amount({"fee_minor": 150, "fee": "1.50"}, "fee", "GBP") == 150
    assert minor_amount({}, "fee", "GBP") is None


@pytest.mark.parametrize(
    "value", ["12.5000000000000000000000000000000000001", Decimal("12.50" + "0" * 60 + "1")]
)
def test_no_digit_is_rounded_away(value: Any) -> None:
    with pytest.raises(Refused) as caught:
        minor_amount({"amount": value}, "amount", "GBP")
    assert caught.value.code == "fractional-minor"


def test_a_currency_is_an_upper_case_iso_code() -> None:
    assert [currency_code(code, "GBP") for code in ("EUR", "jpy", None)] == ["EUR", "JPY", "GBP"]
    with pytest.raises(Refused):
        currency_code("XAU", "GBP")


def test_exponents_follow_iso_4217() -> None:
    assert {code: EXPONENTS[code] for code in ("JPY", "GBP", "KWD", "UYW", "ISK", "TND", "MGA")} == {
        "JPY": 0,
        "GBP": 2,
        "KWD": 3,
        "UYW": 4,
        "ISK": 0,
        "TND": 3,
        "MGA": 2,
    }
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
    assert len(EXPONENTS) == 173
