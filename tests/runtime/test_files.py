"""How many files and connections a process may hold."""

import subprocess
import sys

import pytest

ASK = "import resource; from thumbapp.runtime.files import allow_open_files; "


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("soft", "hard", "given"), [(256, 4_000, 3_000), (256, 1_000, 1_000), (4_000, 4_000, 3_000)]
)
def test_a_process_takes_what_it_needs_as_far_as_it_may(soft: int, hard: int, given: int) -> None:
    limit = f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); "
    tell = "print(allow_open_files(3_000), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"

    done = subprocess.run(
        [sys.executable, "-c", ASK + limit + tell], capture_output=True, text=True, check=True
    )

    assert list(map(int, done.stdout.split())) == [given, max(soft, given)]
