"""What a machine can do to a process: a disk that is small, full or read-only, a clock that is wrong."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long ahead(void) { const char *s = getenv("FAULT_CLOCK_S"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(id, now);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead();
    return failed;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


class CannotTry(Exception):
    """This machine does not allow the hardship."""


@contextmanager
def small_disk(folder: Path, *, mb: int) -> Iterator[None]:
    """Put *folder* on a disk of *mb* meanwhile; what it holds in the end stays.

    Raises:
        CannotTry: file systems cannot be mounted here.
    """
    command = ["mount", "-t", "tmpfs", "-o", f"size={mb}m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
        raise CannotTry("file systems cannot be mounted here")
    kept = folder.with_name(f"{folder.name}.kept")
    try:
        yield
        shutil.copytree(folder, kept)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.copytree(kept, folder, dirs_exist_ok=True)


def remount(folder: Path, how: str) -> None:
    """Mount the disk of *folder* again, ``ro`` or ``rw``."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def fill(path: Path) -> None:
    """Let *path* take all the room there is."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def wrong_clock(folder: Path, *, days: int) -> dict[str, str]:
    """Return the environment of a process whose clock is *days* ahead; what it needs is made in *folder*.

    Raises:
        CannotTry: there is no C compiler.
    """
    library = folder / "clock.so"
    source = folder / "clock.c"
    source.write_text(_CLOCK, encoding="ascii")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        raise CannotTry("there is no C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    preload = os.pathsep.join(filter(None, [str(library), os.environ.get("LD_PRELOAD", "")]))
    return {"LD_PRELOAD": preload, "FAULT_CLOCK_S": str(days * 86_400)}
