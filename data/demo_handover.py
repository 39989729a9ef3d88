"""What the seeding of the demo hands over to its simulator: a file in the data folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from data.folder import write_private

HANDOVER = "demo.json"


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
