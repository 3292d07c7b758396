"""Small private files that another process may read while they are written."""

import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Put *text* into *file*, readable by its owner alone; a reader sees the old text or the new."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
    beside.replace(file)
