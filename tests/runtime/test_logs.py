"""A record is one line, whatever is in it."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from thumbapp.config import Settings
from thumbapp.runtime import logs

HOSTILE = 'a\nb\r\tc\x1b[31md\x85e\u2028f "\\'


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """Return the root logger; its handlers and level are put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_who_has_set_up_no_logging_still_gets_our_records(
    root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = logging.getLogger("thumbapp")
    kept = ours.handlers[:], ours.level
    root_logger.handlers.clear()

    logs.ensure(Settings())
    logs.ensure(Settings())
    logging.getLogger("thumbapp.jobs").info("job a queued")
    ours.handlers[:], ours.level = kept

    assert capsys.readouterr().err.count("job a queued") == 1


def record(message: str, error: Exception | None = None) -> logging.LogRecord:
    """Return a record with *message*, of an *error* that was caught."""
    caught = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("thumbapp.jobs", logging.INFO, "x.py", 1, message, (), caught)


def failed(message: str) -> logging.LogRecord:
    """Return a record of an error that was caught."""
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        return record(message, error)


@pytest.mark.parametrize("formatter", [logs.TextLine(), logs.JsonLine()], ids=["text", "json"])
def test_a_record_is_one_line_without_control_characters(formatter: logging.Formatter) -> None:
    line = formatter.format(failed(HOSTILE))

    assert line.isprintable()
    assert "ValueError" in line


def test_a_line_of_text_says_when_how_bad_who_and_what() -> None:
    when, level, name, message = logs.TextLine().format(record("job done")).split(maxsplit=3)

    assert when[10] == "T"
    assert (level, name, message) == ("INFO", "thumbapp.jobs:", "job done")


def test_a_line_of_json_keeps_the_message_as_it_is() -> None:
    facts = json.loads(logs.JsonLine().format(record(HOSTILE)))

    assert facts["message"] == HOSTILE
    assert facts.keys() == {"time", "level", "logger", "message", "process"}


@pytest.mark.parametrize(("log_format", "first"), [("text", "2"), ("json", "{")])
def test_the_setting_chooses_the_format(
    settings: Settings,
    root_logger: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
    log_format: str,
    first: str,
) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)

    logs.configure(replace(settings, log_format=log_format))
    logging.getLogger("thumbapp.tests").info("hello")

    assert stderr.getvalue().startswith(first)
    assert "hello" in stderr.getvalue()
