"""A child notices the end of its parent."""

import os
import subprocess
import sys
import threading
import weakref

from thumbapp.runtime import lifeline

CHILD = """
import sys, threading
from thumbapp.runtime import lifeline
ended = threading.Event()
lifeline.watch(sys.stdin.buffer, ended.set)
print("ready", flush=True)
sys.exit(7 if ended.wait(30) else 1)
"""
PARENT = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
time.sleep(30)
"""


def test_the_end_of_the_pipe_is_noticed_once() -> None:
    reading, writing = os.pipe()
    calls: list[int] = []
    with os.fdopen(reading, "rb", buffering=0) as stream:
        thread = lifeline.watch(stream, lambda: calls.append(1))
        os.write(writing, b"still here")

        os.close(writing)
        thread.join(10)

    assert calls == [1]
    assert threading.main_thread().is_alive()


def test_the_pipe_is_kept_open_when_nobody_else_does() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(reading, "rb", buffering=0)
    thread = lifeline.watch(stream, lambda: None)
    held = weakref.ref(stream)
    del stream

    kept = held()

    assert kept is not None
    os.close(writing)
    thread.join(10)
    kept.close()


def test_a_child_ends_when_the_pipe_is_closed() -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()

    child.communicate(timeout=10)

    assert child.returncode == 7


def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE)
    assert parent.stdout
    parent.stdout.readline()

    parent.kill()
    parent.wait(10)

    # the child holds the other end of this pipe: it ends with the child
    assert parent.stdout.read() == b""
    parent.stdout.close()
