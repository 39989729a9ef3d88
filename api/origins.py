"""Whether a page of ours asks: a browser sends the cookie of a session along whoever asks."""

from urllib.parse import urlsplit

from flask import request


class Origins:
    """Our own pages, and those of other origins that may ask as well."""

    def __init__(self, others: frozenset[str] = frozenset()) -> None:
        self._others = others

    def are_ours(self, origin: str) -> bool:
        """Whether this is the origin of this request's host, or one of the others."""
        return origin.rstrip("/") in self._others or _is_here(origin)

    def ask(self) -> bool:
        """Whether the browser says that one of these pages asks; silence is not enough."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site") == "same-origin"
        return self.are_ours(origin)


def _is_here(origin: str) -> bool:
    """Whether this is the origin of this request. Over TLS a page that came in the clear is none of ours: who
    is on the way could have written it. The other way round a proxy has not said that it speaks TLS."""
    parts = urlsplit(origin)
    return parts.netloc == request.host and (parts.scheme == "https" or not request.is_secure)
