"""The client: calls become messages with an id of their own, a thread sends them in batches."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from .door import Door, Refused
from .spool import Disk, Memory

log = logging.getLogger("housecount_client")
Moment = datetime | str | None
Rejected = Callable[[Mapping[str, Any]], None]


class Client:
    """Sends what is logged to a Housecount server, with a token that may send; no call waits for the network.

    With a `spool` directory, what a call took is on disk and reaches the server, after a crash by the next
    client with this directory; without one, what waits ends with the process. `on_rejected` is told, in the
    sending thread, of each message that the server refused.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        spool: str | Path | None = None,
        spool_bytes: int = 64 << 20,
        batch: int = 500,
        timeout: float = 10.0,
        longest_wait: float = 60.0,
        on_rejected: Rejected | None = None,
    ) -> None:
        """Raises ValueError, and InUse or OSError for a spool that cannot be used."""
        self._door = Door(url, token, timeout)
        self._spool = Memory(spool_bytes) if spool is None else Disk(Path(spool), spool_bytes)
        self._batch, self._size, self._longest = batch, batch, longest_wait
        self._on_rejected = on_rejected
        self._change = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="housecount-client", daemon=True)
        self._thread.start()

    def log_ticket_scan(
        self,
        ticket_id: str,
        event_id: str,
        *,
        scanned_at: Moment = None,
        entry_point: str | None = None,
        scanner_id: str | None = None,
        device_info: Mapping[str, Any] | None = None,
        is_valid: bool = True,
        reason: str | None = None,
        direction: Literal["entry", "exit"] = "entry",
        venue_id: str | None = None,
    ) -> str:
        """A ticket was scanned; gives the message's id. Raises Full, OSError, ValueError once closed."""
        fields = {"ticket_id": ticket_id, "event_id": event_id, "venue_id": venue_id, "reason": reason}
        door = {"entry_point": entry_point, "direction": direction, "is_valid": is_valid}
        device = {"scanner_id": scanner_id, "device_info": device_info}
        return self._log("ticket-scan", scanned_at, fields | door | device)

    def log_ticket_transfer(
        self,
        ticket_id: str,
        event_id: str,
        from_user_id: str | None = None,
        to_user_id: str | None = None,
        *,
        transferred_at: Moment = None,
        reason: str | None = None,
        is_successful: bool = True,
        venue_id: str | None = None,
        ip_address: str | None = None,
        user_agent: str | None = None,
    ) -> str:
        """A ticket changed hands, or did not. Addresses and browsers are not sent. Raises as above."""
        fields = {"ticket_id": ticket_id, "event_id": event_id, "venue_id": venue_id, "reason": reason}
        people = {"from_user_id": from_user_id, "to_user_id": to_user_id, "is_successful": is_successful}
        return self._log("ticket-transfer", transferred_at, fields | people)

    def log_invalid_attempt(
        self,
        attempt_type: Literal["scan", "transfer", "validation"],
        event_id: str,
        *,
        ticket_id: str | None = None,
        reason: str | None = None,
        entry_point: str | None = None,
        attempted_at: Moment = None,
        venue_id: str | None = None,
        ip_address: str | None = None,
        user_agent: str | None = None,
    ) -> str:
        """Something was refused. Addresses and browsers are not sent. Raises as above."""
        fields = {"ticket_id": ticket_id, "event_id": event_id, "venue_id": venue_id, "reason": reason}
        what = {"attempt_type": attempt_type, "entry_point": entry_point}
        return self._log("invalid-attempt", attempted_at, fields | what)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to send; False when that takes longer than `timeout` seconds."""
        with self._change:
            return self._change.wait_for(lambda: not self._spool.waiting, timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Flush and end; False when something is left, for the next client where there is a spool."""
        sent = self.flush(timeout)
        with self._change:
            closed, self._closing = self._closing, True
            self._change.notify_all()
        if not closed:
            self._thread.join()
            self._door.close()
            self._spool.close()
        return sent

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _log(self, kind: str, at: Moment, fields: Mapping[str, Any]) -> str:
        moment, own_id = at or datetime.now(UTC), uuid4().hex
        stamp = moment.isoformat() if isinstance(moment, datetime) else moment
        given = {name: value for name, value in fields.items() if value is not None}
        message = {"type": kind, "id": own_id, "timestamp": stamp} | given
        line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._change:
            if self._closing:
                raise ValueError("The client is closed.")
            self._spool.add(line)
            self._change.notify_all()
        return own_id

    def _run(self) -> None:
        failures = 0
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closing or self._spool.waiting)
                if self._closing:
                    return
                lines = self._spool.first(self._size)
            try:
                self._send(lines)
                failures = 0
            except Exception as error:  # Whatever it is: what waits is still there, and may be sent again.
                failures += 1
                wait = min(self._longest, 2.0 ** min(failures, 20)) * random.uniform(0.5, 1)
                wait = max(wait, getattr(error, "after", 0.0))
                log.warning("%d messages or more wait %.1f seconds: %s", len(lines), wait, error)
                with self._change:
                    self._change.wait_for(lambda: self._closing, wait)

    def _send(self, lines: list[bytes]) -> None:
        try:
            rejected = self._door.send(lines)
        except Refused as refusal:
            if len(lines) > 1:  # One of them, or that they are so many: find out which.
                self._size = len(lines) // 2
                return
            rejected = [{"status": "rejected", "id": json.loads(lines[0])["id"], "detail": str(refusal)}]
        with self._change:
            self._spool.done(lines)
            self._change.notify_all()
        self._size = min(self._batch, self._size * 2)
        for verdict in rejected:
            log.error("message %s was refused: %s", verdict["id"], verdict.get("code", verdict["detail"]))
            if self._on_rejected is not None:
                self._on_rejected(verdict)
