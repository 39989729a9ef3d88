"""Single values of answers: text that is more than text."""

from typing import Annotated

from msgspec import Meta

Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""An instant in UTC, with a Z."""
Minor = int
"""Money in minor units of its currency, after ISO 4217."""
Cursor = str | None
"""Asks for the next page; null on the last one."""
