"""A message as a job carries it: what the job's and the queue's names say of it, and CloudEvents in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from data.job_queues import Job
from ingest.cloudevents import Envelope, structured
from ingest.kinds import said, spelt
from ingest.message import KINDS, known_type

_UNNAMED = b"__default__"
_NAMES = spelt()
_IDS = {name for name, meant in _NAMES.items() if meant == "message_id"}
_TYPES = {name for name, meant in _NAMES.items() if meant == "type"}
_TIMES = {kind.type: {n for n, meant in kind.names.items() if meant in kind.times} for kind in KINDS.values()}


def envelope_of(job: Job) -> Envelope:
    """What takes the message out of the data of a job."""

    def taken(raw: dict[str, Any]) -> dict[str, Any]:
        return structured(raw) if "specversion" in raw else _completed(raw, job)

    return taken


def _completed(raw: dict[str, Any], job: Job) -> dict[str, Any]:
    """The message with what the job says: its type; its identity and time, where it has none itself."""
    message = {name: value for name, value in raw.items() if name not in _TYPES} | {"type": _type(raw, job)}
    if not said(raw, _IDS):
        # The counter begins again in a Redis that was wiped: with its time a number names one job.
        message["id"] = f"{job.queue} {_text(job.id)} {_text(job.timestamp)}"
    if not said(raw, _TIMES.get(known_type(message["type"]) or "", ())):
        at = _moment(job.timestamp)
        if at is not None:
            message["timestamp"] = at
    return message


def _type(raw: dict[str, Any], job: Job) -> str:
    """The job's name; the queue's when it has none; what the message says where neither is a type."""
    name = job.queue if job.name in (None, b"", _UNNAMED) else _text(job.name)
    if known_type(name) is None:
        own = next((raw[each] for each in _TYPES if type(raw.get(each)) is str and raw[each]), None)
        return name if own is None else own
    return name


def _moment(milliseconds: bytes | None) -> str | None:
    try:
        return datetime.fromtimestamp(int(milliseconds or b"") / 1000, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _text(given: bytes | None) -> str:
    return (given or b"").decode(errors="replace")
