"""Dash's own scripts as one file: one request and one compilation, after which the app starts by itself."""

import hashlib
import pkgutil
import re
from dataclasses import dataclass

from dash import Dash
from dash.fingerprint import check_fingerprint

from api.static import ASSETS

REGENERATOR = ASSETS / "vendor" / "regenerator.min.js"
"""All that Dash still needs of the polyfills it would load, whose other parts every browser has by itself."""
GRAPH = ("dash", "dcc/async-graph.js")
"""What dcc would load when it meets the first graph, which the first page has."""
_LEFT_OUT = re.compile(r"/deps/polyfill|/dash_table/")
_SOURCE = re.compile(r'<script src="/_dash-component-suites/(\w+)/([^"]+)"')
_SOURCE_MAP = re.compile(rb"//# sourceMappingURL=\S+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Joined:
    """The file, and its place below `/_dash-component-suites/dash/`.

    It stands where dcc's script would, because that looks beside itself for what it loads later."""

    path: str
    content: bytes

    @property
    def url(self) -> str:
        """Its address, with its fingerprint."""
        return f"/_dash-component-suites/dash/{self.path}"


def joined(app: Dash) -> Joined:
    """The scripts that this app's pages would load one after the other, without what no page uses, and the
    start of the app. Scripts of callbacks are not in it: they stay in the page."""
    with app.server.app_context():
        tags = app._generate_scripts_html()
    parts = [REGENERATOR.read_bytes()]
    for package, fingerprinted in _SOURCE.findall(tags):
        if not _LEFT_OUT.search(f"/{fingerprinted}"):
            script = pkgutil.get_data(package, check_fingerprint(fingerprinted)[0])  # type: ignore[no-untyped-call]
            assert script is not None
            parts.append(_SOURCE_MAP.sub(b"", script))
    graph = pkgutil.get_data(*GRAPH)
    assert graph is not None
    content = b"\n;".join([*parts, _SOURCE_MAP.sub(b"", graph), app.renderer.encode()])
    mark = hashlib.sha256(content).hexdigest()[:12]
    return Joined(f"dcc/dash-renderer.v1m{mark}.js", content)
