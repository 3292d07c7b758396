"""How values read on a page: sizes, times, the picture that stands for a job."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Flask

from thumbapp import moments
from thumbapp.blueprints.context import parts
from thumbapp.explorer.names import shown
from thumbapp.jobs.model import Job, Thumbnail

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_STEPS: Final = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"))
# The first that stands in the text decides: most browsers name others, too.
_BROWSERS: Final = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome")),
    *(("Chromium/", "Chromium"), ("Safari/", "Safari"), ("curl/", "curl"), ("python", "Python")),
)
_SYSTEMS: Final = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)
_LIVES: Final = (
    (1_000, 1, "ms"),
    (60_000, 1_000, "s"),
    (3_600_000, 60_000, "min"),
    (172_800_000, 3_600_000, "h"),
)
_LONGEST_NAME: Final = 300
_PREVIEW_PX: Final = 96
_PREVIEW_BYTES: Final = 400_000


def init_app(app: Flask) -> None:
    """Let the templates of *app* use the filters."""
    filters: list[Callable[..., object]] = [
        *(filesize, ago, exact, clock, day, iso, took, span, shortened, preview, counted, browser),
        *(lifetime, key_text),
    ]
    for function in filters:
        app.add_template_filter(function)


def filesize(size_bytes: int) -> str:
    """Return *size_bytes* as people read it, in powers of 1000: ``6.3 kB``, ``253 kB``, ``12 MB``."""
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    digits = 1 if unit and size < 9.95 else 0
    return f"{size:.{digits}f} {_UNITS[unit]}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return how long before *now* the moment was: ``just now``, ``2 min ago``, ``3 days ago``."""
    passed_s = max(0, int(((now or moments.now()) - moment).total_seconds()))
    if passed_s < 5:
        return "just now"
    for below_s, unit_s, word in _STEPS:
        if passed_s < below_s:
            return f"{passed_s // unit_s} {word} ago"
    return counted(passed_s // 86_400, "day") + " ago"


def exact(moment: datetime, timezone: str = "") -> str:
    """Return *moment* to the second in *timezone*, else that of the settings: ``2026-11-24 15:05:07 CET``."""
    zone = ZoneInfo(timezone or parts().settings.timezone or "UTC")
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def clock(moment: datetime) -> str:
    """Return the time of day of *moment* in the zone of the settings, to the millisecond."""
    zone = ZoneInfo(parts().settings.timezone or "UTC")
    return moment.astimezone(zone).isoformat(timespec="milliseconds")[11:23]


def day(moment: datetime) -> str:
    """Return the day of *moment* in the zone of the settings: ``2026-11-24``."""
    return f"{moment.astimezone(ZoneInfo(parts().settings.timezone or 'UTC')):%Y-%m-%d}"


def browser(agent: str) -> str:
    """Return what a browser calls itself in two words: ``Firefox on Linux``; "a program" for others."""
    names = (name for mark, name in _BROWSERS if mark in agent)
    systems = (name for mark, name in _SYSTEMS if mark in agent)
    name = next(names, "a program")
    return f"{name} on {system}" if (system := next(systems, "")) else name


def iso(moment: datetime) -> str:
    """Return *moment* as ``<time datetime>`` wants it: RFC 3339, UTC, seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def took(job: Job) -> str:
    """Return how long the job worked: ``83 ms``, ``1.4 s``, ``2 min 5 s``; "" when that is not known."""
    if not job.started_at or not job.finished_at:
        return ""
    return span((job.finished_at - job.started_at).total_seconds() * 1000)


def span(milliseconds: float) -> str:
    """Return *milliseconds* as people read them: ``83 ms``, ``1.4 s``, ``2 min 5 s``, ``3 h 20 min``."""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{max(0, round(milliseconds))} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60} s"
    return f"{int(seconds) // 3600:,} h {int(seconds) % 3600 // 60} min"


def shortened(text: str, longest: int = 100) -> str:
    """Return *text* on one line, cut off after *longest* characters."""
    line = " ".join(text[: 2 * longest].split())
    return line if len(line) <= longest and len(text) <= 2 * longest else f"{line[:longest]}…"


def preview(job: Job) -> Thumbnail | None:
    """Return the thumbnail that shows *job* in a list: the smallest that is sharp enough."""
    light = [item for item in job.thumbnails if item.bytes <= _PREVIEW_BYTES]
    sharp = [item for item in light if max(item.width, item.height) >= _PREVIEW_PX]
    if sharp:
        return min(sharp, key=lambda item: item.width * item.height)
    return max(light, key=lambda item: item.width * item.height, default=None)


def counted(number: int, noun: str) -> str:
    """Return the number with its noun: ``1 job``, ``1,204 jobs``, ``3 entries``."""
    plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def lifetime(ms: int) -> str:
    """Return a span of time as people say it: ``350 ms``, ``45 s``, ``12 min``, ``30 h``, ``12 days``."""
    for below_ms, unit_ms, word in _LIVES:
        if ms < below_ms:
            return f"{ms // unit_ms} {word}"
    return counted(ms // 86_400_000, "day")


def key_text(name: bytes) -> str:
    """Return the name of a key for people, its middle left out when it is very long."""
    if not name:
        return "(empty name)"
    if len(name) <= _LONGEST_NAME:
        return shown(name)
    return f"{shown(name[:200])} ... {shown(name[-60:])} ({len(name):,} bytes)"
