"""Small private files that another process may read while they are written, and how many may be open."""

import os
import sys
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Put *text* into *file*, readable by its owner alone; a reader sees the old text or the new."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
    beside.replace(file)


def allow_open_files(wanted: int) -> int:
    """Let this process hold *wanted* files and connections, as far as the system lets it; returns how many.

    What a shell gives is 1,024 on most Linux systems and 256 on macOS; Windows has no such limit.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        except (OSError, ValueError):  # macOS has a limit of its own below "unlimited"
            return now
    return wanted
