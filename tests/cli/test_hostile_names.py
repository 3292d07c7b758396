"""No command lets a name drive the terminal or the markup of a table, present and to come."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tests import hostile
from thumbapp import cli
from thumbapp.config import Settings

# What waits, changes everything, or asks for a terminal.
NOT_HERE = {"up", "worker", "doctor", "jobs clean", "redis cli", "redis bench"}


def lists(command: click.Command, *words: str) -> Iterator[list[str]]:
    """Yield the words of every command below *command* that needs none of its own."""
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from lists(child, *words, name)
    elif not any(item.required for item in command.params) and " ".join(words) not in NOT_HERE:
        yield list(words)


COMMANDS = [words for name in cli.COMMANDS for words in lists(cli.load(name), name)]


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_shows_names_as_text(
    words: list[str], more: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile.plant(settings)
    for name in ("redis_url", "data_dir", "secret_key"):
        monkeypatch.setenv(f"THUMBAPP_{name.upper()}", str(getattr(settings, name)))

    answer = CliRunner().invoke(cli.group(), [*words, *more])

    assert answer.exit_code in {0, 1, 2}, answer.output  # 2: it takes a word or a choice of its own
    assert isinstance(answer.exception, SystemExit | None)
    assert not hostile.drives_a_terminal(answer.output)
