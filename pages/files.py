"""Where the scripts and styles of single pages are: those are not part of what every page loads."""

from collections.abc import Mapping

from flask import current_app

FILES = ("boards.js", "boards.css", "gallery.js", "gridstack.js", "pictures.json")


def addresses() -> Mapping[str, str]:
    """Name → address of each of `FILES`."""
    url = current_app.jinja_env.globals["asset_url"]
    assert callable(url)
    return {name: url(name) for name in FILES}
