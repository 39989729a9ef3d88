"""Reads queues until it is killed, at a place in the code: python -m tests.bull.killed PLACE."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from data.bull_queues import BullQueues
from ingest.door import Door
from jobs.__main__ import main


def die(*_: Any, **__: Any) -> Any:
    """As if by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


PLACES = {
    "before-commit": (Door, "delivered"),
    "before-completion": (BullQueues, "finish"),
}

if __name__ == "__main__":
    setattr(*PLACES[sys.argv[1]], die)
    sys.exit(main(["consume"]))
