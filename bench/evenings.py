"""What benchmarks send: evenings of the demo that are over."""

from datetime import UTC, datetime, timedelta

from data.demo_house import HALL, DemoEvent
from data.demo_programme import schedule


def past_evenings(count: int) -> list[DemoEvent]:
    """Evenings of the demo's main hall that are over, the latest first."""
    now = datetime.now(UTC)
    events = schedule(HALL, {}, now, timedelta(minutes=-50)).values()
    over = sorted((e for e in events if e.ends_at < now), key=lambda e: e.doors_at, reverse=True)
    return over[:count]
