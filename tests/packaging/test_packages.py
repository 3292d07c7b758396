"""The list of packages in setup.cfg is the tree's."""

import configparser
from pathlib import Path

from thumbapp import __version__

ROOT = Path(__file__).resolve().parents[2]


def test_every_package_is_listed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "thumbapp").rglob("__init__.py")}

    listed = set(setup["options"]["packages"].split())

    assert listed == {".".join(path.parts) for path in folders} | {"thumbapp.static", "thumbapp.templates"}


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "thumbapp").rglob("*.py")}

    assert not [folder for folder in folders if not (folder / "__init__.py").is_file()]


def test_the_version_is_written_once() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")

    assert setup["metadata"]["version"] == "attr: thumbapp.__version__"
    assert __version__
