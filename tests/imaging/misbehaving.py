"""What a hostile picture may do to the process that reads it, without the picture."""

import os
import signal
import time
from dataclasses import replace

from thumbapp.imaging.child import Failure, Order, work
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition


def die(order: Order) -> list[Rendition] | Failure:
    """End the process as a decoder with a bad pointer does, for sources of that name only."""
    if order.source.name.startswith("die"):
        os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    return work(order)


def hang(order: Order) -> list[Rendition] | Failure:
    """Never come back, for sources of that name only."""
    if order.source.name.startswith("hang"):
        time.sleep(600)
    return work(order)


def devour(order: Order) -> list[Rendition] | Failure:
    """Make pictures of a gigabyte in spite of all estimates, for sources of that name only."""
    if order.source.name.startswith("devour"):
        limits = replace(order.limits, max_decode_bytes=10**12, max_seconds=1e9)
        recipe = Recipe.parse(sizes="10000,9999,9998,9997", enlarge=True)
        return work(replace(order, limits=limits, recipe=recipe))
    return work(order)


def linger(order: Order) -> list[Rendition] | Failure:
    """Render, then never come back."""
    work(order)
    time.sleep(600)
    return []
