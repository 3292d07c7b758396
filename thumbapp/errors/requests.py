"""Uploads and questions that cannot be served, and what is away for now."""

from collections.abc import Iterable

from thumbapp.errors.base import Refused, ThumbAppError, Unavailable


class RedisUnavailable(Unavailable):
    """Redis does not answer."""

    code = "redis-unavailable"

    def __init__(self) -> None:
        super().__init__("Redis does not answer, so nothing was saved. Try again in a moment.")


class QueueFull(Unavailable):
    """More work waits than the workers can be expected to do."""

    code = "queue-full"
    retry_after_s = 30

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting:,} jobs are waiting already. Nothing was saved; try again later.")


class StorageUnavailable(Unavailable):
    """The media folder cannot be written."""

    code = "storage-unavailable"
    retry_after_s = 60

    def __init__(self, reason: str) -> None:
        super().__init__(f"The picture could not be stored ({reason}). Nothing was saved.")


class DiskFull(StorageUnavailable):
    """The disk has less room than must stay free."""

    code = "disk-full"

    def __init__(self, free_bytes: int, kept_bytes: int) -> None:
        super().__init__(f"{free_bytes // 10**6:,} MB are free, {kept_bytes // 10**6:,} MB must stay free")


class TooManyStreams(Unavailable):
    """As many live streams are open as are served at once; a page polls instead."""

    code = "too-many-streams"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit:,} live connections are open already, the most there may be. Close a page that waits."
        )


class BadParameter(Refused):
    """A query parameter or field holds something it cannot mean."""

    code = "bad-parameter"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value[:40]!r} is not understood; expected: {expected}.")


class StillWorking(ThumbAppError):
    """The first request with this Idempotency-Key has not been answered yet."""

    code = "idempotency-pending"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this Idempotency-Key is still at work. Ask again in a second."
        )


class IdempotencyMismatch(Refused):
    """The Idempotency-Key was used for another upload."""

    code = "idempotency-mismatch"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another upload. Nothing was stored.")


class UploadRefused(Refused):
    """The uploaded file cannot become thumbnails."""

    code = "upload-refused"


class NoFileChosen(UploadRefused):
    """The form came without a picture."""

    code = "no-file"

    def __init__(self) -> None:
        super().__init__("No picture was chosen. Choose at least one file.")


class TooManyFiles(UploadRefused):
    """One upload holds more files than are taken at once."""

    code = "too-many-files"

    def __init__(self, files: int, limit: int) -> None:
        super().__init__(f"{files:,} files were sent at once; at most {limit:,} are taken.")


class FileTooLarge(UploadRefused):
    """The file has more bytes than are taken."""

    code = "file-too-large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The file is larger than {limit_bytes // 10**6:,} MB, the most that is taken.")


class EmptyFile(UploadRefused):
    """The file has no bytes."""

    code = "empty-file"

    def __init__(self) -> None:
        super().__init__("The file is empty (0 bytes).")


class NotAPicture(UploadRefused):
    """The content is of no format we read."""

    code = "not-a-picture"

    def __init__(self, formats: Iterable[str]) -> None:
        super().__init__(f"This is not a picture we can read. Formats: {' '.join(formats)}.")


class BrokenPicture(UploadRefused):
    """The content begins like a picture and then is cut off or damaged."""

    code = "broken-picture"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The picture is damaged or cut off ({reason}). Save or export it again.")


class TooManyPixels(UploadRefused):
    """The header promises more pixels than we decode."""

    code = "too-many-pixels"

    def __init__(self, pixels: int, limit: int) -> None:
        super().__init__(f"The picture has {pixels:,} pixels; at most {limit:,} are read.")


class PictureTooHeavy(UploadRefused):
    """Decoding it, or making its thumbnails, would take more memory than a worker may use."""

    code = "too-much-memory"

    def __init__(self, needed_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"Making this picture's thumbnails takes about {needed_bytes // 10**6:,} MB of memory; "
            f"at most {limit_bytes // 10**6:,} MB are used."
        )


class PictureTooSlow(UploadRefused):
    """Decoding would take longer than a job may."""

    code = "too-much-time"

    def __init__(self, needed_s: float, limit_s: float) -> None:
        super().__init__(
            f"Reading this picture takes about {needed_s:,.0f} s; at most {limit_s:,.0f} s are spent."
        )


class TooManyScans(UploadRefused):
    """A JPEG is drawn in so many passes that it would take minutes."""

    code = "too-many-scans"

    def __init__(self, scans: int) -> None:
        super().__init__(f"This JPEG is drawn in {scans:,} passes, far more than a camera or editor writes.")


class TooManyParts(UploadRefused):
    """A file is cut into so many pieces that reading its header alone would take a minute."""

    code = "too-many-parts"

    def __init__(self, limit: int) -> None:
        super().__init__(f"This file is cut into more than {limit:,} parts, far more than an editor writes.")


class TooManyFrames(UploadRefused):
    """An animation has more frames, or larger ones, than are read."""

    code = "too-many-frames"

    def __init__(self, frames: int, limit: int) -> None:
        super().__init__(
            f"The animation has {frames:,} frames or more of this size; at most {limit:,} are read."
        )


class ThumbnailTooLarge(UploadRefused):
    """A thumbnail of a long picture would have more pixels a side than its format can hold."""

    code = "thumbnail-too-large"

    def __init__(self, width: int, height: int, *, format: str, limit: int) -> None:
        super().__init__(
            f"A thumbnail would be {width:,} x {height:,} pixels; {format} holds at most {limit:,} a side. "
            "Choose a smaller size or another format."
        )


class RequestTooLarge(Refused):
    """The whole request has more bytes than are taken."""

    code = "request-too-large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The request is larger than {limit_bytes // 10**6:,} MB, the most that is taken at once."
        )


class BrokenRequest(Refused):
    """The body broke off, or is not what its header says."""

    code = "broken-request"

    def __init__(self) -> None:
        super().__init__("The request broke off or is malformed, so nothing was saved. Send it again.")


class NoJsonObject(Refused):
    """The body is not a JSON object."""

    code = "no-json-object"

    def __init__(self) -> None:
        super().__init__(
            "The body must be a JSON object, such as {}, and not nested hundreds deep. Nothing was saved."
        )


class TooSlow(ThumbAppError):
    """The request came in so slowly that it was given up."""

    code = "too-slow"

    def __init__(self, limit_s: int) -> None:
        super().__init__(
            f"The request took longer than {limit_s:,} s to come in, so nothing was saved. Send it again."
        )


class FormTooLarge(Refused):
    """The form has more fields, or longer ones, than any form of ours."""

    code = "form-too-large"

    def __init__(self) -> None:
        super().__init__("The form has more or longer fields than are read. Send fewer files at once.")


class BadRecipe(Refused):
    """What to make was not said in a way we understand."""

    code = "bad-recipe"
    field = "sizes"


class BadSize(BadRecipe):
    """A size is not `WxH`, `N`, `wN` or `hN` within bounds."""

    code = "bad-size"

    def __init__(self, text: str, largest: int) -> None:
        super().__init__(
            f"{text[:40]!r} is no size. Write 300x200, 640, w1200 or h800, each from 1 to {largest:,}."
        )


class TooManySizes(BadRecipe):
    """More sizes were asked for than are made of one picture."""

    code = "too-many-sizes"

    def __init__(self, sizes: int, limit: int) -> None:
        super().__init__(f"{sizes:,} sizes were asked for; at most {limit:,} are made of one picture.")


class NoSize(BadRecipe):
    """No size was given."""

    code = "no-size"

    def __init__(self) -> None:
        super().__init__("No size was chosen. Tick one or write one, such as 128x128.")


class BadChoice(BadRecipe):
    """A word is none of those that its field knows."""

    code = "bad-choice"

    def __init__(self, field: str, text: str, known: Iterable[str]) -> None:
        self.field = field
        super().__init__(f"{text[:40]!r} is no {field}. There are: {', '.join(known)}.")


class BadQuality(BadRecipe):
    """A quality is no whole number from 0 to 100."""

    code = "bad-quality"
    field = "quality"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no quality. Write a whole number from 1 to 100.")


class BadColour(BadRecipe):
    """A colour is not written as in CSS."""

    code = "bad-colour"
    field = "background"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no colour. Write it as #rrggbb, such as #ffffff.")
