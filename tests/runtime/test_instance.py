"""One `up` a data folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from thumbapp.errors import AlreadyRunning, DataFolderUnusable
from thumbapp.runtime.instance import hold

HOLDER = """
import sys, time
from pathlib import Path
from thumbapp.runtime.instance import hold
with hold(Path(sys.argv[1])) as instance:
    instance.announce("http://127.0.0.1:1234")
    print("held", flush=True)
    time.sleep(30)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_second_is_told_who_the_first_is(folder: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE)
    assert holder.stdout
    holder.stdout.readline()

    try:
        with (
            pytest.raises(AlreadyRunning, match=rf"pid {holder.pid}.*http://127\.0\.0\.1:1234"),
            hold(folder),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_a_killed_holder_leaves_the_folder_free(folder: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE)
    assert holder.stdout
    holder.stdout.readline()

    holder.kill()
    holder.communicate()

    with hold(folder) as instance:
        instance.announce("http://127.0.0.1:1")
        assert json.loads((folder / "up.json").read_text(encoding="utf-8"))["pid"] == os.getpid()


def test_nothing_is_announced_after_the_end(folder: Path) -> None:
    with hold(folder) as instance:
        instance.announce("http://127.0.0.1:1")

    assert not (folder / "up.json").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    with pytest.raises(DataFolderUnusable, match="THUMBAPP_DATA_DIR"), hold(tmp_path / "file" / "data"):
        pass
