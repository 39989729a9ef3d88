"""Write the list of all fields into docs/privacy.md: `python -m data.field_document`."""

from pathlib import Path

from data.field_register import document

PATH = Path(__file__).parents[1] / "docs" / "privacy.md"
HEADING = "## Every field\n\n"


def with_fields(text: str) -> str:
    """The document with the present list below its heading, which is the last one."""
    before, heading, _ = text.partition(HEADING)
    assert heading, "docs/privacy.md has no place for the fields"
    return before + heading + document()


if __name__ == "__main__":
    PATH.write_text(with_fields(PATH.read_text()))
