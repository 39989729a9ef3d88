"""A kept drawing is the one that would be made now, and nothing that could differ is taken for the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callbacks.board_drawing import mark_of
from callbacks.kept_drawings import KeptDrawings
from components.markup import markup
from components.widget_frame import frame
from data.answers import Answer
from data.board_document import Placed
from tests.widgets.test_every_widget import SCOPE, every_widget, placed, settings
from widgets import draw as drawing
from widgets.draw import draw
from widgets.registry import WIDGETS
from widgets.sample import sample_answers
from widgets.scope import Scope
from widgets.widget import Widget

KPI = WIDGETS["kpi"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of what was drawn in the test, one for each time."""
    ids: list[str] = []

    def counted(one: Placed, *rest: Any) -> drawing.Drawn:
        ids.append(one.id)
        return draw(one, *rest)

    monkeypatch.setattr("callbacks.kept_drawings.draw", counted)
    return ids


def answers(widget: Widget[Any], scope: Scope = SCOPE) -> dict[str, object]:
    return sample_answers(widget, settings(widget), scope)


def shown(kept: KeptDrawings, one: Placed, scope: Scope, given: dict[str, object]) -> str:
    drawn, figures = kept.drawn(one, scope, given, mark_of(one, given))
    return markup(frame(one, drawn, editable=True, figures=figures), charts=True, ids=True)


@every_widget
def test_what_was_kept_is_what_would_be_drawn_now(widget: Widget[Any]) -> None:
    kept, one, given = KeptDrawings(), placed(widget), answers(widget)
    later = replace(SCOPE, now=SCOPE.now + timedelta(minutes=40))
    fresh = {
        name: replace(found, as_of=later.now) if isinstance(found, Answer) else found
        for name, found in given.items()
    }
    for scope, own in ((SCOPE, given), (later, fresh), (later, given)):
        expected = markup(frame(one, draw(one, scope, own), editable=True), charts=True, ids=True)
        assert shown(kept, one, scope, own) == expected


def test_the_same_again_is_not_drawn_again_and_anything_else_is(made: list[str]) -> None:
    kept, one, given = KeptDrawings(), placed(KPI), answers(KPI)
    shown(kept, one, SCOPE, given)
    shown(kept, one, replace(SCOPE, now=SCOPE.now + timedelta(minutes=1)), given)
    assert len(made) == 1
    (name, answer) = next((n, a) for n, a in given.items() if isinstance(a, Answer))
    others: list[tuple[Placed, Scope, dict[str, object]]] = [
        (one.model_copy(update={"id": "two"}), SCOPE, given),
        (one.model_copy(update={"title": "Another"}), SCOPE, given),
        (one, replace(SCOPE, zone="Asia/Kathmandu"), given),
        (one, replace(SCOPE, masked=True), given),
        (one, replace(SCOPE, now=SCOPE.now + timedelta(days=1)), given),
        (one, SCOPE, given | {name: replace(answer, rows=[])}),
        (one, SCOPE, given | {name: replace(answer, names={"event": {"1": "The Fall"}})}),
    ]
    for other in others:
        shown(kept, *other)
    assert len(made) == 1 + len(others)


def test_what_follows_the_night_or_went_wrong_is_drawn_each_time(made: list[str]) -> None:
    kept, night = KeptDrawings(), WIDGETS["house-count"]
    wrong = dict.fromkeys(answers(KPI), ValueError("no"))
    for _ in range(2):
        shown(kept, placed(night), SCOPE, answers(night))
        shown(kept, placed(KPI), SCOPE, dict(wrong))
    assert len(made) == 4


def test_the_oldest_drawings_go_when_there_are_too_many(made: list[str]) -> None:
    one, given = placed(KPI), answers(KPI)
    drawn, figures = KeptDrawings().drawn(one, SCOPE, given, "mark")
    made.clear()
    kept = KeptDrawings(most=2 * sum(map(len, figures)) + 100)
    for mark in ("a", "b", "c", "c", "b", "a"):
        kept.drawn(one, SCOPE, given, mark)
    assert len(made) == 4
    assert drawn.error == ""
