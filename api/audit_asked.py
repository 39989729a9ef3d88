"""What the address of the audit page asks for: the filters of `api/audit_log.py`, and a zone for its times.

An address always looks at the same: a form sends local times with the zone they are in, links carry moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from api.audit_log import FILTERS, moment, place_of, wanted_of
from data.audit_search import Place, Wanted
from data.board_check import InvalidDocument
from data.directory import Venue
from data.time_zones import common_zone

PATH = "/audit"
UTC_NAME = "UTC"
LABELS = {
    "since": "From",
    "until": "Until",
    "who": "Who",
    "kind": "Kind",
    "action": "Action",
    "object": "What",
    "venue": "Venue",
    "event": "Event",
    "door": "Door",
    "address": "Address",
    "outcome": "Ended",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One address: `given` are its filters as they were sent, `wrong` says which of them are none."""

    zone: ZoneInfo
    zones: Sequence[str]
    given: Mapping[str, str]
    wanted: Wanted
    place: Place | None = None
    wrong: tuple[str, ...] = ()

    @property
    def filters(self) -> dict[str, str]:
        """The filters as every address of ours has them: moments with their offset."""
        moments = {"since": self.wanted.since, "until": self.wanted.until}
        return {
            name: at.isoformat() if (at := moments.get(name)) else text for name, text in self.given.items()
        }

    def address(self, path: str = PATH, but: str = "", **changes: str) -> str:
        """Where the same is looked at, without the filter `but`, with these changes."""
        kept = {name: value for name, value in self.filters.items() if name != but}
        query = urlencode(kept | {"zone": self.zone.key} | changes, safe="/:")
        return f"{path}?{query}"

    def local(self, name: str) -> str:
        """`since` or `until` as the field of a form has it."""
        try:
            at = moment(_with_zone(self.given.get(name, ""), self.zone, name))
        except ValueError:
            return ""
        here = at.astimezone(self.zone).replace(tzinfo=None)
        return here.isoformat(timespec="seconds" if here.second else "minutes")


def asked(parameters: Mapping[str, str], venues: Sequence[Venue]) -> Asked:
    """What these parameters ask; the zone is theirs, else the one of the venues looked at, else UTC."""
    sent = {name: text.strip() for name, text in parameters.items()}
    chosen = sent.get("zone", "")
    at = [venue.zone.key for venue in venues if sent.get("venue", "") in ("", str(venue.venue_id))]
    zone = ZoneInfo(common_zone(at) or UTC_NAME)
    wrong = []
    if chosen:
        try:
            zone = ZoneInfo(chosen)
        except (ValueError, LookupError, OSError):
            wrong.append("There is no such time zone.")
    given = {name: sent[name] for name in FILTERS if sent.get(name)}
    zones = sorted({venue.zone.key for venue in venues} | {UTC_NAME, zone.key})
    strange = {
        name: text for name, text in sent.items() if name not in (*FILTERS, "zone", "cursor", "format")
    }
    moments = {name: _with_zone(given[name], zone, name) for name in ("since", "until") if name in given}
    wanted, place = Wanted(), None
    try:
        wanted = wanted_of(given | moments | strange)
        place = place_of(sent.get("cursor", ""))
    except InvalidDocument as error:
        wrong += [
            f"{LABELS.get(each.path, each.path)} is not understood. {each.detail}" for each in error.faults
        ]
    return Asked(zone, zones, given, wanted, place, tuple(wrong))


def _with_zone(text: str, zone: tzinfo, name: str) -> str:
    """A local time as a moment; of an hour that the clocks repeat, all of it. Other words stay."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if found.tzinfo is not None or "T" not in text:
        return text
    return found.replace(tzinfo=zone, fold=int(name == "until")).isoformat()
