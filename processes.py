"""Programs we start: they end when we end, whatever ends us, and are asked to stop by their own signal.
And how one of them learns that it is asked to."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

_LIBC = ctypes.CDLL(None)
_SET_PARENT_DEATH_SIGNAL = 1


def until_signalled() -> threading.Event:
    """An event that SIGTERM or SIGINT sets. Call it in the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def collect_garbage_less() -> None:
    """What stands after the start stays, and need not be looked at again.

    Messages are thousands of short-lived objects, none of them in cycles; with Python's own threshold a fifth
    of the time of reading them went into looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


class Process:
    """One program, which can be started again after its end.

    `stop` is the signal for an orderly end; `log` takes its output (else it writes where we do); `keep_open`
    are the descriptors it inherits.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        stop: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._stop = stop
        self._environment = environment
        self._keep_open = keep_open
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process number, or None before the first start."""
        return None if self._running is None else self._running.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; a negative number is the signal that ended it."""
        return None if self._running is None else self._running.poll()

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C in the terminal is for us, who stop things in order."""
        with contextlib.ExitStack() as stack:
            output = None if self.log is None else stack.enter_context(_private(self.log))
            self._running = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(self._stop),
                pass_fds=self._keep_open,
            )

    def ask_to_stop(self) -> None:
        """Send the signal for an orderly end and return at once."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(self._stop)

    def stop(self, seconds: float = 20.0) -> None:
        """Stop it in order; after `seconds` kill it with everything it started."""
        self.ask_to_stop()
        if self._running is not None:
            try:
                self._running.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self._running.pid, signal.SIGKILL)
                self._running.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Started for the length of the block."""
        self.start()
        try:
            yield
        finally:
            self.stop()


def _private(log: Path) -> BinaryIO:
    """A log to add to, which its owner alone can read, also when it is an older one."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")


def die_with_parent(number: signal.Signals) -> None:
    """Ask Linux to send this process a signal when its parent dies; to be called right after a fork."""
    if sys.platform == "linux":
        _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, int(number))
