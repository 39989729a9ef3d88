"""When talk about an event goes viral."""

import math
from collections.abc import Sequence
from statistics import median

FROM_DEVIATIONS = 6.0
FEWEST = 10
NORMAL_SCALE = 1.4826
"""Makes the median absolute deviation estimate the standard deviation of a normal distribution."""


def deviation(recent: float, baseline: Sequence[int]) -> float:
    """How many robust standard deviations `recent` lies above the median of `baseline`.

    The scale is the median absolute deviation × 1.4826 (Iglewicz and Hoaglin, "How to detect and
    handle outliers", 1993), but never less than the Poisson √median and never less than 1: most
    events are talked about so little that half of their buckets are alike and the plain deviation
    would be zero. One earlier peak in the baseline does not hide the next one, as it would with
    mean and standard deviation. An empty baseline counts as zero talk.
    """
    centre = float(median(baseline)) if baseline else 0.0
    spread = NORMAL_SCALE * median(abs(count - centre) for count in baseline) if baseline else 0.0
    return (recent - centre) / max(spread, math.sqrt(centre), 1.0)


def viral(recent: float, baseline: Sequence[int]) -> bool:
    """True when the mentions of the newest bucket stand six deviations above the event's own habit.

    `recent` is the number of mentions in the newest bucket, `baseline` those of the earlier buckets
    of the same length. Fewer than ten mentions are never viral.
    """
    return recent >= FEWEST and deviation(recent, baseline) >= FROM_DEVIATIONS
