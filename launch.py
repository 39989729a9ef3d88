"""One command runs it all: the embedded servers, the migrations, the demo, and the processes that serve.

This process only supervises. It imports neither Dash nor pandas, so it stays small; what ends is started
again, and when this process ends, however it ends, everything it started ends with it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import structlog

import logs
from config import ConfigurationError, Settings
from data import embedded
from data.database_login import application_url
from data.demo_handover import read_history
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.folder import EmbeddedError
from processes import Process

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STABLE_AFTER = 60.0
STOP_SECONDS = 10.0

# glibc otherwise keeps pools of memory for many threads, and whatever a passing peak once needed: a third of
# the web process.
_FRUGAL = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
    "MALLOC_TRIM_THRESHOLD_": "1000000",
}

log = structlog.stdlib.get_logger("launch")


class StartError(Exception):
    """Housecount cannot start; the text says why."""


class Stopped(Exception):
    """A signal asked for the end while something was still starting."""


class Signals:
    """Waiting that ends early: at once when a stop is asked for, and whenever a child ends.

    The handlers only leave a mark; Python writes each signal's number into a pipe that the wait selects on.
    """

    def __init__(self) -> None:
        self.stop = False
        self._reader, writer = socket.socketpair()
        self._reader.setblocking(False)
        writer.setblocking(False)
        self._writer = writer
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or earlier after a signal."""
        if not self.stop and select.select([self._reader], [], [], seconds)[0]:
            self._reader.recv(4096)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop = True


class Kept:
    """A process that is started again when it ends, after a pause that doubles while it keeps failing."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._started_at = time.monotonic()
        self._pause = FIRST_PAUSE
        self._due: float | None = None

    def look_after(self, now: float) -> None:
        """Notice an end, and start again when the pause is over."""
        if self._due is None and self.process.exit_code is not None:
            if now - self._started_at > STABLE_AFTER:
                self._pause = FIRST_PAUSE
            log.error(
                "process ended",
                name=self.process.name,
                exit_code=self.process.exit_code,
                restart_in_seconds=self._pause,
            )
            self._due = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if self._due is not None and now >= self._due:
            self._started_at, self._due = now, None
            try:
                self.process.start()
            except EmbeddedError as error:
                log.error("start failed", name=self.process.name, reason=str(error))
            else:
                log.info("process started", name=self.process.name, pid=self.process.pid)


def main() -> int:
    """Run Housecount until a signal; the exit status is 0 after an orderly end and 1 when it cannot start."""
    os.chdir(Path(__file__).resolve().parent)  # Where .env, gunicorn.conf.py and our modules are.
    try:
        settings = Settings.load()
        logs.configure(settings, "supervisor")
        run(settings, Signals())
    except Stopped:
        pass
    except (ConfigurationError, EmbeddedError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run(settings: Settings, signals: Signals) -> None:
    """Start everything in order, say where it is, keep it running until `signals.stop`, stop it in order.

    Raises EmbeddedError, StartError, or Stopped when the end came before the start was done.
    """
    began = time.monotonic()
    _check_port(settings)
    with embedded.started(settings.data_dir, settings.database_url, settings.redis_url) as (urls, servers):
        environment = os.environ | _FRUGAL | {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
        # What answers strangers never holds the owner's password.
        guarded = environment | {"DATABASE_URL": application_url(urls.database_url)}
        _finish("migrations", [sys.executable, "-m", "data.migrations", "upgrade"], environment, signals)
        children = [
            Process(name, command, environment=environment if name == "worker" else guarded)
            for name, command in _commands(settings)
        ]
        try:
            children[0].start()
            if settings.demo:  # Beside the web process, which takes as long to load.
                _finish("demo", [sys.executable, "-m", "jobs", "seed"], environment, signals)
            for child in children[1:]:
                child.start()
            kept = [Kept(process) for process in [*servers, *children]]
            ready = False
            while not signals.stop:
                signals.wait(1.0 if ready else 0.1)
                if signals.stop:
                    _say_stopping()
                if not ready and children[0].exit_code is not None:
                    raise StartError("The web process ended before it was ready; what went wrong is above.")
                for one in kept:
                    one.look_after(time.monotonic())
                if not ready and _answers(settings):
                    ready = True
                    print(banner(settings, time.monotonic() - began), flush=True)
        finally:
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.stop(STOP_SECONDS)


def banner(settings: Settings, seconds: float) -> str:
    """What a person needs to know once it runs: the address, the demo's login, and what is embedded."""
    folder = settings.data_dir.resolve()
    lines = [f"\nHousecount is ready after {seconds:.1f} s:  {address(settings)}\n"]
    if settings.demo:
        lines.append(f"  Demo login   {DEMO_EMAIL}  /  {DEMO_PASSWORD}")
        if (percent := read_history(settings.data_dir)) is not None:
            lines.append(
                f"  Demo history {percent}%, the rest is being published; its pages say how far it is"
            )
    lines.append(
        f"  PostgreSQL   {'from DATABASE_URL' if settings.database_url else f'embedded, in {folder}'}"
    )
    lines.append(f"  Redis        {'from REDIS_URL' if settings.redis_url else f'embedded, in {folder}'}")
    if settings.master_key is None:
        lines.append(f"  Master key   {folder / 'master_key'}: keep a copy, without it no secret can be read")
    lines.append("  Stop         Ctrl-C\n")
    return "\n".join(lines)


def address(settings: Settings) -> str:
    """The URL to open on this machine."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _commands(settings: Settings) -> list[tuple[str, Sequence[str]]]:
    """Name and command of each process that serves; the web process first."""
    python = sys.executable
    commands: list[tuple[str, Sequence[str]]] = [
        ("web", [python, "-m", "gunicorn", "app:create_server()"]),
        ("worker", [python, "-m", "jobs", "worker"]),
    ]
    if settings.demo:
        commands.append(("simulator", [python, "-m", "jobs", "simulate"]))
    return commands


def _finish(name: str, command: Sequence[str], environment: dict[str, str], signals: Signals) -> None:
    """Run a step to its end. Raises StartError when it fails, Stopped when a signal came first."""
    step = Process(name, command, environment=environment)
    with step.running():
        while step.exit_code is None and not signals.stop:
            signals.wait(1.0)
        if signals.stop:
            _say_stopping()
            raise Stopped
    if step.exit_code:
        raise StartError(f"The {name} failed (exit code {step.exit_code}); what went wrong is above.")


def _check_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if _is_housecount(settings):
                raise StartError(
                    f"Housecount already runs at {address(settings)}: open it there, or set PORT,"
                    " METRICS_PORT and DATA_DIR to start another one."
                ) from None
            raise StartError(
                f"{settings.host}:{settings.port} cannot be used ({error.strerror}). Set HOST or PORT."
            ) from None


def _is_housecount(settings: Settings) -> bool:
    """Whether what has the port shows our sign-in, or our page about a database that is away."""
    try:
        with urllib.request.urlopen(f"{address(settings)}/login", timeout=3) as answer:  # noqa: S310
            return b"Housecount" in answer.read()
    except urllib.error.HTTPError as refusal:
        return b"Housecount" in refusal.read()
    except (http.client.HTTPException, OSError):
        return False


def _say_stopping() -> None:
    """Tell a person who pressed Ctrl-C that it is heard: servers take a moment to end in order."""
    with contextlib.suppress(OSError):  # The terminal may be what has just gone.
        print("\nStopping …", flush=True)


def _answers(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{address(settings)}/livez", timeout=1):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())
