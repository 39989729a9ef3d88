"""A page is drawn once for a visit: what the first paint has drawn, Dash gets a moment later as it is."""

import time
from typing import Generic, TypeVar

Page = TypeVar("Page")
SECONDS = 10.0
"""How long after the HTML the app may ask; later it gets a fresh drawing."""
MOST = 64


class OnePaint(Generic[Page]):
    """Pages just drawn into an HTML document, each given once, to whoever has its key."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[float, Page]] = {}

    def put(self, key: str, page: Page) -> Page:
        """Keep the page for the app that is about to ask; returns it."""
        self._pages[key] = (time.monotonic(), page)
        while len(self._pages) > MOST:
            self._pages.pop(next(iter(self._pages)), None)
        return page

    def take(self, key: str) -> Page | None:
        """The page, if it was drawn a moment ago and nobody has taken it."""
        at, page = self._pages.pop(key, (0.0, None))
        return page if time.monotonic() - at < SECONDS else None
