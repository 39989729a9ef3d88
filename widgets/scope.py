"""What a whole board looks at: venue, event, range, comparison and clicked filters, as in its URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from data.metric_query import Comparison, Filter, Last, Range


@dataclass(frozen=True, slots=True)
class Scope:
    """Chosen by the person in the bar above the board; a widget's own settings win over it.

    `zone` is that of the venues, empty where they have several; `currency` is that of the venue (or the
    tenant's first); `now` is the moment of drawing.
    """

    now: datetime
    zone: str = ""
    currency: str = "GBP"
    venue: UUID | None = None
    event: UUID | None = None
    range: Range = field(default_factory=lambda: Last(last=30))
    compare: Comparison | None = None
    compare_event: UUID | None = None
    where: Filter | None = None
    masked: bool = False
    demo: bool = False
