"""The live state for those who may not see money: everything but amounts."""

from data.live_masking import section_without_money, without_money

STATE = {
    "eventId": "e",
    "seq": 4,
    "event": {"name": "Gala", "currency": "GBP", "targetTickets": 600, "targetMinor": 1_500_000},
    "sales": {
        "sold": 3,
        "milestones": [
            {"measure": "sold_target", "percent": 25},
            {"measure": "revenue_target", "percent": 50},
        ],
    },
    "revenue": {"currencies": [{"currency": "GBP", "exponent": 2, "netMinor": 500, "trend": [1, 2]}]},
    "feed": [
        {"kind": "sale", "quantity": 2, "amountMinor": 500, "currency": "GBP", "feesMinor": 10},
        {"kind": "milestone", "measure": "revenue_target", "percent": 50},
        {"kind": "entry", "quantity": 7, "amountMinor": None},
    ],
}


def test_amounts_targets_and_marks_of_revenue_are_taken_out_and_nothing_else() -> None:
    assert without_money(STATE) == {
        "eventId": "e",
        "seq": 4,
        "event": {"name": "Gala", "currency": "GBP", "targetTickets": 600, "targetMinor": None},
        "sales": {"sold": 3, "milestones": [{"measure": "sold_target", "percent": 25}]},
        "revenue": {"currencies": []},
        "feed": [
            {"kind": "sale", "quantity": 2, "amountMinor": None, "currency": "GBP", "feesMinor": None},
            {"kind": "entry", "quantity": 7, "amountMinor": None},
        ],
        "masked": True,
    }
    assert without_money(without_money(STATE)) == without_money(STATE)


def test_a_section_by_itself_is_masked_as_in_the_whole() -> None:
    whole = without_money(STATE)
    for name in ("sales", "revenue", "feed", "event"):
        assert section_without_money(name, STATE[name]) == whole[name]
