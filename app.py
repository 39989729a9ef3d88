"""The application: `create_app(settings)` wires every part; `python app.py` runs all of Housecount."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack

from dash import Dash
from flask import Flask

import callbacks.first_paint
import callbacks.tonight
import pages.tonight
from api import headers, login, static
from components.document import document
from config import Settings
from data.directory import Directory
from data.engine import Database
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.services import Services
from data.telemetry import Telemetry
from ingest.group_commit import GroupCommit, OneByOne

CLOSE = "housecount.close"


def create_app(settings: Settings) -> Dash:
    """A whole application with connections and threads of its own; several may live in one process.

    `settings` must name both servers. `app.server.extensions[CLOSE]()` ends the threads and connections.
    """
    server = Flask("housecount", static_folder=None, template_folder="api/templates")
    services, server.extensions[CLOSE] = _services(settings)
    login.register(server, services)  # Before Dash, whose own hook asks pages who is looking.
    app = Dash(
        __name__,
        server=server,
        title="Housecount",
        update_title="",
        use_pages=True,
        pages_folder="",
        suppress_callback_exceptions=True,  # Else Dash draws every page once to learn its ids.
        include_assets_files=False,
        assets_folder="",
        assets_url_path="/_dash-assets",
        add_log_handler=False,
        enable_mcp=False,
    )
    assets = static.register(server, services)
    headers.register(server, assets, app.csp_hashes)
    app.index_string = document(assets.url, assets.boot_script)
    pages.tonight.register()
    callbacks.tonight.register(app, services)
    callbacks.first_paint.register(app)
    return app


def create_server() -> Flask:
    """What gunicorn serves: the application of this environment. Raises ConfigurationError."""
    server: Flask = create_app(Settings.load()).server
    return server


def _services(settings: Settings) -> tuple[Services, Callable[[], None]]:
    """The connections and threads that everything shares, and what ends them, the last one first."""
    if settings.database_url is None or settings.redis_url is None:
        raise ValueError("create_app needs DATABASE_URL and REDIS_URL; `make run` starts both.")
    stack = ExitStack()
    database = Database(settings.database_url, max_size=12)
    stack.callback(database.close)
    telemetry = Telemetry()
    store = LiveStore(settings.redis_url, settings.redis_prefix)
    stack.callback(store.close)
    live = LivePublisher(database, store, telemetry)
    stack.callback(live.close)
    writer: GroupCommit | OneByOne = OneByOne(database, live)
    if settings.group_commit:
        writer = GroupCommit(database, live, wait_seconds=settings.group_commit_ms / 1000)
    stack.callback(writer.close)
    return Services(settings, database, Directory(database), writer, live), stack.close


if __name__ == "__main__":
    # A fresh interpreter: the supervisor stays small without Dash, pandas and all the rest in memory.
    os.execv(sys.executable, [sys.executable, "-m", "launch"])  # noqa: S606
