"""Dash's scripts as one file: all that its pages need, in order, and nothing else."""

from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from dash import Dash, html
from flask import Flask

from api.dash_scripts import Joined, joined
from api.static import FOREVER, register
from config import Settings
from data.services import Services


class Folder:
    """What `register` needs of the services: a place to keep what it has made."""

    def __init__(self, path: Path) -> None:
        self.settings = Settings(_env_file=None, data_dir=path)


@pytest.fixture
def app() -> Dash:
    app = Dash("scripts", server=Flask("scripts"), assets_folder="", enable_mcp=False)  # type: ignore[arg-type]
    app.layout = html.Div()
    return app


def test_the_scripts_stand_in_the_order_in_which_they_need_each_other(app: Dash) -> None:
    content = joined(app).content
    marks = (
        b"regeneratorRuntime=",
        b"react.production.min.js",
        b"react-dom.production.min.js",
        b"dash_core_components",
        b"dash_html_components",
    )
    places = [content.index(mark) for mark in marks]
    assert places == sorted(places)
    assert content.endswith(app.renderer.encode())
    assert b"DashRenderer" in content[: -len(app.renderer)]


def test_what_no_page_uses_is_left_out(app: Dash) -> None:
    content = joined(app).content
    assert b"dash_table" not in content
    assert b".js.map" not in content
    assert b"core-js" not in content
    assert len(content) < 1_150_000


def test_the_file_lies_beside_what_dcc_loads_later_and_may_be_kept(app: Dash, tmp_path: Path) -> None:
    scripts = joined(app)
    server: Flask = app.server
    services: Services = Folder(tmp_path)  # type: ignore[assignment]
    register(server, services, {scripts.path: scripts.content})
    answer = server.test_client().get(scripts.url, headers={"Accept-Encoding": "br"})
    assert brotli.decompress(answer.data) == scripts.content
    assert answer.headers["Cache-Control"] == FOREVER
    assert answer.mimetype == "text/javascript"
    beside = scripts.url.rpartition("/")[0] + "/async-graph.js"
    assert server.test_client().get(beside).status_code == 200


def test_another_content_has_another_address(app: Dash) -> None:
    before: Joined = joined(app)
    app.renderer = "var renderer = new DashRenderer({});"
    assert joined(app).url != before.url
