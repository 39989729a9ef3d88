"""Whatever is wrong with one widget stays in its frame, and is named."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from components.markup import markup
from data.access import Access
from data.board_document import Placed
from data.metric_query import In, MetricQuery
from data.query_check import checked
from data.query_error import QueryError
from widgets.draw import NOTES, draw, needs
from widgets.registry import WIDGETS
from widgets.sample import sample_answer, sample_scope

WHOLE = "counted for a venue as a whole, not for one event."
LEAD = "This cannot be answered: "
SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))


def test_an_unknown_widget_names_the_nearest_there_is() -> None:
    drawn = draw(Placed(id="one", widget="house-cuont"), SCOPE, {})
    assert (drawn.state, drawn.title) == ("unknown", "house-cuont")
    assert drawn.error == "Unknown widget: There is no widget “house-cuont”, but there is “house-count”."


def test_settings_are_complained_about_by_the_titles_of_the_form() -> None:
    placed = Placed(id="one", widget="kpi", settings={"metric": "ticket_sold", "span": "7d"})
    drawn = draw(placed, SCOPE, {})
    assert drawn.state == "invalid"
    assert drawn.error == (
        "Check the settings: Metric: “ticket_sold” is no metric; did you mean “tickets_sold”?."
    ).replace("?.", "?")
    assert needs(placed, SCOPE) == {}


def test_an_answer_that_is_missing_or_forbidden_is_told_apart() -> None:
    placed = Placed(id="one", widget="event-table", title="My events")
    assert draw(placed, SCOPE, {}).error == "No answer: Nothing came for “events”."
    denied = draw(placed, SCOPE, {"events": PermissionError("events are not part of your role")})
    assert (denied.state, denied.title) == ("denied", "My events")
    assert denied.error == "Not part of your role: Events are not part of your role."


def test_a_hidden_figure_keeps_the_name_of_what_is_hidden() -> None:
    placed = Placed(id="one", widget="live-figure", settings={"number": "revenue"})
    masked = replace(SCOPE, masked=True)
    drawn = draw(
        placed, masked, {name: sample_answer(n, masked) for name, n in needs(placed, masked).items()}
    )
    assert (drawn.state, drawn.title) == ("masked", "Revenue tonight")


def test_a_widget_that_breaks_says_only_what_kind_of_failure_it_was() -> None:
    drawn = draw(Placed(id="one", widget="event-table"), SCOPE, {"events": [{"name": "secret"}]})
    assert (drawn.state, drawn.error) == ("failed", "This widget failed: KeyError.")
    assert "secret" not in markup(drawn.body)


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_what_shows_figures_says_until_when_they_hold_also_when_there_are_none(name: str) -> None:
    placed = Placed(id="one", widget=name, settings=WIDGETS[name].example)
    asked = needs(placed, SCOPE)
    drawn = draw(placed, SCOPE, {each: sample_answer(need, SCOPE) for each, need in asked.items()})
    assert (drawn.as_of is not None) == bool(asked)
    nothing = draw(placed, SCOPE, {each: [] for each in asked})
    if nothing.state == "empty":
        assert nothing.as_of == SCOPE.now


def test_an_event_of_the_table_leads_to_its_night() -> None:
    placed = Placed(id="one", widget="event-table", settings={"limit": 1})
    listed = sample_answer(needs(placed, SCOPE)["events"], SCOPE)
    assert isinstance(listed, list)
    event = listed[0] | {"eventId": "0192", "name": "A & B"}
    body = markup(draw(placed, replace(SCOPE, demo=False), {"events": [event]}).body)
    assert '<a href="/?event=0192" title="A &amp; B">A &amp; B</a>' in body


def test_a_question_without_an_answer_says_why_in_words_of_the_page() -> None:
    placed = Placed(id="one", widget="new-customers")
    of_one_event = replace(SCOPE, event=UUID(int=7))
    for scope, said in (
        (
            of_one_event,
            f"{LEAD}New customers: {WHOLE} Choose all events to see it.",
        ),
        (
            replace(SCOPE, where=In(dimension="gate", values=("A",))),
            f"{LEAD}New customers is not known by gate. It is there without that filter.",
        ),
    ):
        answers: dict[str, object] = {}
        for name, need in needs(placed, scope).items():
            if name == NOTES:
                continue
            assert isinstance(need, MetricQuery)
            with pytest.raises(QueryError) as caught:
                checked(need, Access(UUID(int=1), "owner"))
            answers[name] = caught.value
            # A program is told names, as it asks by names.
            assert str(caught.value).startswith("new_customers ")
        assert draw(placed, scope, answers).error == said
