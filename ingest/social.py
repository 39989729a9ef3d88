"""Posts about an event: their reach is kept, their text and their author's name are not."""

from typing import Any

from data.messages import Fact, SocialMention
from ingest.fields import Fields, count, required_text, share, text
from ingest.kinds import Kind, Stated, spelt

_MOST_PEOPLE = 10**11
_LONGEST_POST = 10_000_000


def _measure(fields: dict[str, Any]) -> None:
    """The length stands for the text."""
    for name in ("text", "content", "body", "message"):
        written = fields.pop(name, None)
        if type(written) is str:
            fields.setdefault("text_length", len(written))


def _mention(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    return (
        SocialMention(
            stated.at,
            required_text(fields, "platform"),
            text(fields, "kind"),
            fields.get("author_hash"),
            count(fields, "text_length", most=_LONGEST_POST),
            count(fields, "reach", most=_MOST_PEOPLE) or 0,
            count(fields, "likes", most=_MOST_PEOPLE) or 0,
            count(fields, "shares", most=_MOST_PEOPLE) or 0,
            share(fields, "sentiment"),
            stated.metadata,
        ),
    )


SOCIAL = Kind(
    "social",
    spelt(
        "platform kind author_hash text content body message text_length likes sentiment posted_at",
        author="author_id handle user_id",
        reach="followers impressions",
        shares="retweets reposts",
    ),
    _mention,
    times=("posted_at", "occurred_at"),
    people={"author": "author_hash"},
    prepare=_measure,
)
