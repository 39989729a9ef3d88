"""Price bands: what a ticket cost decides, in the units of its currency."""

import pytest

from data.price_bands import band, lower_bound, names


@pytest.mark.parametrize(
    ("kind", "amount_minor", "quantity", "currency", "comp", "expected"),
    [
        ("sale", 999, 1, "GBP", False, "0-10"),
        ("sale", 1000, 1, "GBP", False, "10-20"),
        ("sale", 5999, 3, "GBP", False, "10-20"),  # 19.99 and two thirds each.
        ("sale", 6000, 3, "GBP", False, "20-30"),
        ("sale", 25_000, 1, "GBP", False, "250+"),
        ("sale", 999, 1, "JPY", False, "0-1000"),
        ("sale", 1000, 1, "JPY", False, "1000-2000"),
        ("sale", 2999, 1, "KWD", False, "0-3"),
        ("sale", 3000, 1, "KWD", False, "3-5"),
        ("sale", -4500, -1, "GBP", False, "30-50"),  # A sale taken back, as pretix books it.
        ("sale", 0, 1, "GBP", False, "free"),
        ("comp", 0, 2, "GBP", True, "free"),
        ("cancellation", 0, -1, "GBP", True, "free"),
        ("cancellation", 0, -1, "GBP", False, ""),
        ("refund", -4500, 0, "GBP", False, ""),
        ("fee", 200, 0, "GBP", False, ""),
        ("sale", -100, 1, "GBP", False, ""),
    ],
)
def test_a_line_is_in_the_band_of_its_unit_price(
    kind: str, amount_minor: int, quantity: int, currency: str, comp: bool, expected: str
) -> None:
    assert band(kind, amount_minor, quantity, currency, comp) == expected


def test_bands_are_named_from_the_cheapest_to_the_dearest() -> None:
    assert names("JPY") == (
        "free",
        "0-1000",
        "1000-2000",
        "2000-3000",
        "3000-5000",
        "5000-7500",
        "7500-10000",
        "10000-15000",
        "15000-25000",
        "25000+",
    )
    for currency in ("GBP", "JPY", "KWD", "CLF"):
        assert sorted((*names(currency), ""), key=lower_bound) == [*names(currency), ""]
