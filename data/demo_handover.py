"""What the demo's processes tell each other, by files in the data folder.

The seeding hands the programme over to the simulator, and both tell the pages how far its history is.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from data.folder import write_private

HANDOVER = "demo.json"
HISTORY = "demo.history"


@dataclass(frozen=True, slots=True)
class Demo:
    """What the simulator has to know: its token, and every evening's doors by reference, for each venue."""

    token: str
    events: dict[str, dict[str, datetime]]


def read_handover(data_dir: Path) -> Demo | None:
    """What the last seeding left in the data folder; None without a file that can be read."""
    try:
        return msgspec.json.decode((data_dir / HANDOVER).read_bytes(), type=Demo)
    except (OSError, msgspec.DecodeError):
        return None


def hand_over(data_dir: Path, demo: Demo) -> None:
    """Readable by its owner only, and there at every moment, as the simulator looks at it again and again."""
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / f"{HANDOVER}.new"
    write_private(draft, msgspec.json.format(msgspec.json.encode(demo), indent=1).decode())
    draft.replace(data_dir / HANDOVER)


def tell_history(data_dir: Path, percent: int) -> None:
    """Say how many percent of the evenings are published as far as they have got; at 100 nothing is said."""
    if percent >= 100:
        (data_dir / HISTORY).unlink(missing_ok=True)
        return
    draft = data_dir / f"{HISTORY}.new"
    draft.write_text(str(percent))
    draft.replace(data_dir / HISTORY)


def read_history(data_dir: Path) -> int | None:
    """How many percent of the demo's evenings are published; None once all are, and without a demo."""
    try:
        return int((data_dir / HISTORY).read_text())
    except (OSError, ValueError):
        return None
