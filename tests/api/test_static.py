"""Files as browsers get them: fingerprinted, compressed once, and of the right versions."""

import gzip
import json
import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from flask import Flask, Response
from plotly.offline import get_plotlyjs_version  # type: ignore[import-untyped]

from api.static import ASSETS, FOREVER, SERVED, Assets, Variants, register
from config import Settings
from data.services import Services
from widgets.registry import WIDGETS


class Folder:
    """What `register` needs of the services: a place to keep what it has made."""

    def __init__(self, path: Path) -> None:
        self.settings = Settings(_env_file=None, data_dir=path)


@pytest.fixture
def server(tmp_path: Path) -> Flask:
    server = Flask("static", static_folder=None)
    services: Services = Folder(tmp_path)  # type: ignore[assignment]
    register(server, services)
    return server


def test_a_file_is_the_same_in_every_encoding_and_may_be_kept_for_ever(server: Flask) -> None:
    url = Assets().url("app.js")
    client = server.test_client()
    plain = client.get(url)
    packed = {
        "br": client.get(url, headers={"Accept-Encoding": "gzip, deflate, br"}),
        "gzip": client.get(url, headers={"Accept-Encoding": "gzip"}),
    }
    assert plain.headers.get("Content-Encoding") is None
    assert {name: answer.headers["Content-Encoding"] for name, answer in packed.items()} == {
        "br": "br",
        "gzip": "gzip",
    }
    assert brotli.decompress(packed["br"].data) == gzip.decompress(packed["gzip"].data) == plain.data
    for answer in (plain, *packed.values()):
        assert answer.headers["Cache-Control"] == FOREVER
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.content_type == "text/javascript; charset=utf-8"


def test_a_variant_is_made_once_and_found_again_after_a_restart(tmp_path: Path) -> None:
    first = Variants(tmp_path).of(b"night " * 1000, "br")
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"as it was kept")
    assert Variants(tmp_path).of(b"night " * 1000, "br") == b"as it was kept"
    assert brotli.decompress(first) == b"night " * 1000


def test_another_versions_url_is_not_answered_with_this_version(server: Flask) -> None:
    assert server.test_client().get("/assets/000000000000/app.js").status_code == 404
    assert server.test_client().get("/assets/000000000000/../config.py").status_code == 404


def test_a_stylesheet_refers_to_fingerprinted_files() -> None:
    assets = Assets()
    css = next(asset for asset in assets.all() if asset.url.endswith("/app.css")).content.decode()
    assert f'url("{assets.url("inter.woff2")}")' in css
    assert "asset:" not in css


NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
"""Names that look like addresses; nothing is ever asked there."""


def test_no_stylesheet_and_no_script_of_ours_names_another_host() -> None:
    own = [path for path in ASSETS.glob("*.*") if path.suffix in (".css", ".js")]
    assert own
    for path in own:
        addresses = re.findall(r"https?://[^'\" )]+", path.read_text())
        assert [a for a in addresses if a not in NAMESPACES] == [], path.name


def test_the_pictures_of_widgets_are_the_same_in_every_process_and_kept_for_ever(server: Flask) -> None:
    url = Assets().url("pictures.json")
    answer = server.test_client().get(url, headers={"Accept-Encoding": "br"})
    assert answer.headers["Cache-Control"] == FOREVER
    pictures = json.loads(brotli.decompress(answer.data))
    assert pictures.keys() == WIDGETS.keys()
    assert "data-figure" in pictures["booking-curve"]
    assert len(answer.data) < 60_000


def test_every_file_of_the_assets_is_served_or_a_licence() -> None:
    served = {part for _, parts in SERVED.values() for part in parts}
    served |= {"boot.js", "vendor/regenerator.min.js"}  # In each page, and with Dash's scripts.
    there = {str(path.relative_to(ASSETS)) for path in ASSETS.rglob("*") if path.is_file()}
    assert {name for name in there - served if not name.endswith((".LICENSE.txt", ".md"))} == set()


def test_the_chart_library_has_the_version_that_the_python_package_writes_for() -> None:
    head = (ASSETS / "vendor" / "plotly.min.js").read_text()[:200]
    assert f"/* plotly.js v{get_plotlyjs_version()}: " in head


def test_a_page_is_compressed_on_its_way_out_and_an_api_answer_left_alone(server: Flask) -> None:
    server.add_url_rule("/page", "page", lambda: Response("house " * 500, mimetype="text/html"))
    server.add_url_rule("/api/x", "x", lambda: Response("house " * 500, mimetype="application/json"))
    client = server.test_client()
    page = client.get("/page", headers={"Accept-Encoding": "br"})
    assert brotli.decompress(page.data) == b"house " * 500
    assert page.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in client.get("/api/x", headers={"Accept-Encoding": "br"}).headers
