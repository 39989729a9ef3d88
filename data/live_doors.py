"""The doors part of an event's live state: arrivals beside the usual curve, gates, projected peak."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from analytics.arrivals import BUCKET_MINUTES, Curve, bucket_offset, course, projected_peak, usual_counts
from analytics.gates import stalled
from analytics.velocity import sliding_sum
from data.instants import iso
from data.live_rows import GATE_MINUTES, LiveRows, Row

MINUTE = timedelta(minutes=1)
BUCKET = timedelta(minutes=BUCKET_MINUTES)
SHOWN_BEFORE, SHOWN_AFTER = 30, 240
"""Minutes around doors that are shown while there is no usual curve to tell."""

PROJECTED_BEFORE = timedelta(hours=12)
"""How long before doors the tickets sold so far begin to tell how full it will be."""

MOST_GATES = 40
"""Gates that are listed, beyond which only those that the venue itself has named are: any sender can
invent gates, and a state goes to everyone who looks, ten times a second."""

GATES_WATCHED_BEFORE, GATES_WATCHED_AFTER = timedelta(hours=2), timedelta(hours=2)


def arrivals(rows: LiveRows, tickets: int) -> tuple[Row, Row | None]:
    """The sections `arrivals` and `projectedPeak`; the latter is None without doors or usual curve.

    `counts` are first entries per bucket from `from` to now, `usual` what usually comes in each
    bucket of the whole night, for tonight's number of tickets.
    """
    doors = rows.head["doors_at"] or rows.head["starts_at"]
    curve = _curve(rows.usual)
    shown: Row = {
        "bucketMinutes": BUCKET_MINUTES,
        "from": None,
        "counts": [],
        "usual": None,
        "comparables": 0,
    }
    if doors is None:
        return shown, None
    # Buckets are aligned to the clock, doors need not be: offsets are those of the bucket of doors.
    base = _bucket(doors)
    by_offset: dict[int, int] = {}
    for row in rows.arrivals:
        offset = (row["bucket"] - base) // MINUTE
        by_offset[offset] = by_offset.get(offset, 0) + row["arrivals"]
    since_doors = (rows.now - base) / MINUTE
    first = -SHOWN_BEFORE
    last = SHOWN_AFTER
    if curve is not None:
        first = min(first, curve.first_offset_minutes)
        last = max(last, curve.first_offset_minutes + BUCKET_MINUTES * len(curve.shares))
    until = min(bucket_offset(since_doors), last - BUCKET_MINUTES)
    shown |= {
        "from": iso(base + first * MINUTE),
        "counts": [by_offset.get(offset, 0) for offset in range(first, until + 1, BUCKET_MINUTES)],
    }
    if curve is None:
        return shown, None
    shown |= {"usual": usual_counts(curve, tickets, first), "comparables": rows.usual[0]["comparables"]}
    if rows.now < doors - PROJECTED_BEFORE:
        return shown, None
    peak_at = rows.head["peak_at"]
    peak = projected_peak(
        curve,
        course(curve, by_offset, since_doors, tickets),
        since_doors,
        rows.head["peak"],
        None if peak_at is None else (peak_at - base) / MINUTE,
    )
    if peak is None:
        return shown, None
    return shown, {"at": iso(base + peak[0] * MINUTE), "inside": peak[1]}


def gates(rows: LiveRows) -> tuple[list[Row], int]:
    """Gates with their totals and pace, those of the venue first, then others that scanned; and how
    many of the others are left out: the least busy ones, stalled ones last of all. What was scanned
    without a gate is a last row of its own, so that the rows add up to the doors.

    A stalled gate has the pace 0: the five minutes of a pace may reach back before its silence."""
    scans = {row["gate"]: row for row in rows.gate_scans}
    known = {row["gate"]: row for row in rows.gates}
    moves = {gate: _minutes(row, ("moves",), rows.now) for gate, row in scans.items()}
    silent = _silent(rows, scans)
    seen = _last_seen(rows)

    def rank(gate: str) -> tuple[bool, int, str]:
        scanned = scans[gate]
        return gate not in silent, -(scanned["entries"] + scanned["exits"] + scanned["invalid"]), gate

    strangers = sorted(scans.keys() - known.keys(), key=rank)
    shown = sorted(strangers[: max(0, MOST_GATES - len(known))])
    others = [{"gate": gate, "name": gate, "zone": None} for gate in shown]
    listed = [
        {
            "gate": gate["gate"],
            "name": gate["name"],
            "zone": gate["zone"],
            "entries": scans[gate["gate"]]["entries"] if gate["gate"] in scans else 0,
            "exits": scans[gate["gate"]]["exits"] if gate["gate"] in scans else 0,
            "invalid": scans[gate["gate"]]["invalid"] if gate["gate"] in scans else 0,
            "perMinute": 0.0 if gate["gate"] in silent else _pace(moves.get(gate["gate"], []), rows.now),
            "lastScanAt": iso(seen.get(gate["gate"])),
            "stalled": gate["gate"] in silent,
        }
        for gate in [*known.values(), *others]
    ]
    return listed + _without_gate(rows, moves.values()), len(strangers) - len(shown)


def _without_gate(rows: LiveRows, at_gates: Iterable[Sequence[int]]) -> list[Row]:
    """The row of scans that name no gate: what the doors counted and no gate did. None without any."""
    counts = {
        name: max(0, rows.head[name] - sum(row[name] for row in rows.gate_scans))
        for name in ("entries", "exits", "invalid")
    }
    if not any(counts.values()):
        return []
    doors = [0] * GATE_MINUTES
    running = rows.now.replace(second=0, microsecond=0)
    for row in rows.minutes:
        age = (running - row["bucket"]) // MINUTE
        if row["currency"] == "" and 0 <= age < GATE_MINUTES:
            doors[-1 - age] += row["moves"]
    others = [sum(column) for column in zip(*at_gates, strict=True)] or [0] * GATE_MINUTES
    moves = [max(0, every - own) for every, own in zip(doors, others, strict=True)]
    last = max((scan["occurred_at"] for scan in rows.scans if scan["gate"] is None), default=None)
    return [
        {
            "gate": None,
            "name": "No gate",
            "zone": None,
            **counts,
            "perMinute": _pace(moves, rows.now),
            "lastScanAt": iso(last),
            "stalled": False,
        }
    ]


def _pace(moves: Sequence[int], now: datetime) -> float:
    """Scans a minute over the last five."""
    return round(sliding_sum(moves, 5, now.second) / 5, 1)


def _silent(rows: LiveRows, scans: dict[str, Row]) -> frozenset[str]:
    """Stalled gates; none when the night is not under way."""
    doors, ends = rows.head["doors_at"] or rows.head["starts_at"], rows.head["ends_at"]
    if doors is None or rows.now < doors - GATES_WATCHED_BEFORE:
        return frozenset()
    if ends is not None and rows.now > ends + GATES_WATCHED_AFTER:
        return frozenset()
    return stalled({gate: _minutes(row, ("moves", "refusals"), rows.now) for gate, row in scans.items()})


def _minutes(row: Row, columns: tuple[str, ...], now: datetime) -> list[int]:
    """The last hour of a gate, oldest first, the running minute last; `row.minutes` counts from 1970."""
    counts = [0] * GATE_MINUTES
    oldest = int(now.timestamp()) // 60 - GATE_MINUTES + 1
    for column in columns:
        for minute, count in zip(row["minutes"] or (), row[column] or (), strict=True):
            if 0 <= minute - oldest < GATE_MINUTES:
                counts[minute - oldest] += count
    return counts


def _last_seen(rows: LiveRows) -> dict[str, datetime]:
    """When each gate last scanned: to the second where the feed has it, else its last minute."""
    seen: dict[str, datetime] = {row["gate"]: row["last_minute"] for row in rows.gate_scans}
    for scan in rows.scans:
        if scan["gate"] in seen:
            seen[scan["gate"]] = max(seen[scan["gate"]], scan["occurred_at"])
    return seen


def _curve(usual: list[Row]) -> Curve | None:
    if not usual:
        return None
    row = usual[0]
    return Curve(
        row["first_offset_minutes"], tuple(row["shares"]), row["peak_offset_minutes"], row["peak_share"]
    )


def _bucket(moment: datetime) -> datetime:
    seconds = int(moment.timestamp()) // int(BUCKET.total_seconds()) * int(BUCKET.total_seconds())
    return datetime.fromtimestamp(seconds, UTC)
