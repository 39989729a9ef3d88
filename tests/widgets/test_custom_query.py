"""A question as JSON: what it names stands, what it leaves open is the board's, and both are said."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from data.board_document import Placed
from data.metric_query import Last, MetricQuery, Named
from widgets.draw import Drawn, draw, needs
from widgets.sample import sample_answer, sample_scope
from widgets.scope import Scope

GALA, BALL, RAVE = UUID(int=1), UUID(int=2), UUID(int=3)
ALL, TODAY = Named(named="all"), Named(named="today")
BOARD = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))


def placed(**question: Any) -> Placed:
    text = json.dumps({"metrics": ["tickets_sold"]} | question)
    return Placed(id="a", widget="custom-query", settings={"query": text})


def asked(scope: Scope, **question: Any) -> MetricQuery:
    found = needs(placed(**question), scope)["figures"]
    assert isinstance(found, MetricQuery)
    return found


def drawn(scope: Scope, **question: Any) -> Drawn:
    answers = {name: sample_answer(need, scope) for name, need in needs(placed(**question), scope).items()}
    return draw(placed(**question), scope, answers)


def test_range_and_comparison_of_the_board_apply_where_the_question_names_none() -> None:
    for span in (ALL, TODAY, Last(last=7)):
        assert asked(replace(BOARD, range=span)).range == span
    weekly = replace(BOARD, range=TODAY, compare="last_week")
    assert asked(weekly).compare == "last_week"
    assert asked(replace(weekly, range=ALL)).compare is None
    assert asked(replace(BOARD, event=GALA, compare_event=RAVE)).compare_event == RAVE


def test_what_the_question_names_stands_above_the_board() -> None:
    board = replace(BOARD, range=ALL, compare="last_year")
    found = asked(board, range={"last": 30})
    assert (found.range, found.compare) == (Last(last=30), "last_year")
    found = asked(board, range={"named": "today"}, compare="last_week")
    assert (found.range, found.compare) == (TODAY, "last_week")
    assert asked(board, range={"last": 30}, compare=None).compare is None
    one = asked(board, events=[str(GALA)], compareEvent=str(BALL))
    assert (one.events, one.compare, one.compare_event) == ((GALA,), None, BALL)
    two = asked(replace(BOARD, event=GALA, compare_event=RAVE), events=[str(GALA), str(BALL)])
    assert two.compare_event is None


def test_the_head_says_what_was_asked_and_a_table_shows_what_it_is_compared_with() -> None:
    assert drawn(replace(BOARD, range=TODAY)).sub == "Tickets · today"
    shown = drawn(replace(BOARD, range=TODAY, compare="last_week"), dimensions=["channel"])
    assert shown.sub == "Tickets · today · vs same days last week"
    assert "Tickets sold before" in str(shown.body)
    assert drawn(replace(BOARD, range=ALL, compare="last_week"), range={"last": 7}, compare=None).sub == (
        "Tickets · last 7 days"
    )


def test_only_what_differs_from_the_board_is_said_of_its_own() -> None:
    assert drawn(replace(BOARD, range=ALL)).own == ()
    assert drawn(replace(BOARD, range=ALL, compare="last_week"), range={"last": 7}, compare=None).own == (
        ("Range", "Last 7 days"),
        ("Compared with", "nothing"),
    )


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ({"range": {"named": "all"}, "compare": "last_week"}, "no earlier one to compare with"),
        (
            {"compare": "last_week", "compareEvent": str(GALA)},
            "with a period or with an event, not with both",
        ),
    ],
)
def test_a_comparison_that_cannot_be_is_refused_in_the_form(question: dict[str, Any], complaint: str) -> None:
    assert complaint in drawn(BOARD, **question).error
