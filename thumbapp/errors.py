"""Everything that can go wrong, one class a cause; each builds its own sentence from facts.

A class carries ``code``, the stable word that the JSON API answers with. Which HTTP status a
family gets is decided once, in `thumbapp.app`; nothing here knows the web.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path


class ThumbAppError(Exception):
    """The root: anything ThumbApp refuses or fails to do, with a sentence for the user."""

    code = "error"


# --- settings and starting up -----------------------------------------------------------------


class BadSetting(ThumbAppError):
    """An environment variable holds something that cannot be used."""

    code = "bad-setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: {expected}.")


class DuplicateTaskName(ThumbAppError):
    """Two tasks were registered under one name."""

    code = "duplicate-task-name"

    def __init__(self, name: str) -> None:
        super().__init__(f"Two tasks are called {name!r}; give each its own name.")


class UnknownTask(ThumbAppError):
    """No task of that name is registered."""

    code = "unknown-task"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"No task is called {name!r}. There are: {', '.join(sorted(known))}.")


# --- the server and the disk: come back later ---------------------------------------------------


class Unavailable(ThumbAppError):
    """Something we need is away for now; the same request may work later."""

    code = "unavailable"
    retry_after_s = 5


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
        super().__init__(f"{limit:,} live streams are open already, the most there may be. Poll instead.")


# --- requests that cannot be served -------------------------------------------------------------


class Refused(ThumbAppError):
    """The request is understood and will not work however often it is sent."""

    code = "refused"


class BadParameter(Refused):
    """A query parameter or field holds something it cannot mean."""

    code = "bad-parameter"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value[:40]!r} is not understood; expected: {expected}.")


class StillWorking(ThumbAppError):
    """The first request with this Idempotency-Key has not been answered yet."""

    code = "idempotency-pending"

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still at work. Ask again in a second.")


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
    """Decoding would take more memory than a worker may use."""

    code = "too-much-memory"

    def __init__(self, needed_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"Reading this picture takes about {needed_bytes // 10**6:,} MB of memory; "
            f"at most {limit_bytes // 10**6:,} MB are used."
        )


class PictureTooSlow(UploadRefused):
    """Decoding would take longer than a job may."""

    code = "too-much-time"

    def __init__(self, needed_s: float, limit_s: float) -> None:
        super().__init__(f"Reading this picture takes about {needed_s:,.0f} s; at most {limit_s:,.0f} s are spent.")


class TooManyScans(UploadRefused):
    """A JPEG is drawn in so many passes that it would take minutes."""

    code = "too-many-scans"

    def __init__(self, scans: int) -> None:
        super().__init__(f"This JPEG is drawn in {scans:,} passes, far more than a camera or editor writes.")


class TooManyFrames(UploadRefused):
    """An animation has more frames, or larger ones, than are read."""

    code = "too-many-frames"

    def __init__(self, frames: int, limit: int) -> None:
        super().__init__(f"The animation has {frames:,} frames or more of this size; at most {limit:,} are read.")


class RequestTooLarge(Refused):
    """The whole request has more bytes than are taken."""

    code = "request-too-large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The request is larger than {limit_bytes // 10**6:,} MB, the most that is taken at once.")


class BadRecipe(Refused):
    """What to make was not said in a way we understand."""

    code = "bad-recipe"


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
        super().__init__(f"{text[:40]!r} is no {field}. There are: {', '.join(known)}.")


class BadQuality(BadRecipe):
    """A quality is no whole number from 0 to 100."""

    code = "bad-quality"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no quality. Write a whole number from 1 to 100.")


class BadColour(BadRecipe):
    """A colour is not written as in CSS."""

    code = "bad-colour"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no colour. Write it as #rrggbb, such as #ffffff.")


# --- jobs ---------------------------------------------------------------------------------------


class JobNotFound(ThumbAppError):
    """No job or batch has that id."""

    code = "not-found"

    def __init__(self) -> None:
        super().__init__("There is no such job. Check the address.")


class JobExpired(ThumbAppError):
    """The job was there, and its files were removed after the retention time."""

    code = "expired"

    def __init__(self, when: datetime | None = None) -> None:
        since = f" on {when:%Y-%m-%d}" if when else ""
        super().__init__(f"This job's pictures were removed{since}. Upload the picture again.")


class NotYourJob(ThumbAppError):
    """Only the owner may change a job."""

    code = "not-owner"

    def __init__(self) -> None:
        super().__init__("Only the one who made this job can change it.")


class WrongState(ThumbAppError):
    """The job is not in a state in which that can be done."""

    code = "wrong-state"

    def __init__(self, action: str, state: str) -> None:
        super().__init__(f"A job that is {state} cannot be {action}.")


class FileNotThere(ThumbAppError):
    """The job has no such file."""

    code = "file-not-found"

    def __init__(self) -> None:
        super().__init__("The job has no such file.")


# --- rendering ----------------------------------------------------------------------------------


class RenderFailed(ThumbAppError):
    """The picture was accepted, but making the thumbnails failed."""

    code = "render-failed"


class RenderTimeout(RenderFailed):
    """Decoding and resizing took longer than a job may."""

    code = "render-timeout"

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"Making the thumbnails took longer than {limit_s:g} s and was stopped.")


class RenderOutOfMemory(RenderFailed):
    """Decoding needed more memory than a job may."""

    code = "render-memory"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The picture needs more than {limit_bytes // 2**20:,} MB of memory to be read.")


class RenderCrashed(RenderFailed):
    """The decoder took its process down."""

    code = "render-crashed"

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"The decoder crashed on this picture (exit code {exit_code}).")


class RenderCancelled(RenderFailed):
    """Somebody cancelled the job while it ran."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("The job was cancelled.")


class RenderStopped(RenderFailed):
    """The worker stopped while the job ran; the job may run again."""

    code = "stopped"

    def __init__(self) -> None:
        super().__init__("The worker stopped before the thumbnails were made.")


# --- the task queue -----------------------------------------------------------------------------


class MessageRefused(ThumbAppError):
    """A queue item or result is not JSON signed with our key."""

    code = "message-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"A message was refused: {reason}.")


class NotJson(Refused):
    """A task argument or result is of a type that JSON cannot carry."""

    code = "not-json"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} cannot travel through the task queue; pass text, numbers, lists, mappings, times or bytes."
        )


class BadTask(ThumbAppError):
    """A function cannot be registered as a task as it is declared."""

    code = "bad-task"

    def __init__(self, function: str, reason: str) -> None:
        super().__init__(f"The function {function} cannot become a task: {reason}.")


# --- running ------------------------------------------------------------------------------------


class CannotStart(ThumbAppError):
    """`up` or a part of it cannot run; the sentence says what to do."""

    code = "cannot-start"


class PortTaken(CannotStart):
    """Another program listens on the address."""

    code = "port-taken"

    def __init__(self, host: str, port: int, *, airplay: bool = False) -> None:
        hint = " (on macOS port 5000 is AirPlay's)" if airplay else ""
        super().__init__(
            f"Port {port} on {host} is in use by another program{hint}. Choose another with --port."
        )


class AlreadyRunning(CannotStart):
    """Another `up` uses the data folder."""

    code = "already-running"

    def __init__(self, pid: int, address: str, folder: Path) -> None:
        super().__init__(f"ThumbApp runs already (pid {pid}) at {address} with the data folder {folder}.")


class CannotListen(CannotStart):
    """The address cannot be listened on, and no other program is the reason."""

    code = "cannot-listen"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host} port {port} ({reason}). Choose another with --host and --port."
        )


class DataFolderUnusable(CannotStart):
    """The data folder cannot be made or written."""

    code = "data-folder"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The data folder {folder} cannot be used ({reason}). Set THUMBAPP_DATA_DIR.")


class ServerFailed(CannotStart):
    """The embedded server ended while it was starting."""

    code = "server-failed"

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(f"The embedded server did not start ({reason}). More is in {log}.")


class NoServer(CannotStart):
    """There is no Redis to talk to, and no server of our own for this system."""

    code = "no-server"

    def __init__(self) -> None:
        super().__init__(
            "ThumbApp needs a Redis or Valkey server, and brings none for this system. There are three ways "
            "to get one: Memurai (winget install Memurai.MemuraiDeveloper) runs as a Windows service; "
            "WSL (wsl --install, then in it: sudo apt install redis-server) is reached at localhost; "
            "Docker (docker run -d -p 127.0.0.1:6379:6379 valkey/valkey) does the same. "
            "Then set THUMBAPP_REDIS_URL=redis://localhost:6379/0 and start again."
        )
