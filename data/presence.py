"""One ticket's way in and out: a pure function of its moves, whatever order they arrived in."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class MoveKind(IntEnum):
    """What a move does; moves of the same instant apply in this order."""

    EXIT = 0
    ENTRY = 1
    VOID = 2
    RESTORE = 3


Move = tuple[int, int, str, str | None, int]
"""(microseconds since 1970 UTC, MoveKind, area, zone of the gate, weight). A weight of −1 annuls
one move with the same time, kind and area. A list of five in the column `presence.moves`."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a ticket's moves amount to. Times are microseconds since 1970 UTC.

    `changes` lists (time, +1 or −1) for each time the person came to be inside or ceased to be;
    `zone` is where the person is, None outside or where the gate belongs to no zone.
    """

    inside: bool
    zone: str | None
    entries: int
    exits: int
    reentries: int
    first_entry: int | None
    last_move: int | None
    changes: tuple[tuple[int, int], ...]


NOWHERE = Trace(False, None, 0, 0, 0, None, None, ())


def trace(moves: Sequence[Move]) -> Trace:
    """Follow a ticket through its moves.

    A person is inside while in any area the last move is an entry and the ticket is not void. A
    void ticket counts as outside even if a gate lets it through: it has no right to be there.
    """
    if len(moves) < 2:
        return _single(moves[0]) if moves else NOWHERE
    inside, zone = False, None
    areas: dict[str, tuple[int, str | None]] = {}
    entries = exits = reentries = voids = 0
    first_entry: int | None = None
    last_move: int | None = None
    changes = []
    for at, kind, area, gate_zone in _effective(moves):
        last_move = at
        if kind == MoveKind.ENTRY:
            entries += 1
            if first_entry is None:
                first_entry = at
            elif not areas:
                reentries += 1
            areas.pop(area, None)  # The area entered last stands last: its zone is where they are.
            areas[area] = (at, gate_zone)
        elif kind == MoveKind.EXIT:
            exits += 1
            areas.pop(area, None)
        else:
            voids += 1 if kind == MoveKind.VOID else -1
        now = bool(areas) and voids <= 0
        if now != inside:
            changes.append((at, 1 if now else -1))
        inside = now
        zone = next(reversed(areas.values()))[1] if inside else None
    return Trace(inside, zone, entries, exits, reentries, first_entry, last_move, tuple(changes))


def _single(move: Move) -> Trace:
    """The common case, one entry and nothing else, without the bookkeeping."""
    at, kind, _, zone, weight = move
    if weight < 1:
        return NOWHERE
    if kind == MoveKind.ENTRY:
        return Trace(True, zone, 1, 0, 0, at, at, ((at, 1),))
    return Trace(False, None, 0, int(kind == MoveKind.EXIT), 0, None, at, ())


def _effective(moves: Iterable[Move]) -> list[tuple[int, int, str, str | None]]:
    """The moves in the order of their times, without those that were annulled."""
    annulled = Counter((at, kind, area) for at, kind, area, _, weight in moves if weight < 0)
    standing = []
    for at, kind, area, zone, weight in sorted(moves, key=_order):
        if weight < 0:
            continue
        if annulled[at, kind, area] > 0:
            annulled[at, kind, area] -= 1
        else:
            standing.append((at, kind, area, zone))
    return standing


def _order(move: Move) -> tuple[int, int, str, str]:
    return move[0], move[1], move[2], move[3] or ""
