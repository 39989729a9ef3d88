"""From the widgets of a board to their frames: all they need is answered in one go, then each is drawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash.development.base_component import Component

from callbacks.kept_drawings import DRAWINGS
from components.board_grid import drawn
from components.widget_frame import frame
from data.access import Access
from data.answers import Answer
from data.board_document import Placed
from data.drilldown_question import behind
from data.engine import TenantConnection
from data.metric_query import MetricQuery
from data.needs import LiveNight, Need, answer
from widgets.cross_filter import scope_for
from widgets.draw import draw, needs, through_link
from widgets.registry import WIDGETS
from widgets.scope import Scope

State = Mapping[str, Any]


HELD = "held"
"""The element of a page that says until when drawings hold that were asked for and found unchanged."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A widget to draw: `mark` is that of the drawing there is (then only another one is wanted), `ask`
    the number of the question."""

    placed: Placed
    mark: str = ""
    ask: int = 0


def draw_all(
    tenant: TenantConnection,
    access: Access,
    asked: Sequence[Asked],
    scope: Scope,
    *,
    editable: bool,
    picked: Collection[str] = (),
    as_text: bool = False,
) -> tuple[list[Component | None], State | None]:
    """For each widget its slot's content, or None where it is as it was; and the live state of the event
    the board looks at, if a widget moves with it. `picked` are the dimensions that were filtered by a click.
    `as_text` is for pages of the app: figures that were drawn before are not drawn again.

    A widget that cannot be drawn says so in its own frame. Raises DatabaseUnavailable.
    """
    scopes = [scope_for(each.placed, scope, picked) for each in asked]
    wanted = [needs(each.placed, own) for each, own in zip(asked, scopes, strict=True)]
    night = LiveNight(scope.event, scope.venue)
    moving = any(_moves(each.placed) for each in asked)
    flat: list[Need] = [need for named in wanted for need in named.values()]
    answers = iter(answer(tenant, access, [*flat, night] if moving else flat, scope.now))
    contents: list[Component | None] = []
    for each, named, seen in zip(asked, wanted, scopes, strict=True):
        own = {name: next(answers) for name in named}
        if access.linked:
            own = through_link(each.placed, seen, own)
        mark = mark_of(each.placed, own, line=not access.linked)
        if each.mark == mark:
            contents.append(None)
            continue
        if as_text:
            drawing, figures = DRAWINGS.drawn(each.placed, seen, own, mark)
            picture = frame(each.placed, drawing, editable=editable, figures=figures)
        else:
            picture = frame(each.placed, draw(each.placed, seen, own), editable=editable)
        drill = "" if access.linked else _drill(named)
        contents.append(drawn(picture, each.placed.id, mark, each.ask, editable=editable, drill=drill))
    state = next(answers) if moving else None
    return contents, state if isinstance(state, dict) else None


def unchanged(
    asked: Sequence[Asked], contents: Sequence[Component | None], now: datetime, ask: int = 0
) -> str:
    """Which widgets are as they were, at which moment that was found, and by which question of the page, as
    JSON for the element `HELD`."""
    same = [each.placed.id for each, content in zip(asked, contents, strict=True) if content is None]
    return json.dumps({"at": now.isoformat(), "of": same, "ask": ask})


def _drill(named: Mapping[str, Need]) -> str:
    """The question for the rows behind a widget, as JSON; empty when there are none to show."""
    for need in named.values():
        found = behind(need) if isinstance(need, MetricQuery) else None
        if found is not None:
            return found.model_dump_json(by_alias=True, exclude_defaults=True, exclude={"after", "limit"})
    return ""


def mark_of(placed: Placed, answers: Mapping[str, object], *, line: bool = True) -> str:
    """What a drawing was made from, as a short text: the same again need not be drawn again.

    On pages with a line live states of widgets that follow them by themselves do not count, nor does when it
    was asked."""
    told = [placed.widget, placed.title, repr(sorted(placed.settings.items()))]
    for name, found in answers.items():
        if isinstance(found, Answer):
            told.append(f"{name} {found.columns} {found.rows} {found.total_rows} {found.zone} {found.masked}")
        elif not (line and isinstance(found, dict) and _moves(placed)):
            told.append(f"{name} {found!r}")
    return hashlib.blake2b("\n".join(told).encode(), digest_size=9).hexdigest()


def _moves(placed: Placed) -> bool:
    widget = WIDGETS.get(placed.widget)
    return widget is not None and bool(widget.live)
