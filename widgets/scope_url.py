"""What a board looks at, as the query string of its address: a link shows the same to whoever opens it.

    venue=<uuid>|all · event=<uuid>|all
    range=today|…|30d|12mo|2026-01-01..2026-02-01|2026-01-01T18:00Z..2026-01-01T19:00Z|doors-60..0
    compare=previous_period|last_week|last_year|event:<uuid>|none
    f.<dimension>=<value>, as often as wanted; f=none for no filter where the board has some of its own

Reading never fails: what is not understood is left out and named, so that the page can say so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import get_args
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from pydantic import ValidationError

from data.board_filters import FILTER
from data.metric_dimensions import DIMENSIONS
from data.metric_query import All, Between, Comparison, DaysToDoors, Filter, In, Last, Named, Range
from data.query_filters import expected

MOST_DIMENSIONS = 10
MOST_VALUES = 50
LONGEST_VALUE = 200
CARRIED = ("venue", "event", "range", "compare")
"""What goes along to another page; a clicked filter belongs to the figures it was clicked on."""
NAMES = frozenset({*CARRIED, "f"})
"""The parameters that are ours, beside those that begin with `FILTER`."""

Query = Mapping[str, str | Sequence[str]]
"""Parameters as Dash and Flask hand them over, and as boards and links keep them: a text, or several of the
same name."""

_NAMES: tuple[str, ...] = get_args(Named.model_fields["named"].annotation)
_UNITS = {"min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_SUFFIXES = {unit: suffix for suffix, unit in _UNITS.items()}
_LAST = re.compile(r"([0-9]{1,4})(min|h|d|w|mo|y)")
_DOORS = re.compile(r"doors-([0-9]{1,4})\.\.(-?[0-9]{1,4})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIMENSION = re.compile(r"[a-z][a-z0-9_]{0,39}")
_EARLIEST, _LATEST = 1970, 2199


@dataclass(frozen=True, slots=True)
class Look:
    """The choices of the bar above a board. A range of None is the board's usual one; `picked` are the
    clicked filters, dimension → values in the order they were clicked."""

    venue: UUID | None = None
    event: UUID | None = None
    range: Range | None = None
    compare: Comparison | None = None
    compare_event: UUID | None = None
    picked: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def where(self) -> Filter | None:
        """The clicked filters as one condition: values of a dimension are alternatives, dimensions add up."""
        conditions = tuple(In(dimension=name, values=values) for name, values in self.picked)
        if not conditions:
            return None
        return conditions[0] if len(conditions) == 1 else All(all=conditions)

    def with_value(self, dimension: str, value: str) -> Look:
        """The same with one value more."""
        values = dict(self.picked)
        if value in values.get(dimension, ()):
            return self
        values[dimension] = (*values.get(dimension, ()), value)
        return replace(self, picked=tuple(values.items()))

    def without(self, dimension: str, value: str) -> Look:
        """The same without this value."""
        left = (
            (name, tuple(v for v in values if (name, v) != (dimension, value)))
            for name, values in self.picked
        )
        return replace(self, picked=tuple((name, values) for name, values in left if values))


@dataclass(frozen=True, slots=True)
class Misread:
    """A part of the address that was left out, and why, in words that end a sentence."""

    name: str
    value: str
    why: str


def read(
    query: Query,
    *,
    base: Query | None = None,
    dimensions: Collection[str] | None = None,
    by_dimension: bool = False,
) -> tuple[Look, tuple[Misread, ...]]:
    """The look of an address, and what of it could not be read.

    `base` is the look a board starts with (`BoardDocument.filters`): the address wins over it, part by
    part, and clicked filters in it stand for all of the base's. `by_dimension` they give way one by one
    instead, so that what is locked or asked for by REST never shows more than the board does; `f=none` drops
    those of the base there too. `dimensions` are those there are; without them any name of the right form is
    taken. Names that are not ours are passed over: other parts of the page may have parameters, too.
    """
    misread: list[Misread] = []
    own = _look(_texts(query), dimensions, misread, keep=by_dimension)
    if not base:
        return own.look, tuple(misread)
    usual = _look(_texts(base), dimensions, [], keep=True).look
    named = own.named
    picked = own.look.picked if "f" in named else usual.picked
    if by_dimension and _texts(query).get("f") != ["none"]:
        picked = tuple((dict(usual.picked) | dict(own.look.picked)).items())
    return (
        Look(
            own.look.venue if "venue" in named else usual.venue,
            own.look.event if "event" in named else usual.event,
            own.look.range if "range" in named else usual.range,
            own.look.compare if "compare" in named else usual.compare,
            own.look.compare_event if "compare" in named else usual.compare_event,
            picked,
        ),
        tuple(misread),
    )


def write(look: Look, *, base: Query | None = None) -> str:
    """The query string, without its question mark, from which `read` with the same base gives `look`."""
    usual = _usual(tuple((name, tuple(values)) for name, values in _texts(base or {}).items()))
    pairs: list[tuple[str, str]] = []
    if look.venue != usual.venue:
        pairs.append(("venue", str(look.venue or "all")))
    if look.event != usual.event:
        pairs.append(("event", str(look.event or "all")))
    if look.range != usual.range:
        pairs.append(("range", range_text(look.range) if look.range else "usual"))
    if (look.compare, look.compare_event) != (usual.compare, usual.compare_event):
        pairs.append(("compare", _compare_text(look)))
    if look.picked != usual.picked:
        pairs += [(FILTER + name, value) for name, values in look.picked for value in values] or [
            ("f", "none")
        ]
    return urlencode(pairs, safe=":")


def carried(query: Query, misread: Collection[Misread] = ()) -> str:
    """The query string with which another page looks at the same: what was chosen here, without what the
    address names but nobody understands."""
    texts, wrong = _texts(query), {part.name for part in misread}
    pairs = [(name, texts[name][0]) for name in CARRIED if texts.get(name) and name not in wrong]
    return urlencode([(name, text) for name, text in pairs if text], safe=":")


@lru_cache(maxsize=256)
def _usual(base: tuple[tuple[str, tuple[str, ...]], ...]) -> Look:
    """The look without a word in the address: a bar of filters writes a hundred addresses against it."""
    return read({}, base=dict(base))[0]


def as_filters(look: Look) -> dict[str, list[str]]:
    """The same for `BoardDocument.filters`."""
    return parse_qs(write(look), keep_blank_values=True)


def range_text(span: Range) -> str:
    """A range as the address has it."""
    match span:
        case Named():
            return span.named
        case Last():
            return f"{span.last}{_SUFFIXES[span.unit]}"
        case DaysToDoors():
            return f"doors-{span.first}..{span.last}"
        case Between():
            return f"{_moment_text(span.start)}..{_moment_text(span.end)}"


def read_range(text: str) -> Range | None:
    """The range of `range_text`; None for anything else."""
    if text in _NAMES:
        return Named.model_validate({"named": text})
    try:
        if last := _LAST.fullmatch(text):
            return Last.model_validate({"last": int(last[1]), "unit": _UNITS[last[2]]})
        if doors := _DOORS.fullmatch(text):
            first, until = int(doors[1]), int(doors[2])
            return DaysToDoors(first=first, last=until) if first >= until else None
    except ValidationError:
        return None
    start, dots, end = text.partition("..")
    return _between(_moment(start), _moment(end)) if dots else None


@dataclass(slots=True)
class _Own:
    look: Look
    named: set[str]


def _look(
    texts: Mapping[str, list[str]],
    dimensions: Collection[str] | None,
    misread: list[Misread],
    *,
    keep: bool,
) -> _Own:
    named: set[str] = set()

    def one(name: str) -> str | None:
        values = texts.get(name, [])
        misread.extend(Misread(name, _shown(value), "it can be given once") for value in values[1:])
        return values[0] if values and values[0] else None

    def place(name: str) -> UUID | None:
        text = one(name)
        found = _uuid(text) if text else None
        if found or text == "all":
            named.add(name)
        elif text:
            misread.append(Misread(name, _shown(text), f"it is not the id of one {name}"))
        return found

    look = Look(venue=place("venue"), event=place("event"))
    text = one("range")
    if text:
        span = read_range(text)
        if span or text == "usual":
            named.add("range")
        else:
            misread.append(Misread("range", _shown(text), "it is no span of time"))
        look = replace(look, range=span)
    text = one("compare")
    if text:
        compare, event = _comparison(text)
        if compare or event or text == "none":
            named.add("compare")
        else:
            misread.append(Misread("compare", _shown(text), "there is no such comparison"))
        look = replace(look, compare=compare, compare_event=event)
    picked = _picked(texts, dimensions, misread, keep=keep)
    if picked or texts.get("f") == ["none"]:
        named.add("f")
    return _Own(replace(look, picked=picked), named)


def _picked(
    texts: Mapping[str, list[str]],
    dimensions: Collection[str] | None,
    misread: list[Misread],
    *,
    keep: bool,
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Dimension → values. One that the dimension cannot have is named, and so is a dimension that is not
    there (any more); with `keep` both stay all the same: they have no answer, where one filter less would
    answer with more than is meant for whoever looks."""
    picked: dict[str, tuple[str, ...]] = {}
    for name in (name for name in texts if name.startswith(FILTER)):
        dimension = name.removeprefix(FILTER)
        shaped = _DIMENSION.fullmatch(dimension) is not None
        if not shaped or (dimensions is not None and dimension not in dimensions):
            misread.append(
                Misread(_shown(name), _shown(texts[name][0]), "there is nothing to filter by under that name")
            )
            if not (keep and shaped):
                continue
        wrong = {value: _why_not(dimension, value) for value in dict.fromkeys(texts[name])}
        values = tuple(value for value, why in wrong.items() if not why or (keep and _plain(value)))
        misread.extend(Misread(name, _shown(value), why) for value, why in wrong.items() if why)
        if len(values) > MOST_VALUES or (values and len(picked) == MOST_DIMENSIONS):
            misread.append(Misread(name, _shown(values[-1]), "these are more filters than a board takes"))
            values = values[:MOST_VALUES] if len(picked) < MOST_DIMENSIONS else ()
        if values:
            picked[dimension] = values
    return tuple(picked.items())


def _texts(query: Query) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in query.items()}


def _plain(value: str) -> bool:
    return len(value) <= LONGEST_VALUE and (value.isprintable() or value == "")


def _why_not(dimension: str, value: str) -> str:
    """Why this cannot be a value of the dimension, in words that end a sentence; empty when it can."""
    if not _plain(value):
        return "a value has at most 200 plain characters"
    known = DIMENSIONS.get(dimension)
    return expected(known, value) if known is not None else ""


def _shown(value: str) -> str:
    """A stranger's text, short enough to be shown."""
    return value if len(value) <= 60 else f"{value[:59]}…"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) in (32, 36) else None
    except ValueError:
        return None


def _comparison(text: str) -> tuple[Comparison | None, UUID | None]:
    if text.startswith("event:"):
        return None, _uuid(text.removeprefix("event:"))
    known: Iterable[Comparison] = get_args(Comparison)
    return next((name for name in known if name == text), None), None


def _compare_text(look: Look) -> str:
    if look.compare_event is not None:
        return f"event:{look.compare_event}"
    return look.compare or "none"


def _moment(text: str) -> date | datetime | None:
    """A business day or a moment with an offset, of a time that venues may have figures for."""
    if len(text) > 40:
        return None
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        return None
    if isinstance(found, datetime) and found.tzinfo is None:
        return None
    return found if _EARLIEST <= found.year <= _LATEST else None


def _moment_text(moment: date | datetime) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _between(start: date | datetime | None, end: date | datetime | None) -> Between | None:
    if start is None or end is None or isinstance(start, datetime) != isinstance(end, datetime):
        return None
    return Between(start=start, end=end) if start < end else None
