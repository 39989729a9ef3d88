"""Which gate has fallen silent while the others go on."""

import math
from collections.abc import Mapping, Sequence

SURPRISE = 0.001
"""A silence counts as a stall when it would happen by chance less often than this."""

SHORTEST_SILENCE = 2
LONGEST_SILENCE = 45
HABIT_MINUTES = 30


def stalled(scans: Mapping[str, Sequence[int]]) -> frozenset[str]:
    """The gates that had flow and fell silent while others flow.

    `scans` holds for each gate its scans per minute (of any kind: a refused ticket shows that the
    gate works), oldest first, all of one length, the running minute last. A gate's share of the
    flow in the half hour before it fell silent says how many scans it should have seen of those
    that the other gates have seen since; with Poisson arrivals it sees none with probability
    exp(−expected). A gate is stalled when that is below 0.1 %, so that a busy gate is reported
    after two minutes and a side door that scans twice a quarter of an hour is left alone. When the
    others are silent as well the rush is over; a silence of more than 45 minutes is a gate that
    was closed.
    """
    lengths = {len(minutes) for minutes in scans.values()}
    if len(lengths) > 1:
        raise ValueError(f"gates cover different numbers of minutes: {sorted(lengths)}")
    total = [sum(column) for column in zip(*scans.values(), strict=True)]
    return frozenset(gate for gate, minutes in scans.items() if _is_stalled(minutes, total))


def _is_stalled(own: Sequence[int], total: Sequence[int]) -> bool:
    last = next((index for index in range(len(own) - 1, -1, -1) if own[index] > 0), None)
    if last is None:
        return False
    silence = len(own) - 1 - last
    if not SHORTEST_SILENCE <= silence <= LONGEST_SILENCE or not any(total[-SHORTEST_SILENCE:]):
        return False
    habit = slice(max(0, last + 1 - HABIT_MINUTES), last + 1)
    before = sum(own[habit])
    others_before = sum(total[habit]) - before
    others_since = sum(total[last + 1 :])
    # With one observation added to the others, a gate that was alone has a share to compare with.
    expected = before / (others_before + 1) * others_since
    return math.exp(-expected) < SURPRISE
