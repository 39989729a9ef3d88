"""Logging: one JSON object per line, or readable lines on a terminal, without secrets and personal data.

What is blanked is found by the name of a value, or by its look: nobody who logs what somebody else said can
know what is in it. A line of a request says its id (`request`) and the tenant, where it is known.
"""

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
_OURS = frozenset({"timestamp", "level", "process", "tenant"})
"""What we put on every line ourselves: nothing of it is searched."""
_SECRET_NAME = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|api_?key|_url$|e_?mail|phone|customer(?!s)|address$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # the credentials of a URL
    r"|(?<=\bBearer )\S+|(?<=\bBasic )\S+|(?<=\bBearer\.)\S+"
    r"|(?<=\bCookie: )[^\r\n]+"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|\b[0-9a-f]{32}\.[0-9a-f]{32}\.[\w-]+"  # the token of a session
    r"|(?<=/shared/)[\w-]+"  # that of a promoter's link
    r"|(?<=/welcome/)[\w-]+|(?<=/reset/)[\w-]+"  # those of links in mails
    r"|\bhc_[A-Za-z0-9_-]{16,}"  # our own API tokens
    r"|(?<=\bpassword=)[^\s&]+"
    r"|(?<=[\"']password[\"']: )[\"'][^\"']*[\"']|(?<=[\"']password[\"']:)[\"'][^\"']*[\"']"
    r"|(?<=/webhooks/pretix/)[^/\s]+/[^\s?\"']+",  # the last part of the address authenticates pretix
    re.IGNORECASE,
)

_PERSONAL_TEXT = re.compile(
    r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|(?<![\w.+-])\+\d[\d ()./-]{6,16}\d(?!\w)"  # a telephone number: +44 20 7946 0000,
    r"|(?<![\w.-])\(?0\d{2,4}\)?[ /-]?\d{3,4}[ /-]?\d{3,5}(?![\w.-])"  # 020 7946 0000
    r"|(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?![\w.-])"  # and (555) 010-4477
)
_ADDRESS_TEXT = re.compile(
    r"(?<![\w.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}(?![\w:])",
    re.IGNORECASE,
)


def configure(settings: Settings, process: str) -> None:
    """Send all that this process logs, libraries included, to standard output with the process's name."""
    plain = settings.log_format == "console" or (settings.log_format == "auto" and sys.stdout.isatty())
    hide = Hide(addresses=settings.log_addresses)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
    ]
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if plain:
        last += [hide, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    else:
        last += [structlog.processors.format_exc_info, hide, structlog.processors.JSONRenderer()]
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


class Hide:
    """A processor that blanks every value that is named like a secret or personal, or looks like it; IP
    addresses unless `addresses` are wanted."""

    def __init__(self, *, addresses: bool) -> None:
        self._looks = [_SECRET_TEXT, _PERSONAL_TEXT, *([] if addresses else [_ADDRESS_TEXT])]

    def __call__(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The event without them."""
        return {name: value if name in _OURS else self._of(name, value) for name, value in event.items()}

    def _of(self, name: object, value: Any) -> Any:
        return BLANK if _SECRET_NAME.search(str(name)) else self._hidden(value)

    def _hidden(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {name: self._of(name, own) for name, own in value.items()}
        if isinstance(value, list | tuple):
            return [self._hidden(item) for item in value]
        text = str(value)
        for look in self._looks:
            text = look.sub(BLANK, text)
        return text


def _named(process: str) -> Any:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return add
