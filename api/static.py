"""Our own files and Dash's, compressed once and kept: nothing is compressed twice, no other host is asked.

Every file has a fingerprint in its URL, so browsers may keep it for a year. Stylesheets and scripts
are joined into one file each. Compressed variants are made on first need and stored in the data
folder by content, where the next start finds them.
"""

import gzip
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import brotli  # type: ignore[import-untyped]
from flask import Flask, Response, abort, redirect, request

from components.widget_gallery import pictures
from data.services import Services

ASSETS = Path(__file__).resolve().parent.parent / "assets"
FOREVER = "public, max-age=31536000, immutable"
WORTH_COMPRESSING = 600
COMPONENT_SUITES = "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"

SERVED: dict[str, tuple[str, tuple[str, ...]]] = {
    "inter.woff2": ("font/woff2", ("fonts/inter.woff2",)),
    "icon.svg": ("image/svg+xml", ("icon.svg",)),
    "app.css": (
        "text/css",
        (
            "vendor/bootstrap.min.css",
            "tokens.css",
            "icons.css",
            "app.css",
            "board.css",
            "widgets.css",
            "filter.css",
            "rows.css",
            "export.css",
            "login.css",
        ),
    ),
    "docs.css": ("text/css", ("docs.css",)),
    "audit.css": ("text/css", ("audit.css",)),
    "sources.css": ("text/css", ("audit.css", "sources.css")),
    "imports.css": ("text/css", ("audit.css", "imports.css")),
    "imports.js": ("text/javascript", ("imports.js",)),
    "webhooks.css": ("text/css", ("sources.css", "webhooks.css")),
    "sources.js": ("text/javascript", ("sources.js",)),
    "audit.js": ("text/javascript", ("audit.js",)),
    "app.js": (
        "text/javascript",
        (
            "theme.js",
            "spark.js",
            "format.js",
            "readings.js",
            "lists.js",
            "charts.js",
            "frames.js",
            "board.js",
            "line.js",
            "freshness.js",
            "live.js",
            "widgets.js",
            "refreshed.js",
            "filter.js",
            "rows.js",
            "export.js",
            "file_name.js",
            "snapshot.js",
            "picture.js",
            "notes.js",
            "scripts.js",
        ),
    ),
    "still.css": ("text/css", ("still.css",)),
    "still.js": ("text/javascript", ("still.js",)),
    "boards.css": ("text/css", ("vendor/gridstack.css", "grid.css", "dashboards.css", "gallery.css")),
    "boards.js": (
        "text/javascript",
        (
            "elements.js",
            "samples.js",
            "board_model.js",
            "board_history.js",
            "board_saving.js",
            "grid.js",
            "board_drawing.js",
            "dashboard.js",
            "board_form.js",
            "board_drawers.js",
            "board_versions.js",
            "board_share.js",
            "board_page.js",
            "dashboards.js",
        ),
    ),
    "gallery.js": ("text/javascript", ("samples.js", "gallery.js")),
    "gridstack.js": ("text/javascript", ("vendor/gridstack.min.js",)),
    "plotly.js": ("text/javascript", ("vendor/plotly.min.js",)),
}
"""Name in the URL → media type and the files it is made of; what a stylesheet refers to stands before it."""
MADE: dict[str, tuple[str, Callable[[], bytes]]] = {"pictures.json": ("application/json", pictures)}
"""Name in the URL → media type and what makes it, when it is first asked for; the same in every process."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One served file."""

    url: str
    media_type: str
    content: bytes


class Variants:
    """Brotli and gzip forms of contents that never change, made once each and kept on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, str], bytes] = {}
        self._making = threading.Lock()

    def of(self, content: bytes, encoding: str) -> bytes:
        """`content` in this encoding ("br" or "gzip") at its best compression."""
        key = (hashlib.sha256(content).hexdigest(), encoding)
        if key not in self._made:
            with self._making:
                if key not in self._made:
                    self._made[key] = self._load(key, content)
        return self._made[key]

    def _load(self, key: tuple[str, str], content: bytes) -> bytes:
        path = self._folder / f"{key[0]}.{key[1]}"
        if path.exists():
            return path.read_bytes()
        made = brotli.compress(content, quality=11) if key[1] == "br" else gzip.compress(content, 9, mtime=0)
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{threading.get_ident()}.draft")
        draft.write_bytes(made)
        draft.replace(path)  # Whole or not at all, whoever else starts at the same moment.
        return made


class Assets:
    """The files of `assets/` under fingerprinted URLs."""

    def __init__(self, folder: Path = ASSETS) -> None:
        self.boot_script = (folder / "boot.js").read_text().strip()
        """Written into each page, because it sets the theme before anything is painted."""
        self._by_name: dict[str, Asset] = {}
        for name, (media_type, parts) in SERVED.items():
            content = b"\n".join((folder / part).read_bytes() for part in parts)
            if media_type == "text/css":
                content = re.sub(rb'url\("asset:([^"]+)"\)', self._refer, content)
            self._keep(name, media_type, content)

    def url(self, name: str) -> str:
        """Where a file of `SERVED` or `MADE` is. Raises KeyError for any other name."""
        return self._asset(name).url

    def at(self, url: str) -> Asset | None:
        """The file at exactly this URL; None also when the fingerprint is of another version."""
        name = url.rpartition("/")[2]
        if name not in SERVED and name not in MADE:
            return None
        asset = self._asset(name)
        return asset if asset.url == url else None

    def all(self) -> tuple[Asset, ...]:
        """Every served file."""
        return tuple(self._asset(name) for name in (*SERVED, *MADE))

    def _asset(self, name: str) -> Asset:
        if name in MADE and name not in self._by_name:
            media_type, make = MADE[name]
            return self._keep(name, media_type, make())
        return self._by_name[name]

    def _keep(self, name: str, media_type: str, content: bytes) -> Asset:
        mark = hashlib.sha256(content).hexdigest()[:12]
        asset = self._by_name[name] = Asset(f"/assets/{mark}/{name}", media_type, content)
        return asset

    def _refer(self, match: re.Match[bytes]) -> bytes:
        return f'url("{self.url(match[1].decode())}")'.encode()


def register(
    server: Flask, services: Services, scripts: Mapping[str, bytes] = MappingProxyType({})
) -> Assets:
    """Serve our files, and Dash's own, precompressed; compress small answers of pages on the way out.

    `scripts` are files of ours among Dash's own, by their path in its package."""
    assets, variants = Assets(), Variants(services.settings.data_dir / "static")

    def asset(mark: str, name: str) -> Response:
        found = assets.at(f"/assets/{mark}/{name}")
        if found is None:
            abort(404)
        return _kept(Response(found.content, content_type=_typed(found.media_type)), variants)

    server.add_url_rule("/assets/<mark>/<name>", "asset", asset)
    # Else Dash would answer every other address under /assets/ with its page, and to anybody.
    server.add_url_rule("/assets/<path:anything>", "no-asset", lambda anything: abort(404))
    server.add_url_rule("/favicon.ico", "favicon", lambda: redirect(assets.url("icon.svg")))
    if COMPONENT_SUITES in server.view_functions:
        server.view_functions[COMPONENT_SUITES] = _suites(
            server.view_functions[COMPONENT_SUITES], scripts, variants
        )
    server.after_request(_compress_page)
    server.jinja_env.globals.update(asset_url=assets.url, boot_script=assets.boot_script)
    return assets


def _suites(
    view: Callable[..., Any], scripts: Mapping[str, bytes], variants: Variants
) -> Callable[..., Response]:
    """Dash's route for the scripts of its components, answering with the kept variants."""

    def serve(**arguments: str) -> Response:
        own = scripts.get(arguments["fingerprinted_path"])
        if own is not None:
            return _kept(Response(own, content_type=_typed("text/javascript")), variants)
        response: Response = view(**arguments)
        if response.status_code != 200:
            return response
        # Chunks that Dash's scripts ask for by themselves have no fingerprint: those are asked about again.
        fingerprinted = response.cache_control.max_age is not None
        return _kept(response, variants) if fingerprinted else _compressed(response, variants)

    return serve


def _kept(response: Response, variants: Variants) -> Response:
    response.headers["Cache-Control"] = FOREVER
    return _compressed(response, variants)


def _compressed(response: Response, variants: Variants) -> Response:
    encoding = _accepted()
    if encoding and response.mimetype != "font/woff2":
        response.set_data(variants.of(response.get_data(), encoding))
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _compress_page(response: Response) -> Response:
    """What differs each time (the page itself, its layout) is small and gets a quick compression."""
    if (
        not request.path.startswith("/api/")
        and response.mimetype in ("text/html", "application/json")
        and not response.direct_passthrough
        and "Content-Encoding" not in response.headers
        and _accepted() == "br"
    ):
        data = response.get_data()
        if len(data) >= WORTH_COMPRESSING:
            response.set_data(brotli.compress(data, quality=4))
            response.headers["Content-Encoding"] = "br"
            response.vary.add("Accept-Encoding")
    return response


def _accepted() -> str | None:
    best: str | None = request.accept_encodings.best_match(["br", "gzip"])
    return best


def _typed(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
