"""Money that is not for the reader: taken out before anything is drawn, so that no widget can forget it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from data import live_masking
from data.answers import Answer
from data.metric_dimensions import IN_CURRENCY
from widgets.scope import Scope


class Hidden(PermissionError):
    """What a widget shows is money, and that is not for this reader."""


class NotInLink(PermissionError):
    """What a link does not show, whoever holds it."""


def require(answer: Answer, *names: str) -> None:
    """Nothing when the answer has these columns. Raises Hidden when one was taken out of it."""
    kept = {column.name for column in answer.columns}
    if any(name in answer.masked and name not in kept for name in names):
        raise Hidden


def masked_all(answers: Sequence[object], scope: Scope) -> bool:
    """Whether all that was asked for is money that is not for this reader."""
    found = [answer for answer in answers if isinstance(answer, Answer)]
    if not found or len(found) < len([a for a in answers if isinstance(a, Answer | dict)]):
        return False
    metrics = [(answer, each) for answer in found for each in answer.columns if each.kind == "metric"]
    return bool(metrics) and all(_hidden(answer, each.name, each.unit, scope) for answer, each in metrics)


def without_money(answer: object, scope: Scope) -> object:
    """The answer without the columns, sections and amounts that are hidden from this reader."""
    if isinstance(answer, Answer):
        return _columns(answer, scope)
    if not scope.masked:
        return answer
    if isinstance(answer, dict) and "revenue" in answer:
        return live_masking.without_money(answer)
    if isinstance(answer, list):
        return [_event(each) if isinstance(each, dict) else each for each in answer]
    return answer


def _hidden(answer: Answer, name: str, unit: str | None, scope: Scope) -> bool:
    if name.removesuffix(".compared") in answer.masked:
        return True
    # What is split by prices tells them, whatever it counts.
    return scope.masked and (unit == "money" or any(each.name in IN_CURRENCY for each in answer.columns))


def _columns(answer: Answer, scope: Scope) -> Answer:
    kept = [i for i, each in enumerate(answer.columns) if not _hidden(answer, each.name, each.unit, scope)]
    if len(kept) == len(answer.columns):
        return answer
    place = next((i for i, each in enumerate(answer.columns) if each.name == "currency"), None)
    if place is not None and len({row[place] for row in answer.rows}) <= 1:
        kept.remove(place)  # Of no amount any more; several stay, as they tell rows apart.
    columns = tuple(answer.columns[index] for index in kept)
    rows = [tuple(row[index] for index in kept) for row in answer.rows]
    hidden = frozenset(each.name for each in answer.columns) - frozenset(each.name for each in columns)
    return replace(answer, columns=columns, rows=rows, masked=answer.masked | hidden)


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [] if name == "revenue" else value for name, value in row.items()}
