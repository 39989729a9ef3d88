"""What just happened at an event, in few lines: the feed of its live state.

In the rush at the doors a line for each scan would leave no room for anything else. Scans of one gate
become one line, as do the lines of one order, and of the lines that are seen at least half are kept for
what is no scan.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta

from data.instants import iso
from data.live_rows import FEED_LENGTH, LiveRows, Row

FOLDED_SCANS = timedelta(minutes=5)
FOLDED_ORDER = timedelta(minutes=1)
FRESH = timedelta(minutes=10)
SCANS_AHEAD = 4
"""Lines of scans that may stand above others, which half of the lines on a desk's board are."""

_NAMES = {"ticket_type": "ticketType", "amount_minor": "amountMinor"}
_FIELDS = ("gate", "ticketType", "quantity", "amountMinor", "currency", "channel", "reason")


def feed(rows: LiveRows) -> list[Row]:
    """The newest of everything that happened, at most twenty lines.

    A line of several scans says in `quantity` how many; one of an order has the sum of its tickets and
    amounts and, where fees were among them, these in `feesMinor`.
    """
    scans = [_scans(group) for group in _folded(rows.scans, _gate, FOLDED_SCANS)]
    orders = [_order(group) for group in _folded(rows.sales, _purchase, FOLDED_ORDER)]
    marks = [milestone_item(row["measure"], row["percent"], row["reached_at"]) for row in rows.milestones]
    return newest_first(orders + scans + marks, rows.now)


def newest_first(items: list[Row], now: datetime) -> list[Row]:
    """The newest items of a feed. Of one instant a mark stands above what led to it, and a higher
    mark above a lower one; the others keep their order.

    When something else than people coming and going happened in the last ten minutes, lines of the
    latter are left out so that they are never more than `SCANS_AHEAD` or as many as the others.
    """
    lines = sorted(
        items,
        key=lambda item: (item["at"], item.get("percent", 0), item.get("measure", "")),
        reverse=True,
    )
    fresh = iso(now - FRESH) or ""
    others = [item["at"] for item in lines if item["kind"] not in ("entry", "exit")]
    if not others or others[0] <= fresh:
        return lines[:FEED_LENGTH]
    kept: list[Row] = []
    scans = 0
    for item in lines:
        shown = len(kept) - scans
        if item["kind"] in ("entry", "exit"):
            if shown < len(others) and scans >= max(SCANS_AHEAD, shown):
                continue
            scans += 1
        kept.append(item)
    return kept[:FEED_LENGTH]


def milestone_item(measure: str, percent: int, at: datetime) -> Row:
    """The feed's line about a mark that was passed: an `alert` for people inside, else a `milestone`."""
    kind = "alert" if measure.startswith("capacity_") else "milestone"
    return _item(kind, at, {"measure": measure, "percent": percent}, ("measure", "percent"))


def _folded(rows: Iterable[Row], kind: Callable[[Row], Hashable], longest: timedelta) -> Iterable[list[Row]]:
    """Rows of one kind that are not further apart than `longest`, newest first as they come."""
    groups: list[list[Row]] = []
    open_groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        own = open_groups.get(kind(row))
        if own is None or own[0]["occurred_at"] - row["occurred_at"] > longest:
            own = open_groups[kind(row)] = []
            groups.append(own)
        own.append(row)
    return groups


def _gate(scan: Row) -> Hashable:
    return scan["direction"], scan["effect"] > 0, scan["gate"], scan["reason"]


def _scans(group: list[Row]) -> Row:
    newest = group[0]
    kind = newest["direction"] if newest["effect"] else "refused"
    item = _item(kind, newest["occurred_at"], newest, ("gate", "reason"))
    return item | {"quantity": len(group) if len(group) > 1 else None}


_TAKEN_BACK = ("refund", "cancellation")
_TELLING = ("sale", "comp", "refund", "cancellation", "fee")
"""What an order's line is called after: the first of these that is in it."""


def _purchase(line: Row) -> Hashable:
    """Lines of one order; of a message when its sender names none."""
    back = line["kind"] in _TAKEN_BACK or line["amount_minor"] < 0
    return line["order_id"] or line["message_key"], line["kind"] == "comp", back, line["currency"]


def _order(group: list[Row]) -> Row:
    kind = min((line["kind"] for line in group), key=_TELLING.index)
    fees = sum(line["amount_minor"] for line in group if line["kind"] == "fee")
    types = list(dict.fromkeys(line["ticket_type"] for line in group if line["ticket_type"]))
    order = {
        "ticket_type": ", ".join(types) if len(types) < 3 and types else None,
        "quantity": sum(line["quantity"] for line in group),
        "amount_minor": sum(line["amount_minor"] for line in group),
        "currency": group[0]["currency"],
        "channel": next((line["channel"] for line in group if line["channel"]), None),
    }
    item = _item(kind, group[0]["occurred_at"], order, order)
    return item | {"feesMinor": fees} if fees and kind != "fee" else item


def _item(kind: str, at: datetime, row: Row, names: Iterable[str]) -> Row:
    own = {_NAMES.get(name, name): row[name] for name in names}
    return {"at": iso(at), "kind": kind} | dict.fromkeys(_FIELDS) | own
