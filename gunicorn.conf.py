"""Gunicorn, which serves the web process: `gunicorn "app:create_server()"` reads this file by itself."""

import resource
import signal
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

import logs
from config import Settings
from processes import collect_garbage_less, die_with_parent

_settings = Settings.load()
logs.configure(_settings, "web")


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  Gunicorn finds it by this name.
    """Gunicorn's own lines go where all others go."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's levels, but not its handlers."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


bind = f"{_settings.host}:{_settings.port}"
# One worker with many threads: pages, API and live sockets of one process share one subscriber to Redis.
workers = 1
worker_class = "api.arrival.ArrivalWorker"
threads = _settings.web_threads
# Sockets stay open for hours, so a stop does not wait for them; browsers connect again by themselves.
graceful_timeout = 3
timeout = 60
keepalive = 20
# The worker's heartbeat file belongs in memory: on a busy disk it would look dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
loglevel = "warning"
accesslog = None  # The application writes its own request log, without query strings.


def post_worker_init(worker: Any) -> None:
    """The door makes thousands of short-lived objects a request."""
    collect_garbage_less()


def post_fork(server: Any, worker: Any) -> None:
    """A worker never outlives its master, whatever ends it, and may open as many sockets as are allowed."""
    die_with_parent(signal.SIGTERM)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _settings.max_sockets + 1024  # The rest is for requests, PostgreSQL, Redis and files.
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if most < 0 else min(wanted, most), most))


def worker_exit(server: Any, worker: Any) -> None:
    """Write what still waits, and give the connections back."""
    close = getattr(getattr(worker, "wsgi", None), "extensions", {}).get("housecount.close")
    if close is not None:
        close()
