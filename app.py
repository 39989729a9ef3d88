"""The application: `create_app(settings)` wires every part; `python app.py` runs all of Housecount."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from dash import Dash
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import callbacks.board_lists
import callbacks.boards
import callbacks.figures_pages
import callbacks.first_paint
import callbacks.shared_link
import callbacks.tonight
import callbacks.tv
import pages.attendance
import pages.board
import pages.dashboards
import pages.gallery
import pages.not_found
import pages.sales
import pages.tonight
from api import (
    account,
    admin,
    admin_tokens,
    audit,
    audit_log,
    audit_page,
    callback_door,
    competitors,
    dash_scripts,
    dashboard_sharing,
    dashboard_versions,
    dashboards,
    dead_letters,
    docs,
    event_matches,
    exports,
    forgotten,
    gate,
    headers,
    health,
    idempotency,
    imports,
    imports_page,
    ingest,
    invitations,
    letters_page,
    limits,
    login,
    mailed,
    matches_page,
    notes,
    pretix,
    problems,
    queries,
    realtime,
    rows,
    second_factor,
    shared_files,
    snippet,
    sources,
    sources_page,
    static,
    stats,
    stream,
    unknown,
    webhooks,
    webhooks_page,
    widgets,
)
from api.error_pages import error_page
from components.document import document
from config import ConfigurationError, Settings
from data.answer_store import AnswerStore
from data.audit_entry import Keys
from data.audit_log import AuditLog, Trail
from data.counters import Counters
from data.directory import Directory
from data.door_counts import DoorCounts
from data.engine import Database
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.services import Services
from data.telemetry import Telemetry
from ingest.group_commit import GroupCommit, OneByOne
from jobs.exporting import folder_of, work
from jobs.shared_file import shared_file

SERVICES = "housecount.services"
CLOSE = "housecount.close"
COUNTS = "housecount.counts"


Trails = Callable[[Database], Trail]


def create_app(settings: Settings, *, trail: Trails | None = None) -> Dash:
    """A whole application with connections and threads of its own; several may live in one process.

    `trail` makes what is written to in place of the audit log, for tests and benchmarks.
    `app.server.extensions[CLOSE]()` ends the threads and connections. Raises ConfigurationError when
    `settings` does not name both servers.
    """
    server = Flask("housecount", static_folder=None, template_folder="api/templates")
    stack = ExitStack()
    server.extensions[CLOSE] = stack.close
    services = server.extensions[SERVICES] = _services(settings, stack, trail)
    login.register(server, services)
    gate.register(server, services)  # Before Dash, so that nothing of Dash is asked by a stranger.
    idempotency.register(server, services)
    forgotten.register(server, services)
    mailed.register(server, services)
    account.register(server, services)
    second_factor.register(server, services)
    admin.register(server, services)
    admin_tokens.register(server, services)
    audit_page.register(server, services)
    sources_page.register(server, services)
    webhooks.register(server, services)
    webhooks_page.register(server, services)
    letters_page.register(server, services)
    matches_page.register(server, services)
    invitations.register(server, services)
    problems.register(server, error_page)
    counts = server.extensions[COUNTS] = DoorCounts(services.database)
    stack.callback(counts.close)
    stack.callback(ingest.register(server, services, counts).close)
    pretix.register(server, services)
    realtime.register(server, services)
    queries.register(server, services)
    for boards in (
        dashboards,
        dashboard_versions,
        dashboard_sharing,
        notes,
        widgets,
        rows,
        stats,
        audit_log,
        sources,
        dead_letters,
        event_matches,
    ):
        boards.register(server, services)
    exports.register(server, services, _export_at_once(services))
    imports.register(server, services)
    competitors.register(server, services)
    imports_page.register(server, services)
    file = partial(shared_file, services.database, services.directory)
    stack.callback(shared_files.register(server, services, file))
    hub = stream.register(server, services)
    stack.callback(hub.close)
    health.register(server, services, hub)
    docs.register(server)
    snippet.register(server)
    unknown.register(server)
    app = Dash(
        __name__,
        server=server,  # type: ignore[arg-type]  # Dash takes a Flask, whatever its annotation says.
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
    scripts = dash_scripts.joined(app)
    assets = static.register(server, services, {scripts.path: scripts.content})
    headers.register(server, assets, app.csp_hashes)
    callback_door.register(server, app.callback_map)
    app.index_string = document(assets.url, assets.boot_script, scripts.url)
    pages.tonight.register()
    pages.dashboards.register()
    pages.board.register()
    pages.sales.register()
    pages.attendance.register()
    pages.gallery.register()
    pages.not_found.register()
    callbacks.tonight.register(app, services)
    callbacks.board_lists.register(app, services)
    callbacks.boards.register(app, services)
    callbacks.figures_pages.register(app, services)
    callbacks.tv.register(app, services)
    stack.callback(callbacks.shared_link.register(app, services).close)
    callbacks.first_paint.register(app, scripts.url)
    limits.register(server)
    audit.register(server, services.trail)
    if settings.trusted_proxies:  # Last, so that it stands before the REST door too.
        many = settings.trusted_proxies
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=many, x_proto=many)  # type: ignore[method-assign]
    return app


def create_server() -> Flask:
    """What gunicorn serves: the application of this environment, with its metrics on their own port.

    Raises ConfigurationError.
    """
    settings = Settings.load()
    server: Flask = create_app(settings).server
    health.start_metrics(settings, server.extensions[SERVICES].live.telemetry)
    return server


def _services(settings: Settings, stack: ExitStack, trail: Trails | None) -> Services:
    """The connections and threads that everything shares; `stack` ends them, the last one first."""
    if settings.database_url is None or settings.redis_url is None:
        raise ConfigurationError(["DATABASE_URL and REDIS_URL must be set here; `make run` sets both."])
    database = Database(settings.database_url, master=MasterKeys(settings.master_keys()), max_size=8)
    stack.callback(database.close)
    store = LiveStore(settings.redis_url, settings.redis_prefix)
    stack.callback(store.close)
    telemetry = Telemetry()
    live = LivePublisher(database, store, telemetry)
    stack.callback(live.close)
    hits, misses = telemetry.cache_hits.labels("answers"), telemetry.cache_misses.labels("answers")
    database.answers = AnswerStore(settings.redis_url, settings.redis_prefix, hits, misses)
    stack.callback(database.answers.close)
    writer: GroupCommit | OneByOne = OneByOne(database, live)
    if settings.group_commit:
        writer = GroupCommit(database, live, wait_seconds=settings.group_commit_ms / 1000)
    stack.callback(writer.close)
    counters = Counters(settings.redis_url, settings.redis_prefix, settings.signing_key())
    stack.callback(counters.close)
    written = trail(database) if trail else AuditLog(database, Keys(settings.audit_keys()))
    return Services(settings, database, Directory(database), writer, live, counters, written)


def _export_at_once(services: Services) -> exports.Work:
    """What writes a small export within its request."""
    folder = folder_of(services.settings.data_dir)
    return partial(work, services.database, services.directory, folder)


if __name__ == "__main__":
    # A fresh interpreter: the supervisor stays small without Dash, pandas and all the rest in memory.
    os.execv(sys.executable, [sys.executable, "-m", "launch"])  # noqa: S606
