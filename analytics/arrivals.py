"""How people arrive: the venue's usual curve, and what tonight's arrivals so far say about the rest.

All curves are in buckets of five minutes relative to doors; bucket k of a curve that starts at
`first_offset_minutes` covers [first + 5k, first + 5k + 5) minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

BUCKET_MINUTES = 5
EARLIEST, LATEST = -180, 480
"""Arrivals further from doors than this are another occasion's."""

FEWEST_ARRIVALS = 20
SHOW_RATE, SHOW_RATE_SPREAD = 0.92, 0.08
"""Of the tickets held, the share that comes, as known before anybody came, and its deviation."""

LAGS = range(-30, 35, 5)
LAG_SPREAD = 15.0
CLUSTERING = 0.25
"""People come in groups and by train: a bucket varies by this share of its mean beyond Poisson."""


@dataclass(frozen=True, slots=True)
class Night:
    """One past event: bucket offset in minutes from doors → first entries, → net change inside."""

    arrivals: Mapping[int, int]
    changes: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Curve:
    """The usual night: `shares[k]` of all who come have come by the end of bucket k.

    `peak_share` of them are inside at the fullest moment, `peak_offset_minutes` after doors.
    """

    first_offset_minutes: int
    shares: tuple[float, ...]
    peak_offset_minutes: int
    peak_share: float

    def share_at(self, offset_minutes: float) -> float:
        """The share that has come by `offset_minutes` after doors, straight between bucket ends."""
        position = (offset_minutes - self.first_offset_minutes) / BUCKET_MINUTES
        if position <= 0:
            return 0.0
        if position >= len(self.shares):
            return 1.0
        bucket = int(position)
        before = self.shares[bucket - 1] if bucket else 0.0
        return before + (position - bucket) * (self.shares[bucket] - before)


@dataclass(frozen=True, slots=True)
class Course:
    """What tonight looks like: the usual curve `lag_minutes` later (earlier if negative), `total` people."""

    lag_minutes: int
    total: float


def bucket_offset(minutes_from_doors: float) -> int:
    """The start of the five-minute bucket that holds a moment, in minutes from doors."""
    return int(minutes_from_doors // BUCKET_MINUTES) * BUCKET_MINUTES


def usual_curve(nights: Sequence[Night]) -> Curve | None:
    """The median curve of past nights; None when no night has twenty arrivals.

    Each night is normalised to its own arrivals, so that a full and a half-full house speak alike;
    the point-wise median of cumulative curves is again a cumulative curve, and one night with a
    late train does not bend it. The curve is cut where less than 0.2 % have come and where all but
    0.2 % have. The peak is the median of the nights' own peaks.
    """
    cumulative = []
    peaks = []
    grid = range(EARLIEST, LATEST, BUCKET_MINUTES)
    for night in nights:
        kept = {offset: count for offset, count in night.arrivals.items() if EARLIEST <= offset < LATEST}
        everybody = sum(kept.values())
        if everybody < FEWEST_ARRIVALS:
            continue
        come = inside = highest = highest_at = 0
        shares = []
        for offset in grid:
            come += kept.get(offset, 0)
            inside += night.changes.get(offset, 0)
            shares.append(come / everybody)
            if inside > highest:
                highest, highest_at = inside, offset + BUCKET_MINUTES
        cumulative.append(shares)
        peaks.append((highest_at, highest / everybody))
    if not cumulative:
        return None
    middle = [median(column) for column in zip(*cumulative, strict=True)]
    first = next(index for index, share in enumerate(middle) if share > 0.002)
    last = next(index for index, share in enumerate(middle) if share >= 0.998)
    return Curve(
        first_offset_minutes=grid[first],
        shares=(*(round(share, 5) for share in middle[first:last]), 1.0),
        peak_offset_minutes=round(median(offset for offset, _ in peaks)),
        peak_share=round(median(share for _, share in peaks), 5),
    )


def usual_counts(curve: Curve, tickets: int, first_offset_minutes: int) -> list[float]:
    """People that usually come in each bucket from `first_offset_minutes` to the end of the curve.

    Scaled to tonight's `tickets` times the usual show rate; one decimal.
    """
    lead = max(0, (curve.first_offset_minutes - first_offset_minutes) // BUCKET_MINUTES)
    skipped = max(0, (first_offset_minutes - curve.first_offset_minutes) // BUCKET_MINUTES)
    steps = _steps(curve.shares)[skipped:]
    return [0.0] * lead + [round(SHOW_RATE * tickets * step, 1) for step in steps]


def course(curve: Curve, arrivals: Mapping[int, int], minutes_since_doors: float, tickets: int) -> Course:
    """The lag and the number of people that fit tonight's `arrivals` (bucket offset → people) best.

    For each lag the size of the night is the weighted least-squares fit to the buckets that are
    over, pulled to the usual show rate of `tickets` as far as the evidence is thin (a normal
    prior); of the lags the most probable one is taken, with a normal prior about zero. The total
    is who has come already plus what a night of that size still has before it, and not more than
    the tickets. Before anybody could have come this is the usual curve itself.
    """
    come = sum(arrivals.values())
    prior, spread = SHOW_RATE * tickets, max(SHOW_RATE_SPREAD * tickets, 1.0)
    over = range(
        curve.first_offset_minutes + LAGS[0],
        bucket_offset(minutes_since_doors),
        BUCKET_MINUTES,
    )
    steps = _steps(curve.shares)
    fits = []
    for lag in LAGS:
        seen = []
        for offset in over:
            index = (offset - lag - curve.first_offset_minutes) // BUCKET_MINUTES
            step = steps[index] if 0 <= index < len(steps) else 0.0
            mean = prior * step
            seen.append((arrivals.get(offset, 0), step, max(mean, 1.0) + (CLUSTERING * mean) ** 2))
        weight = sum(step * step / variance for _, step, variance in seen) + 1 / spread**2
        size = (sum(count * step / variance for count, step, variance in seen) + prior / spread**2) / weight
        surprise = (
            sum((count - size * step) ** 2 / variance for count, step, variance in seen)
            + ((size - prior) / spread) ** 2
            + (lag / LAG_SPREAD) ** 2
        )
        fits.append((surprise, abs(lag), lag, size))
    _, _, lag, size = min(fits)
    still_to_come = size * (1 - curve.share_at(minutes_since_doors - lag))
    return Course(lag, min(come + still_to_come, max(tickets, come)))


def projected_peak(
    curve: Curve, tonight: Course, minutes_since_doors: float, peak: int, peak_minutes: float | None
) -> tuple[float, int] | None:
    """When the house will be fullest, in minutes from doors, and how many will be inside.

    `peak` people at `peak_minutes` is the fullest it has been so far. It is the answer once it
    exceeds the projection, or once the projected moment lies a quarter of an hour back. None when
    nobody is expected.
    """
    at = float(curve.peak_offset_minutes + tonight.lag_minutes)
    inside = round(curve.peak_share * tonight.total)
    if peak_minutes is not None and peak > 0 and (peak >= inside or minutes_since_doors > at + 15):
        return peak_minutes, peak
    if inside <= 0:
        return None
    return max(at, minutes_since_doors), inside


def _steps(shares: Sequence[float]) -> list[float]:
    return [share - before for share, before in zip(shares, (0.0, *shares[:-1]), strict=True)]
