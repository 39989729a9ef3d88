"""A page drawn for the first paint is given to the app once, and only for a while."""

import pytest

from callbacks import one_paint
from callbacks.one_paint import MOST, OnePaint


def test_a_page_is_given_once_and_to_its_own_key_alone() -> None:
    painted: OnePaint[str] = OnePaint()
    assert painted.put("ada", "page") == "page"
    assert [painted.take("bob"), painted.take("ada"), painted.take("ada")] == [None, "page", None]


def test_a_page_of_a_while_ago_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: OnePaint[str] = OnePaint()
    painted.put("ada", "page")
    monkeypatch.setattr(one_paint, "SECONDS", 0.0)
    assert painted.take("ada") is None


def test_only_the_newest_pages_are_kept() -> None:
    painted: OnePaint[int] = OnePaint()
    for number in range(MOST + 1):
        painted.put(str(number), number)
    assert [painted.take("0"), painted.take("1"), painted.take(str(MOST))] == [None, 1, MOST]
