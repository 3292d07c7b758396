"""What walking through a picture file gives, and how far such a walk goes."""

from dataclasses import dataclass

from thumbapp.errors import TooManyParts

# readers go through all of it; what cameras write is far less
MOST_EXIF_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file's own bytes say; ``size`` is None where the decoder is the one to ask.

    ``coefficient_bytes`` are what a decoder that keeps the whole picture in memory takes a pixel;
    ``detail`` says how fine a JPEG's texture is; ``exif`` is set where the decoder would not find it in the
    header.
    """

    format: str
    frames: int = 1
    scans: int = 1
    coefficient_bytes: float = 0.0
    size: tuple[int, int] | None = None
    detail: float = 0.0
    exif: bytes = b""


class Parts:
    """Counts the parts of a file: millions of tiny ones would keep any reader busy for a minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen = 0

    def count(self, parts: int = 1) -> None:
        """Note that so many more *parts* were met.

        Raises:
            TooManyParts: a camera or editor would have written fewer.
        """
        self._seen += parts
        if self._seen > self._most:
            raise TooManyParts(self._most)
