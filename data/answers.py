"""What a question gets: columns with their units, rows, and everything a reader must know beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["money", "tickets", "people", "percent", "seconds", "rate", "count", "score"]
"""Money is in minor units of the row's `currency`; percent is 0…100; a rate is per minute."""

Kind = Literal["time", "text", "number", "metric", "compared"]
"""Dimensions are time, text or number; `compared` is a metric of the period compared with."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `metric.compared` is the name of `metric`'s comparison. `unit` is None for dimensions."""

    name: str
    label: str
    kind: Kind
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in the order asked for.

    Times of day grain and coarser are dates of business days (ISO text, the first day of a week, month …),
    finer ones instants in UTC. Where money is asked for, a text column `currency` stands before the metrics:
    currencies are never added up. None is "not known" or, in a column of `masked`, "not for you".
    `total_rows` says how many there were before `limit` cut; `sources` are the tables that answered.
    """

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    as_of: datetime
    zone: str
    """IANA zone of the times; empty when the venues have several: then moments are in UTC, and `zones` says
    by whose clock those of a row are, where its venue is known."""
    start: datetime | None = None
    end: datetime | None = None
    total_rows: int = 0
    sources: tuple[str, ...] = ()
    masked: frozenset[str] = field(default_factory=frozenset)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of dimensions whose values are ids (event, venue, series, gate, zone, ticket type): dimension → value
    → the name to show; a value without an entry is shown as it is."""
    zones: dict[str, dict[str, str]] = field(default_factory=dict)
    """The dimension that says at which venue a row is (venue or event) → value → IANA zone, of moments of
    venues in several zones."""
    suppressed: bool = False
    """Whether groups of fewer than five people are hidden in it: see `data.query_small`."""

    @property
    def truncated(self) -> bool:
        """Whether `limit` cut rows off."""
        return self.total_rows > len(self.rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column. Raises KeyError for a name that is not there."""
        for index, column in enumerate(self.columns):
            if column.name == name:
                return [row[index] for row in self.rows]
        raise KeyError(name)

    def frame(self) -> pd.DataFrame:
        """The same as a frame, for models; pandas is loaded only when somebody asks for one."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=[column.name for column in self.columns])
