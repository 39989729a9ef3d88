"""What a real pretix answered over eight simulated weeks, as states of one moment.

Captures lie in `data/`: each line is one REST answer with the simulated time at which it was given.
"""

import gzip
import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
ORGANIZER = "auroragroup"
BEGIN = datetime(2026, 10, 5, 9, 20, tzinfo=UTC)
MIDDAY = datetime(2026, 11, 21, 11, 15, 10, tzinfo=UTC)
EVENING = datetime(2026, 11, 21, 19, 55, 12, tzinfo=UTC)
FINAL = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
Json = dict[str, Any]


def lines(name: str) -> Iterator[Json]:
    """The captured answers of one resource, oldest first."""
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def truth(name: str) -> Json:
    """The totals computed inside pretix: `truth`, `truth_evening` or `truth_midday`."""
    return dict(json.loads((DATA / f"{name}.json").read_text()))


def instant(text: str) -> datetime:
    """An ISO 8601 time with offset."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass
class _History:
    """Versions of one object in the order of the times at which they were seen."""

    times: list[datetime]
    values: list[Json]

    def at(self, moment: datetime) -> Json | None:
        index = bisect_right(self.times, moment)
        return self.values[index - 1] if index else None


class Captures:
    """Every captured object with its history; `…_at(moment)` gives the newest not after `moment`."""

    def __init__(self) -> None:
        self.orders = self._by_object(("orders", "orders_modified"), "code")
        self.checkins = self._checkins()
        self.lists: dict[tuple[str, str], _History] = {}
        for resource in ("events", "subevents", "items", "quotas", "checkinlists"):
            self._keep_lists(resource)
        self.deleted = {
            (body["event"], body["code"]): instant(hook["received_at"])
            for hook in lines("webhooks")
            if (body := json.loads(hook["body"]))["action"].endswith("order.deleted")
        }

    def orders_at(self, event: str, moment: datetime) -> dict[str, Json]:
        """The event's orders by code, cancelled positions included, with the check-ins of that moment."""
        standing: dict[int, list[Json]] = defaultdict(list)
        for checkin in self.checkins_at(event, moment):
            if checkin["successful"]:
                standing[checkin["position"]].append(checkin)
        found = {}
        for (of_event, code), history in self.orders.items():
            if of_event != event or self.deleted.get((event, code), moment) < moment:
                continue
            order = history.at(moment)
            if order is not None:
                found[code] = order | {"positions": [_position(p, standing) for p in order["positions"]]}
        return found

    def checkins_at(self, event: str, moment: datetime) -> list[Json]:
        """All check-ins of the event, failed ones too, newest first."""
        known = [h.at(moment) for (of_event, _), h in self.checkins.items() if of_event == event]
        return sorted((c for c in known if c), key=lambda c: (instant(c["datetime"]), c["id"]), reverse=True)

    def list_at(self, resource: str, event: str, moment: datetime) -> list[Json] | None:
        """The newest captured list of a resource; None before the first."""
        history = self.lists.get((resource, event))
        held = history.at(moment) if history else None
        return None if held is None else list(held["results"])

    def _by_object(self, names: tuple[str, ...], key: str) -> dict[tuple[str, Any], _History]:
        seen: dict[tuple[str, Any], list[tuple[datetime, Json]]] = defaultdict(list)
        for name in names:
            for line in lines(name):
                for body in line["body"].get("results", [line["body"]]) if line["status"] == 200 else ():
                    seen[_event(line["url"]), body[key]].append((instant(line["fetched_at"]), body))
        return {found: _history(versions) for found, versions in seen.items()}

    def _checkins(self) -> dict[tuple[str, Any], _History]:
        """Check-ins as the list had them, and successful ones from the positions in between."""
        seen: dict[tuple[str, Any], list[tuple[datetime, Json]]] = defaultdict(list)
        for line in lines("checkins"):
            for body in line["body"]["results"]:
                seen[_event(line["url"]), body["id"]].append((instant(line["fetched_at"]), body))
        for line in [*lines("positions"), *lines("orders")]:
            if line["status"] != 200:
                continue
            for body in line["body"].get("results", [line["body"]]):
                for position in body.get("positions", [body]):
                    for checkin in position["checkins"]:
                        full = checkin | {
                            "position": position["id"],
                            "successful": True,
                            "error_reason": None,
                            "error_explanation": None,
                            "created": checkin["datetime"],
                        }
                        seen[_event(line["url"]), checkin["id"]].append((instant(line["fetched_at"]), full))
        return {found: _history(versions) for found, versions in seen.items()}

    def _keep_lists(self, resource: str) -> None:
        pages: dict[tuple[str, str], list[tuple[datetime, Json]]] = defaultdict(list)
        for line in lines(resource):
            if line["status"] == 200 and "results" in line["body"]:
                pages[resource, _event(line["url"])].append((instant(line["fetched_at"]), line["body"]))
        self.lists |= {found: _history(versions) for found, versions in pages.items()}


@cache
def captures() -> Captures:
    """Read once per process."""
    return Captures()


def _event(url: str) -> str:
    match = re.search(r"/events/([^/?]+)/", url)
    return match[1] if match else ""


def _history(versions: list[tuple[datetime, Json]]) -> _History:
    versions.sort(key=lambda version: version[0])
    return _History([at for at, _ in versions], [value for _, value in versions])


def _position(position: Json, standing: dict[int, list[Json]]) -> Json:
    names = ("id", "datetime", "list", "auto_checked_in", "gate", "device", "device_id", "type")
    checkins = [{name: c[name] for name in names} for c in standing.get(position["id"], ())]
    return position | {"checkins": checkins}
