"""The worker's round of sinks: what came since each one's position, in batches, as far as it can be read.

A round reads up to a whole minute, so that a minute mostly is sent once, when it is over.
"""

from __future__ import annotations

from datetime import datetime
from threading import Event
from uuid import UUID

import structlog

from data import sink_rows, sinks
from data.engine import Database
from data.keys import Unsealable
from data.sinks import Sink
from jobs.sink_kind import NotTaken, SinkKind

BATCH = 2_000
"""Messages read at a time."""

log = structlog.stdlib.get_logger("sinks")


class Sinking:
    """Everything about sinks that the worker does."""

    def __init__(self, database: Database, stop: Event) -> None:
        self._database, self._stop = database, stop

    def work(self) -> None:
        """One round of all. Raises DatabaseUnavailable."""
        for tenant_id, sink_id in sinks.due(self._database):
            if self._stop.is_set():
                return
            try:
                self._copy(tenant_id, sink_id)
            except (NotTaken, Unsealable) as error:
                log.warning("sink", sink=str(sink_id), reason=str(error))
                with self._database.tenant(tenant_id) as tenant:
                    sinks.failed(tenant, sink_id, str(error))

    def _copy(self, tenant_id: UUID, sink_id: UUID) -> None:
        with self._database.tenant(tenant_id) as tenant:
            if not sinks.claim(tenant, sink_id):
                return
            sinks.mark(tenant, sink_id)
            sink = sinks.get(tenant, sink_id)
        if sink is not None and sink.at < _whole_minute(sink):
            opened = opened_of(sink)
            try:
                while sink is not None and not self._stop.is_set() and self._batch(tenant_id, sink, opened):
                    with self._database.tenant(tenant_id) as tenant:
                        sink = sinks.get(tenant, sink_id)
            finally:
                opened.close()
        with self._database.tenant(tenant_id) as tenant:
            sinks.release(tenant, sink_id)

    def _batch(self, tenant_id: UUID, sink: Sink, opened: SinkKind) -> bool:
        """Whether there may be more."""
        with self._database.tenant(tenant_id, snapshot=True) as tenant:
            found = sink_rows.after(
                tenant, sink.at, sink.at_key, _whole_minute(sink), BATCH, payload=opened.payload
            )
            prepared = opened.prepare(tenant, found)
        if not found:
            return False
        opened.send(prepared)
        last = found[-1]
        with self._database.tenant(tenant_id) as tenant:
            kept = sinks.moved(tenant, sink, last.received_at, last.message_key, len(found))
        log.info("sink", sink=str(sink.sink_id), kind=sink.kind, messages=len(found), written=len(prepared))
        return kept and len(found) == BATCH


def opened_of(sink: Sink) -> SinkKind:
    """The sink, ready to be written to. Raises NotTaken."""
    if sink.kind == "influxdb":
        from jobs.sink_influxdb import InfluxDB

        return InfluxDB(sink)
    # Whoever has no such sink need not hold its library in memory.
    from pymongo.errors import PyMongoError

    from jobs.sink_mongodb import MongoDB

    try:
        return MongoDB(sink)
    except (PyMongoError, ValueError) as error:
        raise NotTaken(f"Its address cannot be used: {type(error).__name__}.") from None


def _whole_minute(sink: Sink) -> datetime:
    return sink.ready_until.replace(second=0, microsecond=0)
