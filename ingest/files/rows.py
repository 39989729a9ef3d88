"""A row of a file becomes what a sender would have sent: the fields of a message, and an id that stays.

The id is the row's own, else it follows from all that the row says: the same row is the same message in every
file of its source, so that a file that comes again changes nothing. Rows of a file that say quite the same
are told apart by how many there were before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from ingest.fields import LONGEST_NAME
from ingest.files import values
from ingest.files.cells import Cell, is_empty, plain
from ingest.files.columns import NEEDED, ImportKind, Target, lacking, targets
from ingest.files.layout import Layout
from ingest.refusal import Refused

OWN_ID = "id"
MOMENTS: Mapping[ImportKind, tuple[str, ...]] = {
    "sales": ("purchased_at",),
    "scans": ("scanned_at",),
    "events": ("doors_at", "starts_at", "ends_at", "on_sale_at"),
    "competitors": ("starts_at", "ends_at"),
}
_OF_A_DAY = frozenset({"purchased_at", "doors_at", "starts_at", "ends_at", "scanned_at"})
"""What may be a time of day alone, on the day that the row names elsewhere."""
_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="string")
Seen = Callable[[UUID], int]
"""How many rows of the file, this one included, have had this fingerprint."""
Digest = Callable[[bytes], UUID]


class RowReader:
    """Reads the rows of one file, in order."""

    def __init__(
        self, kind: ImportKind, layout: Layout, headings: Sequence[str], digest: Digest, seen: Seen
    ) -> None:
        """`digest` is the tenant's keyed one. Raises Refused for a layout that does not fit the headings."""
        self._kind, self._layout = kind, layout
        self._digest, self._seen = digest, seen
        known = targets(kind)
        self._places: list[tuple[int, Target, str]] = []
        self.heading_of: dict[str, str] = {}
        for heading, name in layout.columns.items():
            if heading not in headings:
                raise Refused("missing-field", "The file has no such column.", heading)
            self._places.append((headings.index(heading), known[name], heading))
            self.heading_of[name] = heading
        self.personal = frozenset(target.name for _, target, _ in self._places if target.personal)

    def read(self, cells: Sequence[Cell]) -> dict[str, Any]:
        """The fields of the row by name, `id` among them, as a decoder of JSON gives them. Raises Refused,
        which names a field by its name."""
        fields: dict[str, Any] = {}
        for place, target, _ in self._places:
            cell = cells[place] if place < len(cells) else None
            value = None if is_empty(cell) else self._value(cell, target)
            if value is not None:
                fields[target.name] = value
        for name, value in self._layout.constants.items():
            fields.setdefault(name, value)
        self._place_in_time(fields)
        if any(fields.keys().isdisjoint(names) for names in NEEDED[self._kind]):
            missing = lacking(self._kind, list(fields))
            raise Refused("missing-field", f"Needed here: {', '.join(missing)}.")
        if self._kind == "events":
            fields.setdefault("event_id", fields.get("name"))
        fields[OWN_ID] = self._identity(fields)
        return fields

    def _value(self, cell: Cell, target: Target) -> Any:
        if target.content == "amount":
            return values.amount(cell, target.name, self._layout.decimal)
        if target.content == "count":
            return values.whole(cell, target.name, self._layout.decimal)
        if target.content == "flag":
            return values.flag(cell, target.name)
        if target.content == "choice":
            return values.choice(cell, target.name, target.choices or {})
        if target.content in ("moment", "date"):
            return values.moment(cell, target.name, self._layout.dates)
        return plain(cell) or None

    def _place_in_time(self, fields: dict[str, Any]) -> None:
        """Days and times of day become moments; a day without a time counts as its noon."""
        given = fields.pop("date", None)
        if isinstance(given, time):
            raise Refused("bad-timestamp", "A date is expected.", "date", given.isoformat())
        day = given.date() if isinstance(given, datetime) else given
        before: datetime | None = None
        for name in MOMENTS[self._kind]:
            found = fields.get(name)
            if found is None:
                continue
            if isinstance(found, time):
                if day is None or name not in _OF_A_DAY:
                    raise Refused(
                        "bad-timestamp", "A date is missing beside the time.", name, found.isoformat()
                    )
                found = datetime.combine(day, found)
                if before is not None and before.tzinfo is None and found < before:
                    found += timedelta(days=1)  # Ends after midnight.
            elif not isinstance(found, datetime):
                found = self._of_day(found, name)
            before = found
            fields[name] = found
        main = "starts_at" if self._kind in ("events", "competitors") else MOMENTS[self._kind][0]
        if given is not None and main not in fields:
            fields[main] = given if isinstance(given, datetime) else self._of_day(given, "date")
        for name in MOMENTS[self._kind]:
            if name in fields:
                fields[name] = fields[name].isoformat()

    def _of_day(self, day: date, name: str) -> datetime:
        if self._kind in ("scans", "events"):
            raise Refused("bad-timestamp", "A time of day is missing.", name, day.isoformat())
        return datetime.combine(day, values.NOON)

    def _identity(self, fields: dict[str, Any]) -> str:
        own = fields.pop(OWN_ID, None)
        if own is not None:
            if len(own) > LONGEST_NAME:
                raise Refused("text-too-long", f"At most {LONGEST_NAME} characters.", OWN_ID, own)
            self.repeated = self._seen(self._digest(f"own {own}".encode("utf-8", "replace"))) > 1
            return str(own)
        content = self._digest(_ENCODER.encode([self._kind, fields]))
        self.repeated = False
        times = self._seen(content)
        return f"row {content.hex}" + (f" {times}" if times > 1 else "")

    repeated = False
    """Whether the row that was read last has the id of one before it, so that it will be left out."""


def as_message(kind: ImportKind, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Type and members of the message that a row states, with amounts that are not negative: a sale below
    zero, and what is said to be one, is a refund. Raises Refused."""
    if kind == "scans":
        return "ticket-scan", fields
    if kind == "events":
        return "venue-update", fields
    stated = fields.pop("kind", None)
    amount, quantity = fields.get("amount"), fields.get("quantity")
    if stated is None:
        below = (isinstance(amount, Decimal) and amount < 0) or (isinstance(quantity, int) and quantity < 0)
        stated = "refund" if below else "sale"
    if stated == "sale":
        if quantity == 0:
            raise Refused("number-out-of-range", "A sale has at least one ticket.", "quantity", 0)
        return "ticket-purchase", fields
    fields["refunded_at"] = fields.pop("purchased_at")
    for name in ("amount", "quantity", "fee", "tax"):
        if name in fields:
            fields[name] = abs(fields[name])
    return "ticket-refund", fields
