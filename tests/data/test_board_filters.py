"""Filters that boards and links keep: one text, or a list of several, in one way of writing each."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from data.board_filters import Filters, KeptFilters


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("web", "web"),
        (["web"], "web"),
        (["web", "app"], ("web", "app")),
        (["", "app"], ("", "app")),
        ("web\napp", ("web", "app")),
        ("\napp", ("", "app")),
    ],
)
def test_the_same_values_are_kept_in_one_way(given: Any, kept: Any) -> None:
    adapter: TypeAdapter[Filters] = TypeAdapter(KeptFilters)
    assert adapter.validate_python({"f.channel": given, "range": "7d"}) == {
        "f.channel": kept,
        "range": "7d",
    }


def test_only_what_was_kept_has_lists_as_one_text() -> None:
    adapter: TypeAdapter[Filters] = TypeAdapter(Filters)
    assert adapter.validate_python({"f.channel": "web\napp"}) == {"f.channel": "web\napp"}
    kept: TypeAdapter[Filters] = TypeAdapter(KeptFilters)
    assert kept.validate_python({"range": "7d\n30d"}) == {"range": "7d\n30d"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "has at least one"),
        (5, "must be text, or a list of texts"),
        (None, "must be text, or a list of texts"),
        (True, "must be text, or a list of texts"),
        ({"in": ["web"]}, "must be text, or a list of texts"),
        (["web", 5], "must be text, or a list of texts"),
        ([["web"]], "must be text, or a list of texts"),
    ],
)
def test_anything_else_is_refused_by_its_name(given: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        TypeAdapter(KeptFilters).validate_python({"f.channel": given})
    assert [error["loc"] for error in caught.value.errors()] == [("f.channel",)]
