"""The catalogue is complete, and every metric knows by what it can be split."""

from data.metric_dimensions import DIMENSIONS
from data.metric_measures import MEASURES
from data.metrics import CATALOGUE


def test_every_metric_is_described_and_made_of_measures_that_exist() -> None:
    assert len(CATALOGUE) >= 40
    for metric in CATALOGUE.values():
        assert metric.label
        assert metric.description.endswith(".")
        assert set(metric.measures) <= MEASURES.keys()


def test_every_metric_that_is_not_bound_to_minutes_has_days_and_venues() -> None:
    without = {name for name, metric in CATALOGUE.items() if not {"day", "venue"} <= set(metric.dimensions)}
    assert without == {"sales_velocity", "entry_rate"}


def test_only_sums_of_sums_are_additive() -> None:
    assert CATALOGUE["net_revenue"].additivity == "additive"
    assert CATALOGUE["average_ticket_price"].additivity == "ratio"
    assert CATALOGUE["customers"].additivity == "distinct"
    assert CATALOGUE["returning_customers"].additivity == "distinct"
    assert CATALOGUE["inside"].additivity == "state"
    assert CATALOGUE["peak_inside"].additivity == "highest"


def test_a_highest_value_says_that_it_is_of_one_event() -> None:
    highest = [metric for metric in CATALOGUE.values() if metric.additivity == "highest"]
    assert highest
    for metric in highest:
        assert "one event" in metric.label
        assert "of several events the highest" in metric.description


def test_all_that_tells_of_money_is_known_as_money() -> None:
    assert {name for name, metric in CATALOGUE.items() if metric.money and not metric.in_currency} == {
        "refund_rate"
    }
    assert all(metric.money for metric in CATALOGUE.values() if metric.in_currency)


def test_every_dimension_splits_some_metric() -> None:
    used = {name for metric in CATALOGUE.values() for name in metric.dimensions}
    assert used == DIMENSIONS.keys()
