"""Of what a browser says about itself its kind is kept, and nothing else."""

import pytest

from ingest.user_agents import family

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        (f"{WINDOWS}Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS}Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
        (f"{WINDOWS}Safari/537.36 OPR/121.0.0.0", "Opera on Windows"),
        (f"{MAC}605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari on macOS"),
        (f"{PHONE}Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{PHONE}CriOS/141.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0", "Firefox on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Linux"),
        ("curl/8.5.0", "Another program"),
        ("", "Another program"),
        ("Firefox/" * 100_000, "Firefox"),
    ],
)
def test_a_browser_is_known_by_its_kind_and_system(user_agent: str, kind: str) -> None:
    assert family(user_agent) == kind
