"""docs/widgets.md is what `python -m widgets` writes."""

from pathlib import Path

from widgets.__main__ import document
from widgets.registry import WIDGETS

PATH = Path(__file__).parents[2] / "docs" / "widgets.md"


def test_the_document_is_current() -> None:
    assert PATH.read_text() == document(), "write it again: python -m widgets > docs/widgets.md"


def test_it_has_every_widget_and_there_are_enough() -> None:
    text = PATH.read_text()
    assert [name for name in WIDGETS if f"`{name}`" not in text] == []
    assert len(WIDGETS) >= 30
