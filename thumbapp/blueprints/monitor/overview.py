"""The queue at a glance: what waits, how fast it is worked off, what fails, and every task there is."""

from flask import request

from thumbapp.blueprints.monitor.blueprint import pages
from thumbapp.blueprints.monitor.context import monitor, render
from thumbapp.blueprints.monitor.overview_figures import WINDOWS, overview_figures
from thumbapp.errors import BadParameter
from thumbapp.taskqueue.catalogue import catalogue


@pages.get("/overview")
def overview() -> str:
    """Show the last hour, or the last 24 of them."""
    return render("overview/index.html", kinds=catalogue(monitor().huey), **overview_figures(_window()))


@pages.get("/overview/panel")
def overview_panel() -> str:
    """Return the changing part of that page, for the live update."""
    return render("overview/_panel.html", **overview_figures(_window()))


def _window() -> str:
    word = request.args.get("over", "1h")
    if word not in WINDOWS:
        raise BadParameter("over", word, " or ".join(WINDOWS))
    return word
