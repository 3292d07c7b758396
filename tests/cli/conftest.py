"""The real command in a process of its own, beside a real worker."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from thumbapp.config import Settings

PATIENCE_S = 60


@dataclass(frozen=True)
class Answer:
    """What one run of the command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a process has the test's settings, and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THUMBAPP_")}
    return kept | {
        "THUMBAPP_REDIS_URL": settings.redis_url,
        "THUMBAPP_DATA_DIR": str(settings.data_dir),
        "THUMBAPP_SECRET_KEY": settings.secret_key,
        "THUMBAPP_MIN_FREE_MB": "0",
        "THUMBAPP_WORKERS": "2",
        "PYTHONUTF8": "1",
    }


@pytest.fixture
def thumbapp(environment: dict[str, str]) -> Run:
    """Return what runs ``thumbapp`` with arguments and *stdin*; other keywords add to its environment."""

    def run(*arguments: object, stdin: str = "", **more: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "thumbapp", *map(str, arguments)],
            env=environment | more,
            input=stdin.encode(),  # as it is: as text, Windows would end its lines in another way
            capture_output=True,
            timeout=PATIENCE_S,
        )
        out, err = (said.decode().replace(os.linesep, "\n") for said in (done.stdout, done.stderr))
        return Answer(done.returncode, out, err)

    return run


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[None]:
    """Run a real worker for as long as the test; it ends with its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "thumbapp", "worker", "--until-eof"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a JPEG of 64 x 48 pixels."""
    path = tmp_path / "pictures" / "rob.jpg"
    path.parent.mkdir()
    Image.new("RGB", (64, 48), "teal").save(path)
    return path
