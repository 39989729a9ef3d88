"""By what figures can be split and filtered, and which families of facts know it."""

from dataclasses import dataclass
from typing import Literal

from data import price_bands

Kind = Literal["time", "text", "number"]
Shape = Literal["instant", "date", "text", "id", "number"]
"""Of a value: an instant in UTC, a date of a business day, text, a uuid as text, a number."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension; `families` are the families of measures that it can split (`data.metric_measures`).

    `seconds` is how long a bucket of a time is, at its shortest; 0 for everything that is no time. The values
    of one `in_currency` are amounts, told for each currency on its own, as money is.
    """

    name: str
    label: str
    shape: Shape
    description: str
    families: frozenset[str]
    seconds: int = 0
    in_currency: bool = False
    within: tuple[int, int] | None = None
    """The least and the greatest of its numbers."""
    choices: tuple[str, ...] = ()
    """All values that there can be; none where senders name them."""

    @property
    def kind(self) -> Kind:
        """How an answer's column of it is to be read."""
        if self.shape in ("instant", "date"):
            return "time"
        return "number" if self.shape == "number" else "text"


FACTS = frozenset({"sales", "scans", "arrivals", "gates", "web", "carts", "social", "transfers", "attempts"})
"""Families whose measures happen at a moment and belong to an event."""
NIGHTS = frozenset({"nights", "takings"})
"""Families whose measures belong to a whole event, dated by its doors."""

_EVENTS = FACTS | NIGHTS | {"presence"}
_DAYS = _EVENTS | {"people"}
_SHORT = FACTS | {"presence"}
_LONG = _DAYS - {"presence"}
"""People inside are counted from the cut-off of the business day on: nothing longer has such a number."""
_DAY = 86_400


def _time(name: str, label: str, seconds: int, description: str, families: frozenset[str]) -> Dimension:
    shape: Shape = "date" if seconds >= _DAY else "instant"
    return Dimension(name, label, shape, description, families, seconds)


def _of(name: str, label: str, description: str, *families: str, shape: Shape = "text") -> Dimension:
    return Dimension(name, label, shape, description, frozenset(families))


_ALL = [
    _time("minute", "Minute", 60, "The minute, by the instant at which it starts.", _SHORT),
    _time("5min", "Five minutes", 300, "Five minutes, by the instant at which they start.", _SHORT),
    _time("15min", "Quarter of an hour", 900, "A quarter of the venue's hour, by its start.", _SHORT),
    _time("30min", "Half an hour", 1800, "Half an hour of the venue's clock, by its start.", _SHORT),
    _time(
        "hour",
        "Hour",
        3600,
        "The hour of the venue's clock, by the instant at which it starts; an hour that the clocks"
        " repeat is two.",
        _SHORT,
    ),
    _time("day", "Day", _DAY, "The business day of the venue, from its cut-off to the next.", _DAYS),
    _time("week", "Week", 7 * _DAY, "Seven business days from Monday, by the Monday.", _LONG),
    _time("month", "Month", 28 * _DAY, "The business days of a month, by its first.", _LONG),
    _time("quarter", "Quarter", 90 * _DAY, "Three months from January, April, July or October.", _LONG),
    _time("year", "Year", 365 * _DAY, "The business days of a year, by its first.", _LONG),
    Dimension(
        "weekday",
        "Weekday",
        "number",
        "1 is Monday; that of the business day.",
        FACTS | NIGHTS,
        within=(1, 7),
    ),
    Dimension(
        "hour_of_day", "Hour of the day", "number", "0 to 23 by the venue's clock.", FACTS, within=(0, 23)
    ),
    Dimension(
        "days_to_doors",
        "Days to doors",
        "number",
        "Business days from the moment to the event's doors: 0 on their day, negative after it.",
        FACTS,
    ),
    Dimension("venue", "Venue", "id", "The venue, by its id.", _DAYS),
    Dimension("event", "Event", "id", "The event, by its id.", _EVENTS),
    Dimension("series", "Series", "id", "The series that the event belongs to, by its id.", _EVENTS),
    Dimension("genre", "Genre", "text", "The genre of the event's series.", _EVENTS),
    Dimension(
        "status",
        "Status",
        "text",
        "The event's status: scheduled, on_sale, sold_out …",
        _EVENTS,
        choices=("scheduled", "on_sale", "sold_out", "cancelled", "postponed", "over"),
    ),
    _of("currency", "Currency", "ISO 4217 code of the money.", "sales", "carts", "takings"),
    _of("ticket_type", "Ticket type", "The type of ticket or price level.", "sales"),
    Dimension(
        "price",
        "Price",
        "text",
        "The band that the price of one ticket falls into, in major units of its own currency: each currency"
        " has rows of its own. A filter takes the tickets whose price lies in the band in the currency they"
        " were paid in, whichever that is; filter by `currency` too for those of one.",
        frozenset({"sales"}),
        in_currency=True,
        choices=price_bands.EVERY,
    ),
    _of("channel", "Channel", "Where it was sold: web, box office, partner …", "sales"),
    _of("campaign", "Campaign", "The marketing campaign it came from.", "sales", "web"),
    _of("country", "Country", "The buyer's country, ISO 3166 code.", "sales"),
    _of("region", "Region", "The buyer's region.", "sales"),
    _of("city", "City", "The buyer's city.", "sales"),
    _of("customer", "Customer", "The buyer, by a keyed hash that says nothing outside.", "sales", shape="id"),
    _of("gate", "Gate", "The gate or door.", "scans", "gates", "attempts"),
    _of("zone", "Zone", "The zone that the gate leads to.", "scans", "gates", "attempts"),
    _of("reason", "Reason", "Why a scan, transfer or attempt was refused.", "scans", "transfers", "attempts"),
    _of("attempt_type", "Attempt", "What was attempted: scan, transfer, validation.", "attempts"),
    _of("page", "Page", "The path of the page seen.", "web"),
    _of("source", "Source", "Where the visitor came from (utm_source or referring host).", "web"),
    _of("medium", "Medium", "By which kind of link the visitor came (utm_medium).", "web"),
    _of("referrer", "Referrer", "The page that led there.", "web"),
    _of("platform", "Platform", "The social network.", "social"),
    _of("post", "Post", "The kind of post: post, comment, story …", "social"),
]

DIMENSIONS: dict[str, Dimension] = {dimension.name: dimension for dimension in _ALL}
IN_CURRENCY = frozenset(dimension.name for dimension in _ALL if dimension.in_currency)
"""Dimensions whose values are amounts of a currency."""
TIMES = tuple(dimension.name for dimension in _ALL if dimension.seconds)
"""The grains of time, the finest first."""
