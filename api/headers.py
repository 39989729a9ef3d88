"""What every page tells the browser it may do: nothing leaves for, or comes from, another host."""

import base64
import hashlib
from collections.abc import Callable, Sequence

from flask import Flask, Response

from api.static import Assets

DashHashes = Callable[[], Sequence[str]]


def register(server: Flask, assets: Assets, dash_hashes: DashHashes) -> None:
    """Put a Content-Security-Policy and its companions on every HTML answer.

    Scripts: our own files, the one that sets the theme before the first paint, and the few lines
    Dash writes into the page, each by its hash. Styles may be inline because plotly sets them so.
    """
    boot = _hash(assets.boot_script)

    @server.after_request
    def add(response: Response) -> Response:
        if response.mimetype == "text/html":
            scripts = " ".join(["'self'", boot, *dash_hashes()])
            response.headers["Content-Security-Policy"] = (
                f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline';"
                " img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
                " frame-ancestors 'none'"
            )
            response.headers["X-Content-Type-Options"] = "nosniff"
            # After signing out, the way back must not show the board again.
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Referrer-Policy", "same-origin")
        return response


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
