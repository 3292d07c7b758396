"""``thumbapp doctor``: what works here, what does not, and what to do about it."""

import platform
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import click

from thumbapp.cli.answers import (
    FAILED,
    answering,
    json_option,
    say,
    say_json,
    server_sentence,
    worker_sentence,
)
from thumbapp.config import MEGA, Settings
from thumbapp.errors import ThumbAppError

if TYPE_CHECKING:
    import redis

_MOST_SKEW_S: Final = 2.0
_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_SERVER: Final = 5
_CODECS: Final = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF"}


class Health(StrEnum):
    """How a part is: well, well enough, or broken."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part; ``advice`` is "" where nothing need be done."""

    part: str
    health: Health
    text: str
    advice: str = ""


@click.command()
@json_option
@answering
def doctor(*, as_json: bool) -> None:
    """Check everything that ThumbApp stands on.

    Exits with 1 when something is broken.
    """
    findings = list(examine(Settings.from_environ()))
    if as_json:
        say_json({"items": [asdict(finding) for finding in findings], "cursor": None})
    else:
        for finding in findings:
            advice = f"  -> {finding.advice}" if finding.advice else ""
            say(f"{finding.health:<4}  {finding.part:<7}  {finding.text}{advice}")
    if any(finding.health is Health.BAD for finding in findings):
        raise SystemExit(FAILED)


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what is found of each part, one after the other."""
    yield _python()
    yield _pillow()
    yield _resizer()
    yield _media(settings)
    yield from _server(settings)


def _python() -> Finding:
    text = f"Python {platform.python_version()} on {platform.system()}"
    if sys.version_info >= _OLDEST_PYTHON:
        return Finding("python", Health.OK, text)
    return Finding("python", Health.BAD, text, "install Python 3.11 or newer")


def _pillow() -> Finding:
    from PIL import __version__, features

    missing = [name for codec, name in _CODECS.items() if not features.check(codec)]
    if missing:
        text = f"Pillow {__version__} without {', '.join(missing)}"
        return Finding("pillow", Health.BAD, text, "install Pillow from its wheel: pip install -U Pillow")
    return Finding("pillow", Health.OK, f"Pillow {__version__} with {', '.join(_CODECS.values())}")


def _resizer() -> Finding:
    from thumbapp.imaging.resize import HAS_FAST_RESIZER

    if HAS_FAST_RESIZER:
        return Finding("resizer", Health.OK, "the fast one, cykooz-resizer")
    if find_spec("cykooz_resizer"):
        why = 'python -c "import cykooz_resizer" says why'
        return Finding("resizer", Health.WARN, "Pillow's: the fast one is there, but does not load", why)
    return Finding("resizer", Health.WARN, "Pillow's, which is slower", "pip install cykooz-resizer")


def _media(settings: Settings) -> Finding:
    from thumbapp.media.folder import MediaFolder

    folder = settings.media_dir
    try:
        MediaFolder(folder, min_free_bytes=settings.min_free_mb * MEGA).check_room()
        free_mb = shutil.disk_usage(folder).free // MEGA
    except (ThumbAppError, OSError) as error:
        return Finding("media", Health.BAD, f"{folder}: {error}", "make room, or set THUMBAPP_DATA_DIR")
    return Finding("media", Health.OK, f"{folder} can be written, {free_mb:,} MB free")


def _server(settings: Settings) -> Iterator[Finding]:
    """Yield what hangs on the server; one finding when it does not answer."""
    import redis

    from thumbapp.runtime.connection import connect

    client = connect(settings, name="thumbapp-doctor")
    try:
        yield _redis(settings, client)
        yield _clock(client)
        yield _worker(settings, client)
    except redis.RedisError as error:
        yield Finding("redis", Health.BAD, server_sentence(error))
    finally:
        client.close()


def _redis(settings: Settings, client: "redis.Redis") -> Finding:
    from thumbapp.runtime.connection import found_address

    facts = client.info("server")
    began = time.perf_counter()
    client.ping()
    ping_ms = (time.perf_counter() - began) * 1000
    version = str(facts.get("valkey_version") or facts["redis_version"])
    name = "Valkey" if "valkey_version" in facts else "Redis"
    text = f"{name} {version} at {found_address(settings)}, ping {ping_ms:.1f} ms"
    if int(version.partition(".")[0]) < _OLDEST_SERVER:
        return Finding("redis", Health.BAD, text, "use Redis 5.0 or newer, or Valkey")
    return Finding("redis", Health.OK, text)


def _clock(client: "redis.Redis") -> Finding:
    before = time.time()
    seconds, micros = client.time()
    skew_s = (before + time.time()) / 2 - (seconds + micros / 1e6)
    return judge_skew(skew_s)


def judge_skew(skew_s: float) -> Finding:
    """Return what it means that this machine's clock is *skew_s* seconds ahead of the server's."""
    text = f"{abs(skew_s):.3f} s {'ahead of' if skew_s >= 0 else 'behind'} the server's"
    if abs(skew_s) > _MOST_SKEW_S:
        return Finding("clock", Health.BAD, text, "set both clocks by NTP")
    return Finding("clock", Health.OK, text)


def _worker(settings: Settings, client: "redis.Redis") -> Finding:
    from thumbapp.taskqueue.workers import WorkerRegistry

    if sentence := worker_sentence(settings, client):
        return Finding("worker", Health.WARN, sentence)
    alive = WorkerRegistry(client, namespace=settings.namespace).alive()
    text = ", ".join(f"{worker.host} pid {worker.pid} ({worker.threads} threads)" for worker in alive)
    late = [f"{worker.host} pid {worker.pid}" for worker in alive if worker.is_late]
    if late:
        return Finding("worker", Health.WARN, text, f"late, perhaps frozen or dead: {', '.join(late)}")
    return Finding("worker", Health.OK, text)
