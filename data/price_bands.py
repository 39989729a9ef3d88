"""Price bands: the one definition by which tickets and their money are told apart by unit price.

A band is one of a currency: bands of two that are called alike are two, and nothing adds them up. It is named
by its bounds in major units of the currency, e.g. `20-30`: at least 20 and less than 30.
The last is open, `250+`. Comps and tickets sold for nothing are `free`. Lines that do not say what a
ticket cost (fees, refunds, cancellations of paid tickets) are in no band: the empty text, "not known".
"""

from data.currencies import EXPONENTS

FREE = "free"
UNKNOWN = ""

_USUAL = 2
_MAJOR_BOUNDS = {
    0: (1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 25_000),
    2: (10, 20, 30, 50, 75, 100, 150, 250),
    3: (3, 5, 10, 15, 25, 30, 50, 75),
    4: (1, 2, 3, 5, 7, 10, 15, 25),
}
"""By the decimal places of a currency, as a yen, a pound and a dinar buy different things."""

_BOUNDS = {
    exponent: tuple(bound * 10**exponent for bound in bounds) for exponent, bounds in _MAJOR_BOUNDS.items()
}
_NAMES = {
    exponent: (
        *(f"{low}-{high}" for low, high in zip((0, *bounds[:-1]), bounds, strict=True)),
        f"{bounds[-1]}+",
    )
    for exponent, bounds in _MAJOR_BOUNDS.items()
}


def band(kind: str, amount_minor: int, quantity: int, currency: str, comp: bool) -> str:
    """The band of a line of the ledger, by what one of its tickets cost."""
    if comp:
        return FREE
    if quantity < 0:
        amount_minor, quantity = -amount_minor, -quantity
    if not quantity or amount_minor < 0 or kind not in ("sale", "comp"):
        return UNKNOWN
    if not amount_minor:
        return FREE
    exponent = EXPONENTS.get(currency, _USUAL)
    unit = amount_minor // quantity
    for bound, name in zip(_BOUNDS[exponent], _NAMES[exponent], strict=False):
        if unit < bound:
            return name
    return _NAMES[exponent][-1]


def names(currency: str) -> tuple[str, ...]:
    """All bands of a currency, the cheapest first."""
    return (FREE, *_NAMES[EXPONENTS.get(currency, _USUAL)])


EVERY = (FREE, *dict.fromkeys(name for names_ in _NAMES.values() for name in names_))
"""The bands of all currencies."""


def lower_bound(name: str) -> float:
    """Where a band starts, in major units, to put bands in order; −1 for `free`, infinity for "not known"."""
    if name == FREE:
        return -1.0
    return float(name.rstrip("+").split("-")[0]) if name else float("inf")


def _in_bounds(exponent: int) -> str:
    listed = ", ".join(f"'{name}'" for name in _NAMES[exponent])
    bounds = ", ".join(map(str, _BOUNDS[exponent]))
    unit = "abs(amount_minor) / abs(quantity)"
    return f"(ARRAY[{listed}])[width_bucket({unit}, ARRAY[{bounds}]::bigint[]) + 1]"


def _of_currencies() -> str:
    cases = " ".join(
        f"WHEN currency IN ({', '.join(repr(code) for code, own in EXPONENTS.items() if own == exponent)})"
        f" THEN {_in_bounds(exponent)}"
        for exponent in _NAMES
        if exponent != _USUAL
    )
    return f"CASE {cases} ELSE {_in_bounds(_USUAL)} END"


SQL = (
    f"CASE WHEN comp THEN '{FREE}'"
    " WHEN quantity = 0 OR sign(amount_minor) * sign(quantity) < 0 OR kind NOT IN ('sale', 'comp')"
    f" THEN '{UNKNOWN}'"
    f" WHEN amount_minor = 0 THEN '{FREE}' ELSE {_of_currencies()} END"
)
"""The same over the columns of `ticket_sales`."""
