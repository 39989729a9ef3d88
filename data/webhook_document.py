"""Write the list of all events into docs/webhooks.md: `python -m data.webhook_document`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from data.webhook_events import CATALOGUE, explained, written

PATH = Path(__file__).parents[1] / "docs" / "webhooks.md"
HEADING = "## Every event\n\n"
_AT = datetime(2026, 11, 20, 19, 30, 0, 250_000, tzinfo=UTC)


def document() -> str:
    """The part that lists every type, each with a body as it is sent."""
    parts = []
    for name, kind in CATALOGUE.items():
        body = json.loads(written(kind(**kind.example), _AT))
        parts.append(f"### `{name}`\n\n{explained(name)}\n\n```json\n{json.dumps(body, indent=2)}\n```\n")
    return "\n".join(parts)


def with_events(text: str) -> str:
    """The document with the present list below its heading, which is the last one."""
    before, heading, _ = text.partition(HEADING)
    assert heading, "docs/webhooks.md has no place for the events"
    return before + heading + document()


if __name__ == "__main__":
    PATH.write_text(with_events(PATH.read_text()))
