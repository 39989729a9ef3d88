"""A click on a value filters everything else: its own widget goes on showing the values beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from data.board_document import Placed
from data.metric_dimensions import TIMES
from data.metric_query import All, Filter, In, MetricQuery
from widgets.draw import needs
from widgets.scope import Scope


def scope_for(placed: Placed, scope: Scope, picked: Collection[str]) -> Scope:
    """What a widget looks at when values of the dimensions `picked` have been clicked: a widget that is
    split by just one of them is not filtered by it, and shows what was clicked among the rest."""
    dropped = unfiltered(placed, scope, picked)
    return scope if scope.where is None else replace(scope, where=_without(scope.where, dropped))


def unfiltered(placed: Placed, scope: Scope, picked: Collection[str]) -> set[str]:
    """Those of the dimensions `picked` that the widget goes on showing all values of."""
    if not picked or scope.where is None:
        return set()
    own = set()
    for need in needs(placed, scope).values():
        if isinstance(need, MetricQuery):
            split = [name for name in need.dimensions if name not in TIMES]
            if len(split) == 1:
                own.add(split[0])
    return own & set(picked)


def _without(where: Filter, dimensions: Collection[str]) -> Filter | None:
    """The condition without its parts on these dimensions."""
    parts = where.all if isinstance(where, All) else (where,)
    left = tuple(part for part in parts if not (isinstance(part, In) and part.dimension in dimensions))
    if not left:
        return None
    return left[0] if len(left) == 1 else All(all=left)
