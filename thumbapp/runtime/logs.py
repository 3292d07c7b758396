"""Log records as one line each, for people or for machines, on standard error."""

import json
import logging
import sys
import traceback
from datetime import datetime

from thumbapp.config import Settings

_QUIET = ("PIL", "filelock", "asyncio")
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))}
_ESCAPES |= {10: "\\n", 13: "\\r", 9: "\\t"}
# Line ends of Unicode, and what turns the direction of text around: a name could show as another.
_TURNS = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPES |= {code: f"\\u{code:04x}" for code in _TURNS}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (127, *range(128, 160), *_TURNS)}


def configure(settings: Settings) -> None:
    """Send every record from INFO on to standard error, in the format that *settings* name."""
    handler = _handler(settings)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def ensure(settings: Settings) -> None:
    """Send our own records to standard error where nobody else, as gunicorn and Huey do not, does."""
    ours = logging.getLogger("thumbapp")
    if not ours.hasHandlers():
        ours.addHandler(_handler(settings))
        ours.setLevel(logging.INFO)


def one_line(text: str) -> str:
    """Return *text* with what could end the line or drive a terminal written as escapes."""
    return text.translate(_ESCAPES)


def json_line(text: str) -> str:
    """Return the JSON *text* with the same written as JSON's own escapes; it still means the same."""
    return text.translate(_JSON_ESCAPES)


class TextLine(logging.Formatter):
    """``TIME LEVEL LOGGER: MESSAGE``, a traceback behind it on the same line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line."""
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        return one_line(f"{line} | {trace}" if (trace := _traceback(record)) else line)


class JsonLine(logging.Formatter):
    """One JSON object: time, level, logger, message, process, what else is known, and an error if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line."""
        facts = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        } | getattr(record, "facts", {})
        return json.dumps(facts | ({"error": trace} if (trace := _traceback(record)) else {}))


def _handler(settings: Settings) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if settings.log_format == "json" else TextLine())
    return handler


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def _traceback(record: logging.LogRecord) -> str:
    """Return the error of *record*, where it was raised last, or nothing."""
    if not record.exc_info or not record.exc_info[0]:
        return ""
    lines = traceback.format_exception(*record.exc_info)
    return " | ".join(part.strip() for line in lines for part in line.splitlines() if part.strip())
