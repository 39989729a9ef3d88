"""Logging: one JSON object per line, or readable lines on a terminal, with secrets blanked."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

from config import Settings

BLANK = "[hidden]"
SELDOM_SECONDS = 60.0
_SECRET_NAME = re.compile(r"passw|secret|token|authori[sz]ation|cookie|api_?key|_url$", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # the credentials of a URL
    r"|(?<=\bBearer )\S+"
    r"|\bhc_[A-Za-z0-9_-]{16,}"  # our own API tokens
    r"|(?<=\bpassword=)\S+"
    r"|(?<=/webhooks/pretix/)[^/\s]+/[^\s?\"']+",  # the last part of the address authenticates pretix
    re.IGNORECASE,
)


def configure(settings: Settings, process: str) -> None:
    """Send all that this process logs, libraries included, to standard output with the process's name."""
    plain = settings.log_format == "console" or (settings.log_format == "auto" and sys.stdout.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
    ]
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if plain:
        last += [hide_secrets, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    else:
        last += [structlog.processors.format_exc_info, hide_secrets, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.root.handlers = [handler]
    logging.root.setLevel(settings.log_level.upper())
    for chatty in ("httpx", "httpcore", "alembic", "werkzeug", "gunicorn.error"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))
    # While PostgreSQL is away its pools tell of every attempt, several times a second; roll-ups that cannot
    # be applied are tried again every other second.
    for repeating in ("psycopg.pool", "data.rollup_applier"):
        logging.getLogger(repeating).filters = [Seldom()]


class Seldom(logging.Filter):
    """Lets one line of a kind (its text before the values are put in) pass a minute.

    The next one that passes says in `left_out` how many there were in between.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._passed_at: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        kind, now = str(record.msg), time.monotonic()
        with self._lock:
            passed_at = self._passed_at.get(kind)
            if passed_at is not None and now - passed_at < SELDOM_SECONDS:
                self._left_out[kind] = self._left_out.get(kind, 0) + 1
                return False
            self._passed_at[kind] = now
            left_out = self._left_out.pop(kind, 0)
        if left_out:
            record.left_out = left_out
        return True


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The log event with every value that is named like a secret, or looks like one, blanked."""
    return {name: BLANK if _SECRET_NAME.search(name) else _hidden(value) for name, value in event.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(BLANK, value)
    if isinstance(value, dict):
        return dict(hide_secrets(None, "", value))
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return value


def _named(process: str) -> Any:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return add
