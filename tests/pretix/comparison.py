"""Lays Housecount's figures beside the truth computed inside pretix."""

from typing import Any

Json = dict[str, Any]

NOT_COMPARED = {
    "event": "a name",
    "currency": "a name",
    "timezone": "a name",
    "has_subevents": "a name",
    "ledger_transactions": "pretix's own bookkeeping of orders, pending ones included; its resource "
    "/transactions/ misses a fee that was made through the API, so it is not read",
    "quotas": "availability is pretix's live calculation with carts and vouchers; sizes are checked apart",
    "log_entries": "pretix's log is not in its API",
    "webhook_relevant": "compared as `webhooks`",
}
"""Parts of the truth and why Housecount has no figure of its own for them."""

NOT_IN_THE_API = {
    "forced": "check-ins do not tell whether they were forced",
    "offline_uploads": "check-ins do not tell how they were sent, only when they happened and arrived",
    "failed_invalid_though_barcode_is_a_known_ticket": "failed check-ins come without the code they read",
    "gate_names": "gates need a right the token does not have; their names are given with the source",
}
"""Figures of check-ins that pretix knows and its API does not tell."""


def differences(truth: Json, figures: Json) -> list[str]:
    """A line for every figure of one event that differs; empty when all are the same."""
    unknown = set(truth) - set(figures) - set(NOT_COMPARED)
    found = [f"{name} is not compared" for name in sorted(unknown)]
    for name, figure in figures.items():
        expected = truth.get("webhook_relevant" if name == "webhooks" else name)
        match name:
            case "tickets_by_item":
                expected = {(row["item"], row["variation"]): _present(row) for row in truth[name]}
                figure = {key: _present(row) for key, row in figure.items()}
            case "tickets_by_subevent":
                expected = {(row["subevent"],): _present(row) for row in truth.get(name, [])}
                # The truth tells no expired tickets by date.
                figure = {k: _present(r, expired=False) for k, r in figure.items()} if expected else {}
            case "checkins":
                found += _checkins(truth[name], figure)
                continue
        if figure != expected:
            found.append(f"{name}: pretix {_parts(expected, figure)}, Housecount {_parts(figure, expected)}")
    return found


def _checkins(truth: Json, figures: Json) -> list[str]:
    pairs = [("totals", truth["totals"], figures["totals"])]
    pairs.append(("hours", truth["entries_by_local_hour"], figures["entries_by_local_hour"]))
    pairs += [(f"list {row['list']}", row, figures["lists"][row["list"]]) for row in truth["lists"]]
    found = []
    for what, expected, figure in pairs:
        kept = {name: value for name, value in expected.items() if name not in NOT_IN_THE_API}
        if kept != figure:
            found.append(f"{what}: pretix {_parts(kept, figure)}, Housecount {_parts(figure, kept)}")
    return found


def _present(row: Json, expired: bool = True) -> Json:
    """The states that have any tickets."""
    states = {"paid", "pending", "canceled", "unapproved"} | ({"expired"} if expired else set())
    return {state: row[state] for state in states if row.get(state, {}).get("count")}


def _parts(one: Any, other: Any) -> Any:
    """What of `one` is not the same in `other`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: value for key, value in one.items() if other.get(key) != value}
    return one
