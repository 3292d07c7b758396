"""The disk that bodies lie on while they come in: a crowd of large ones must not fill it."""

import shutil
import tempfile
from typing import Final

from thumbapp.errors import DiskFull

LOOK_EVERY_BYTES: Final = 1_000_000


class DiskSpace:
    """What must stay free where temporary files are put; 0 bytes: nothing."""

    def __init__(self, min_free_bytes: int = 0) -> None:
        self._min_free_bytes = min_free_bytes

    def check(self, before: int, now: int) -> None:
        """Look at the disk once for each MB, a body having grown from *before* to *now* bytes.

        Raises:
            DiskFull: there is less room than must stay free.
        """
        if not self._min_free_bytes or before // LOOK_EVERY_BYTES == now // LOOK_EVERY_BYTES:
            return
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if free < self._min_free_bytes:
            raise DiskFull(free, self._min_free_bytes)
