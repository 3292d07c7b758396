"""What a hostile picture may do to the process that reads it, without the picture."""

import ctypes
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from thumbapp.imaging.child import ParentPipe, RenderOrder, render_order
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition


def die(order: RenderOrder, limits: Limits, parent: ParentPipe) -> list[Rendition]:
    """End the process as a decoder with a bad pointer does, for sources of that name only."""
    if _is_called(order, "die"):
        os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    return render_order(order, limits, parent)


def hang(order: RenderOrder, limits: Limits, parent: ParentPipe) -> list[Rendition]:
    """Never come back nor let go of the interpreter, as some decoders do, for sources of that name only."""
    if _is_called(order, "hang"):
        Path(order.folder, "hanging").touch()
        if os.name == "nt":
            ctypes.PyDLL("kernel32").Sleep(600_000)
        else:
            ctypes.PyDLL(None).sleep(600)
    return render_order(order, limits, parent)


def devour(order: RenderOrder, limits: Limits, parent: ParentPipe) -> list[Rendition]:
    """Make pictures of a gigabyte in spite of all estimates, for sources of that name only."""
    if _is_called(order, "devour"):
        recipe = Recipe.parse(sizes="10000,9999,9998,9997", enlarge=True)
        endless = replace(limits, max_decode_bytes=10**12, max_seconds=1e9)
        return render_order(replace(order, recipe=recipe, granted_bytes=10**12), endless, parent)
    return render_order(order, limits, parent)


def do_whatever(order: RenderOrder, limits: Limits, parent: ParentPipe) -> list[Rendition]:
    """Die, hang or devour, as the source is called."""
    for misdeed in (die, hang, devour):
        if _is_called(order, misdeed.__name__):
            return misdeed(order, limits, parent)
    return render_order(order, limits, parent)


def linger(order: RenderOrder, limits: Limits, parent: ParentPipe) -> list[Rendition]:
    """Render, then never come back."""
    render_order(order, limits, parent)
    time.sleep(600)
    return []


def _is_called(order: RenderOrder, name: str) -> bool:
    return Path(order.source).name.startswith(name)
