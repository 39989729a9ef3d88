"""What every page tells the browser it may do: nothing leaves for, or comes from, another host."""

import base64
import hashlib
from collections.abc import Callable, Sequence

from flask import Flask, Response, request

from api.static import Assets

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        [f"{name}=()" for name in ("camera", "geolocation", "microphone", "payment", "usb")]
        + [f"{name}=(self)" for name in ("clipboard-write", "fullscreen", "screen-wake-lock")]
    ),
}
"""What every answer says, whatever it is."""

DashHashes = Callable[[], Sequence[str]]


def register(server: Flask, assets: Assets, dash_hashes: DashHashes) -> None:
    """Put a Content-Security-Policy on every HTML answer, and its companions on every answer.

    Scripts: our own files, the one that sets the theme before the first paint, and the few lines
    Dash writes into the page, each by its hash. Styles may be inline because plotly sets them so.
    """
    boot = _hash(assets.boot_script)

    @server.after_request
    def add(response: Response) -> Response:
        for name, value in EVERYWHERE.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if response.mimetype == "text/html":
            scripts = " ".join(["'self'", boot, *dash_hashes()])
            response.headers["Content-Security-Policy"] = (
                f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline';"
                " img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
                " frame-ancestors 'none'"
            )
            # After signing out, the way back must not show the board again.
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
