"""What every page tells the browser it may do: nothing leaves for, or comes from, another host."""

import base64
import hashlib
from collections.abc import Callable, Sequence

from flask import Flask, Response, g, request

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
_PLAIN = (*EVERYWHERE.items(),)
_ENCRYPTED = (*_PLAIN, ("Strict-Transport-Security", "max-age=31536000"))

DashHashes = Callable[[], Sequence[str]]


def register(server: Flask, assets: Assets, dash_hashes: DashHashes) -> None:
    """Put a Content-Security-Policy on every HTML answer, and its companions on every answer.

    Scripts: our own files, the one that sets the theme before the first paint, and the few lines
    Dash writes into its documents, each by its hash. Their styles, and those of screens and links, may be
    inline because plotly sets them so; those of every other page are in our files alone.
    """
    boot = _hash(assets.boot_script)

    @server.after_request
    def add(response: Response) -> Response:
        for name, value in everywhere(encrypted=request.is_secure):
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            dash = g.get("dash_document", False)
            scripts = " ".join(["'self'", boot, *(dash_hashes() if dash else ())])
            styles = "'self' 'unsafe-inline'" if dash or g.get("has_charts") else "'self'"
            # A page that needs less says so itself.
            response.headers.setdefault(
                "Content-Security-Policy",
                f"default-src 'self'; script-src {scripts}; style-src {styles};"
                " img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
                " frame-ancestors 'none'",
            )
            # After signing out, the way back must not show the board again.
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def everywhere(*, encrypted: bool) -> tuple[tuple[str, str], ...]:
    """What every answer says, one that came by TLS a little more."""
    return _ENCRYPTED if encrypted else _PLAIN


def plain_policy(boot_script: str) -> str:
    """The policy of a page with our style sheet and no script but the one that sets the theme."""
    return (
        f"default-src 'none'; script-src {_hash(boot_script)}; style-src 'self'; font-src 'self';"
        " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
