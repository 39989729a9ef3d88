"""Secrets that are made on first use and kept in files of the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_or_made(folder: Path, name: str) -> str:
    """The secret in a file of the folder that only its owner can read, made when it is not there.

    Two processes may ask at the same time: the file appears whole by a hard link, and the first one wins.
    """
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
