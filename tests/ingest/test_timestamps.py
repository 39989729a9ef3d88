from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ingest.timestamps import instant

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-21T19:30:00Z", LONDON, "2026-11-21T19:30:00+00:00"),
        ("2026-11-21t19:30:00.123456789+01:00", LONDON, "2026-11-21T18:30:00.123456+00:00"),
        ("2026-11-21 19:30", SYDNEY, "2026-11-21T08:30:00+00:00"),
        ("2026-07-01T19:30", LONDON, "2026-07-01T18:30:00+00:00"),
        # The autumn hour happens twice: the first is meant, an offset names the second.
        ("2026-10-25T01:30", LONDON, "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T01:30+00:00", LONDON, "2026-10-25T01:30:00+00:00"),
        # The spring gap never happened: the clock is taken to have been set late.
        ("2026-03-29T01:30", LONDON, "2026-03-29T01:30:00+00:00"),
        # The furthest past, and as far ahead as a clock may be.
        ("2016-11-21T00:00:00Z", LONDON, "2016-11-21T00:00:00+00:00"),
        ("2026-11-21T20:15:00Z", LONDON, "2026-11-21T20:15:00+00:00"),
    ],
)
def test_a_text_names_a_moment_in_utc(text: str, zone: ZoneInfo, expected: str) -> None:
    moment = instant(text, "timestamp", zone, NOW)
    assert moment.isoformat() == expected
    assert moment.tzinfo is UTC
