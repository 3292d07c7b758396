"""Start ThumbApp with nothing but Python: ``python run.py``; test it: ``python run.py test``.

Makes ``.venv`` beside this file when it is missing or stale, installs the project into it, and
becomes ``thumbapp up`` (or ``pytest``) with the arguments it was given.
"""

import contextlib
import errno
import hashlib
import importlib.util
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "thumbapp-stamp"
IS_WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
OLDEST = (3, 11)


def main() -> None:
    """Prepare the environment, then run what the first argument says."""
    arguments = sys.argv[1:]
    is_test = arguments[:1] == ["test"]
    if sys.version_info < OLDEST:
        sys.exit(f"ThumbApp needs Python 3.11 or newer, and this is {platform.python_version()}.")
    with alone():
        prepare("test" if is_test else "")
    if is_test:
        run("pytest", arguments[1:])
    run("thumbapp", ["up", *arguments])


@contextlib.contextmanager
def alone() -> "Iterator[None]":
    """Hold a lock, so that two of us do not make the same environment at once.

    It is on this very file, far behind its end: nothing is left lying about, and it goes with us.
    """
    with Path(__file__).open("rb") as file:
        if IS_WINDOWS:
            lock_on_windows(file)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_on_windows(file: IO[bytes]) -> None:
    """Return once *file* is ours; we wait ourselves, for Ctrl-C is heard between our own steps only."""
    import msvcrt

    file.seek(2**30)
    while True:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno == errno.EINVAL:  # a drive that knows no locks
                return
            time.sleep(0.2)
        else:
            return


def prepare(extra: str) -> None:
    """Make the environment fit for this checkout, this Python and the *extra* that is asked for."""
    found = STAMP.read_text(encoding="utf-8").split() if STAMP.is_file() else []
    wanted = fingerprint()
    if found[:1] == [wanted] and is_whole() and (not extra or extra in found):
        return
    extras = {extra, *found[1:]} - {""}
    STAMP.unlink(missing_ok=True)
    if not is_usable():
        make_venv()
    print("Installing ThumbApp into .venv; this takes a minute.", flush=True)
    project = f"{ROOT}[{','.join(sorted(extras))}]" if extras else str(ROOT)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call([*pip, "--editable", project], cwd=ROOT):
        sys.exit("pip could not install ThumbApp; it says why above.")
    STAMP.write_text("\n".join([wanted, *extras]), encoding="utf-8")


def fingerprint() -> str:
    """Return what the environment depends on: its place, its Python, and what is installed."""
    parts = [os.fsencode(VENV), VERSION.encode()]
    parts += [(ROOT / name).read_bytes() for name in ("setup.cfg", "pyproject.toml")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_whole() -> bool:
    """Return whether the environment is there, was made here, and the Python below it still exists."""
    config = VENV / "pyvenv.cfg"
    if not (PYTHON.exists() and config.is_file()):
        return False
    lines = (line.partition(" = ") for line in config.read_text(encoding="utf-8").splitlines())
    facts = {name: value for name, _, value in lines}
    command = facts.get("command", str(VENV))
    was_made_here = command.endswith(str(VENV)) or Path(command.split()[-1]).resolve() == VENV
    return was_made_here and Path(facts.get("home", "")).is_dir()


def is_usable() -> bool:
    """Return whether something can be installed into the environment, for this version of Python."""
    if not is_whole():
        return False
    test = f"import pip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '{VERSION}')"
    return subprocess.call([str(PYTHON), "-c", test], stderr=subprocess.DEVNULL) == 0


def make_venv() -> None:
    """Make an empty environment, in place of one that cannot be used."""
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        debian = f"On Debian and Ubuntu: sudo apt install python{VERSION}-venv"
        how = "Install Python from https://www.python.org/downloads/ instead." if IS_WINDOWS else debian
        sys.exit(f"This Python cannot make environments: its module venv or ensurepip is missing. {how}")
    print(f"Making .venv with Python {platform.python_version()}.", flush=True)
    # Not by the Python in .venv, should that be running us: it would delete itself.
    python = getattr(sys, "_base_executable", None) or sys.executable
    if subprocess.call([python, "-m", "venv", "--clear", str(VENV)]):
        sys.exit("The environment .venv could not be made; Python says why above.")


def run(module: str, arguments: "list[str]") -> None:
    """Become *module* with *arguments*; on Windows, where nobody can, run it and end as it ends."""
    command = [str(PYTHON), "-P", "-m", module, *arguments]  # -P: not what lies in this folder
    if not IS_WINDOWS:
        os.execv(command[0], command)  # noqa: S606  # the environment's own Python
    for name in ("SIGINT", "SIGBREAK"):  # Ctrl-C and Ctrl-Break reach the child by themselves
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if module == "pytest":
        sys.exit(subprocess.call(command))
    # The pipe is the child's lifeline: it stops when we end, however that may be.
    sys.exit(subprocess.Popen([*command, "--until-eof"], stdin=subprocess.PIPE).wait())


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped.")
