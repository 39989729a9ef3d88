"""Whose clock times are by: the zone that venues have in common, or each one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from data.answers import Column

if TYPE_CHECKING:
    from data.directory import Venue

TIME_ZONE = "time_zone"
"""The column with the IANA zone of a row's times, there where the rows of a table have several."""
USUAL_CURRENCY = "GBP"
"""Before there is a venue."""
OWN_ZONE = Column(TIME_ZONE, "Time zone", "text")


def zone_and_currency(venues: Iterable[Venue], chosen: UUID | None = None) -> tuple[str, str]:
    """The IANA zone (empty where there are several) and the currency by which these venues are looked at, or
    the one of them that is chosen; the currency of several is that of most of them, of the first where as
    many have another."""
    known = list(venues)
    of = [venue for venue in known if venue.venue_id == chosen] or known
    currencies = Counter(venue.currency for venue in of)  # In the order of the venues.
    most = max(currencies, key=currencies.__getitem__, default=USUAL_CURRENCY)
    return common_zone(venue.zone.key for venue in of), most


def common_zone(zones: Iterable[str]) -> str:
    """The IANA zone that is all there is; empty where there are several or none."""
    found = set(zones)
    return found.pop() if len(found) == 1 else ""
