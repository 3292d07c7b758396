"""What README and docs/ say is what the code does: settings, commands, addresses, errors, links."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path

import click
import pytest

from thumbapp import cli, errors
from thumbapp.app import create_app
from thumbapp.blueprints.problems import STATUS
from thumbapp.config import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAPERS = [*PAGES, *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"))]
TEXT = "\n".join(path.read_text("utf-8") for path in PAGES)
FOR_TESTS_ONLY = {"THUMBAPP_TEST_REDIS5", "THUMBAPP_TEST_REDIS_URL", "THUMBAPP_TEST_SCREENSHOT"}
LIST_WIDTH = 65  # what 80 columns leave beside the longest name
CAUSES = [item for item in vars(errors).values() if inspect.isclass(item) and issubclass(item, Exception)]


def setting_row(setting: Field[object]) -> str:
    """Return the line of a settings table that tells the truth about *setting*."""
    name = f"{PREFIX}{setting.name.upper()}"
    default = f"`{setting.default}`" if isinstance(setting.default, int | str) and setting.default else ""
    return f"| `{name}` | {default} | {setting.metadata['says']} |".replace("|  |", "| |")


def error_row(cause: type[errors.ThumbAppError]) -> str:
    """Return the line of the table of codes that tells the truth about *cause*."""
    status = next((str(status) for kind, status in STATUS.items() if issubclass(cause, kind)), "")
    says = (cause.__doc__ or "").partition("\n")[0]
    return f"| `{cause.code}` | {status} | {says} |".replace("|  |", "| |")


def commands(command: click.Command, name: str = "thumbapp") -> Iterator[tuple[str, click.Command]]:
    """Return every command of ours below *command* with its whole name, and none of Flask's own."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            child = command.get_command(context, word)
            assert child is not None, f"{name} {word} cannot be loaded"
            yield from commands(child, f"{name} {word}")
    elif getattr(command.callback, "__module__", "").startswith("thumbapp."):
        yield name, command


def visible_options(command: click.Command) -> list[str]:
    """Return the long names of the options that *command* shows in its help."""
    options = [item for item in command.params if isinstance(item, click.Option) and not item.hidden]
    return [max(option.opts, key=len) for option in options]


def is_named(word: str, text: str = TEXT) -> bool:
    """Whether *word* stands in *text*, and not as a part of a longer word or address."""
    return re.search(rf"(?<![\w/-]){re.escape(word)}(?![\w/<-])", text) is not None


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return every address that is served, with ``<id>`` and ``<name>`` as the docs write them."""
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), secret_key="docs").completed())
    rules = [rule.rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")]
    return sorted({re.sub(r"<\w+_id>", "<id>", rule) for rule in rules})


def test_every_setting_is_described_as_it_is() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8").splitlines()

    assert [row for row in map(setting_row, fields(Settings)) if row not in page] == []


def test_the_readme_says_of_settings_what_their_page_says() -> None:
    rows = re.findall(rf"^\| `{PREFIX}.*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)

    assert rows
    assert [row for row in rows if row not in set(map(setting_row, fields(Settings)))] == []


def test_no_page_names_a_setting_that_is_not_there() -> None:
    real = {f"{PREFIX}{setting.name.upper()}" for setting in fields(Settings)} | FOR_TESTS_ONLY

    assert {name for name in re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]", TEXT) if name not in real} == set()


def test_every_command_and_each_of_its_options_is_described() -> None:
    missing = [
        f"{name} {word}".strip()
        for name, command in commands(cli.group())
        for word in ["", *visible_options(command)]
        if not is_named(word or name)
    ]

    assert missing == []


def test_what_a_list_of_commands_says_of_each_fits_its_line() -> None:
    told = {name: command.get_short_help_str(LIST_WIDTH) for name, command in commands(cli.group())}

    assert [name for name, says in told.items() if says.endswith("...")] == []


def test_no_page_names_a_command_that_is_not_there() -> None:
    known = {name for name, _ in commands(cli.group())}
    groups = {name.rpartition(" ")[0] for name in known}
    named = {" ".join(words).strip() for words in re.findall(r"^ {4}(thumbapp) ([a-z]+)", TEXT, re.MULTILINE)}

    assert named - {" ".join(name.split()[:2]) for name in known | groups} == set()


def test_every_address_is_described(addresses: list[str]) -> None:
    assert [address for address in addresses if not is_named(address)] == []


def test_every_error_is_described_as_it_is() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8").splitlines()

    assert [row for row in map(error_row, CAUSES) if row not in page] == []


def test_no_error_is_described_that_is_not_there() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)

    assert set(listed) == {cause.code for cause in CAUSES}


@pytest.mark.parametrize("page", PAPERS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_every_page_and_every_part() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    parts = [path.parent.name for path in sorted((ROOT / "thumbapp").glob("*/__init__.py"))]

    assert [page.name for page in PAGES[1:] if f"](docs/{page.name})" not in readme] == []
    assert [part for part in parts if f"](thumbapp/{part})" not in readme] == []


def test_the_changelog_begins_with_this_version() -> None:
    from thumbapp import __version__

    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert headings[0] == __version__


def test_each_line_of_the_threat_table_names_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = re.search(r"^## Threats.*?(?=^## )", page, re.MULTILINE | re.DOTALL)
    assert rows
    lines = [line for line in rows[0].splitlines() if line.startswith("| ")][1:]

    missing = [
        found or line
        for line in lines
        for found in re.findall(r"`(tests/[^`]+)`", line) or [""]
        if not is_a_test(found)
    ]

    assert len(lines) > 20
    assert missing == []


def is_a_test(name: str) -> bool:
    """Whether *name*, such as ``tests/test_audit.py::test_x``, is one."""
    file, _, function = name.partition("::")
    path = ROOT / file
    return path.is_file() and f"\ndef {function}(" in path.read_text("utf-8")
