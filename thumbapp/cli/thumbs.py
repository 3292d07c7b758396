"""``thumbapp thumbs``: thumbnails of files and folders, by the workers or in this very process.

With ``--local`` neither Redis nor a worker is needed, and neither is loaded.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Final

import click

from thumbapp.cli.answers import (
    FAILED,
    answering,
    complain,
    fail,
    json_option,
    say,
    say_json,
    worker_sentence,
)
from thumbapp.config import Settings, enough_for_all_cores
from thumbapp.errors import EmptyFile, NotAPicture, RenderCancelled, ThumbAppError, UploadRefused
from thumbapp.imaging.archive import thumbnail_name
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe

if TYPE_CHECKING:
    import redis
    from rich.progress import Progress

    from thumbapp.imaging.sandbox import Sandbox
    from thumbapp.jobs.ledger import Ledger
    from thumbapp.jobs.model import Job
    from thumbapp.jobs.service import JobService

# Enough for the workers to find work while answers travel, few enough to leave the queue to others.
_JOBS_IN_FLIGHT: Final = 16
_POLL_S: Final = (0.05, 0.5)
_WORKER_CHECK_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Ready:
    """One finished thumbnail: where it lies for now and what the user calls it."""

    path: Path
    name: str
    width: int
    height: int
    bytes: int
    format: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture: thumbnails, or the sentence that says why there are none."""

    source: Path
    thumbnails: tuple[Ready, ...] = ()
    error: str = ""


# Puts the thumbnails of a picture into a folder.
Make = Callable[[Path, Path], Iterable[Ready]]


@click.command()
@click.argument("paths", metavar="FILE|FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--size", "sizes", multiple=True, required=True, help="128x128,w640,h480; repeatable.")
@click.option("--fit", default="", help="fit, fill, pad or stretch.  [default: fit]")
@click.option(
    "--gravity", default="", help="center, north, northeast ... for fill and pad.  [default: center]"
)
@click.option("--background", default="", help="#rrggbb, for pad and under what was clear.  [default: white]")
@click.option("--enlarge", flag_value="1", default="", help="Enlarge what is smaller than the size.")
@click.option("--format", default="", help="keep, jpeg, png, webp or avif.  [default: keep]")
@click.option("--quality", default="", help="1 to 100.  [default: the format's own]")
@click.option("--effort", default="", help="fast, default or best.  [default: default]")
@click.option(
    "--metadata", default="", help="none, or credit to keep copyright and profile.  [default: none]"
)
@click.option("--animation", default="", help="first frame or all.  [default: first]")
@click.option("--out", default="thumbs", show_default=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--local", is_flag=True, help="Make them here: no server, no worker.")
@json_option
@answering
def thumbs(
    *,
    paths: tuple[Path, ...],
    sizes: tuple[str, ...],
    out: Path,
    local: bool,
    as_json: bool,
    **words: str,
) -> None:
    """Make thumbnails of pictures, and of all pictures below folders.

    They go to --out as NAME_WxH.ext and replace those of an earlier run, never an original.
    """
    recipe = Recipe.parse(sizes=sizes, include_original=False, **words)
    settings = Settings.from_environ()
    out = _made(out)
    sources = find_pictures(paths, out=out, limits=Limits.from_settings(settings))
    if not sources:
        fail("There is no picture below what was named.")
    outcomes = _make_all(sources, recipe, out=out, settings=settings, local=local)
    _report(outcomes, as_json=as_json)


def find_pictures(paths: Iterable[Path], *, out: Path, limits: Limits) -> list[Path]:
    """Return the files among *paths* and the pictures below its folders, each once, sorted in a folder.

    A file that is named stays in the list whatever it is; what lies below *out* is passed over.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _pictures_below(path, out=out.resolve(), limits=limits) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _pictures_below(folder: Path, *, out: Path, limits: Limits) -> Iterator[Path]:
    is_out_below = folder.resolve() in out.parents
    for file in sorted(folder.rglob("*")):
        is_ours = is_out_below and out in file.resolve().parents
        if not is_ours and file.is_file() and _is_picture(file, limits=limits):
            yield file


def _is_picture(path: Path, *, limits: Limits) -> bool:
    """Return whether *path* looks like a picture, one that we refuse included."""
    from thumbapp.imaging.probe import probe

    try:
        probe(path, limits=limits)
    except (NotAPicture, EmptyFile):
        return False
    except (UploadRefused, OSError):
        return True
    return True


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"The folder {folder} cannot be made: {error.strerror or error}.")
    return folder


def _make_all(
    sources: list[Path], recipe: Recipe, *, out: Path, settings: Settings, local: bool
) -> list[Outcome]:
    """Return what became of each of *sources*, in their order, thumbnails in *out*."""
    names = _Names(out, sources)
    threads = enough_for_all_cores() if local else _JOBS_IN_FLIGHT
    making = _locally(settings, recipe) if local else _by_workers(settings, recipe)
    scratch = tempfile.TemporaryDirectory(dir=out, prefix=".thumbapp-", ignore_cleanup_errors=True)
    with scratch as folder, ThreadPoolExecutor(threads) as pool, making as make, _progress() as progress:
        bar = progress.add_task("Thumbnails", total=len(sources))

        def work(numbered: tuple[int, Path]) -> Outcome:
            number, source = numbered
            outcome = _attempt(make, source, folder=Path(folder) / str(number))
            progress.advance(bar)
            return outcome

        return [names.settle(outcome) for outcome in pool.map(work, enumerate(sources))]


def _attempt(make: Make, source: Path, *, folder: Path) -> Outcome:
    """Return the thumbnails of *source* in *folder*, or why there are none."""
    try:
        folder.mkdir()
        return Outcome(source, tuple(make(source, folder)))
    except ThumbAppError as error:
        return Outcome(source, error=str(error))
    except OSError as error:
        return Outcome(source, error=f"It cannot be read or written: {error.strerror or error}.")


def _progress() -> "Progress":
    """Return a bar on standard error, shown on a terminal alone."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


@dataclass(slots=True)
class _Names:
    """The files of *out* that this run has written, and the originals that it must leave."""

    out: Path
    sources: Iterable[Path]
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._taken.update(str(source.resolve()).casefold() for source in self.sources)

    def settle(self, outcome: Outcome) -> Outcome:
        """Move the thumbnails of *outcome* to their names; return it with them."""
        try:
            moved = tuple(self._move(ready) for ready in outcome.thumbnails)
        except OSError as error:
            return Outcome(outcome.source, error=f"It cannot be written: {error.strerror or error}.")
        return Outcome(outcome.source, moved, outcome.error)

    def _move(self, ready: Ready) -> Ready:
        target = self._free(ready.name)
        ready.path.replace(target)
        return Ready(target, target.name, ready.width, ready.height, ready.bytes, ready.format)

    def _free(self, name: str) -> Path:
        """Return the path for *name*, numbered as in an archive when it is taken."""
        wanted = self.out / name
        target, number = wanted, 1
        while (key := str(self.out.resolve() / target.name).casefold()) in self._taken:
            number += 1
            target = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
        self._taken.add(key)
        return target


# --- in this process ------------------------------------------------------------------------------


@contextmanager
def _locally(settings: Settings, recipe: Recipe) -> Iterator[Make]:
    from thumbapp.imaging.sandbox import Sandbox

    limits = Limits.from_settings(settings)
    sandbox = Sandbox(workers=enough_for_all_cores(), limits=limits)
    sandbox.start()
    try:
        yield lambda source, folder: _render(sandbox, recipe, source=source, folder=folder)
    finally:
        sandbox.stop()


def _render(sandbox: "Sandbox", recipe: Recipe, *, source: Path, folder: Path) -> Iterator[Ready]:
    for made in sandbox.render(source, recipe, folder=folder):
        name = thumbnail_name(source.name, made.size, made.format)
        yield Ready(folder / made.file, name, made.width, made.height, made.bytes, made.format)


# --- by the workers -------------------------------------------------------------------------------


@contextmanager
def _by_workers(settings: Settings, recipe: Recipe) -> Iterator[Make]:
    from thumbapp.cli.jobs import open_service
    from thumbapp.jobs.ledger import Ledger
    from thumbapp.runtime.connection import connect

    client = connect(settings, name="thumbapp-thumbs")
    ledger = Ledger.from_settings(settings, client)
    queue = _Queue(open_service(settings), ledger, recipe, _WorkerWatch(settings, client))
    try:
        yield queue.make
    finally:
        queue.stopping.set()


@dataclass(slots=True)
class _WorkerWatch:
    """Says, once, that nobody works."""

    settings: Settings
    client: "redis.Redis"
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0
    _has_said: bool = False

    def look(self) -> None:
        """Look for a worker when that is some seconds ago."""
        with self._lock:
            if self._has_said or time.monotonic() < self._next:
                return
            self._next = time.monotonic() + _WORKER_CHECK_S
            if sentence := worker_sentence(self.settings, self.client):
                complain(f"{sentence}, or make the thumbnails here with --local")
                self._has_said = True


@dataclass(slots=True)
class _Queue:
    """Has jobs done by the workers, one a call, from many threads."""

    service: "JobService"
    ledger: "Ledger"
    recipe: Recipe
    watch: _WorkerWatch
    stopping: threading.Event = field(default_factory=threading.Event)

    def make(self, source: Path, folder: Path) -> Iterator[Ready]:
        """Yield the thumbnails of *source*, copied to *folder*; the job is gone afterwards."""
        if self.stopping.is_set():
            raise RenderCancelled
        job = self._submit(source)
        try:
            job = self._finished(job)
            for number, item in enumerate(job.thumbnails):
                path = folder / f"{number}-{item.file}"
                copyfile(self.ledger.media.path(job.id, item.file), path)
                yield Ready(path, item.name, item.width, item.height, item.bytes, item.format)
        finally:
            self._forget(job)

    def _submit(self, source: Path) -> "Job":
        from thumbapp.jobs.service import Upload

        with source.open("rb") as stream:
            return self.service.submit([Upload(source.name, stream)], self.recipe, owner="").jobs[0]

    def _finished(self, job: "Job") -> "Job":
        """Return *job* when it is done.

        Raises:
            RenderCancelled: somebody cancelled it, or this command stops.
            ThumbAppError: a worker gave it up, with the sentence that it wrote.
        """
        from thumbapp.jobs.model import JobState

        pause_s, longest_s = _POLL_S
        while not (job := self.service.find(job.id)).state.is_final:
            self.watch.look()
            if self.stopping.wait(pause_s):
                raise RenderCancelled
            pause_s = min(pause_s * 1.5, longest_s)
        if job.error:
            raise ThumbAppError(job.error.message)
        if job.state is not JobState.DONE:
            raise RenderCancelled
        return job

    def _forget(self, job: "Job") -> None:
        """Delete the job, unless somebody has; without a server it goes after its time."""
        import redis

        with suppress(ThumbAppError, redis.RedisError):
            self.service.delete(job.id, actor=None)


def _report(outcomes: list[Outcome], *, as_json: bool) -> None:
    """Print what was made and what was not; exits with 1 when something was not."""
    if as_json:
        say_json({"items": [asdict(outcome) for outcome in outcomes], "cursor": None})
    for outcome in outcomes:
        if outcome.error:
            complain(f"{outcome.source}: {outcome.error}")
        for ready in () if as_json else outcome.thumbnails:
            say(f"{ready.path}  {ready.width} x {ready.height}  {ready.bytes:,} bytes")
    if any(outcome.error for outcome in outcomes):
        raise SystemExit(FAILED)
