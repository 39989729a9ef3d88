"""What the command for queues has to know of one kind of broker."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config import Settings

Place = Mapping[str, Any]
"""Where messages are, as it is kept with the source."""


@dataclass(frozen=True)
class QueueKind:
    """One kind of broker."""

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    prepared: Callable[[argparse.Namespace, str, Settings], tuple[Place, str]]
    """Has all there that is needed at the broker of this address; returns where that is, and what to tell the
    operator. Raises Refusal."""
    shown: Callable[[Place], str]
    """Where it is, in few words."""
