"""A night for those who may not see money: the same live state without any amount. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data.live_state import EventState

_MONEY_MARKS = frozenset({"revenue_target"})
"""Passed marks that tell of money."""


def without_money(state: Mapping[str, Any]) -> EventState:
    """The state without amounts and marks of revenue, marked as `masked`; its revenue has no currencies."""
    return {name: section_without_money(name, value) for name, value in state.items()} | {"masked": True}


def section_without_money(name: str, value: Any) -> Any:
    """A section of the state, or any value that is called so in it, without money."""
    if name.endswith("Minor"):
        return None
    if name == "revenue":
        return {"currencies": []}
    if name in ("milestones", "feed"):
        value = [item for item in value if item.get("measure") not in _MONEY_MARKS]
    return _walk(value, section_without_money)


def _walk(value: Any, change: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: change(name, own) for name, own in value.items()}
    if isinstance(value, list):
        return [_walk(own, change) for own in value]
    return value
