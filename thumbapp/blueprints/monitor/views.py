"""Every module of views, so that the blueprints have them all when an app takes them."""

from typing import Final

from flask import Flask

from thumbapp.blueprints.monitor import (
    dead,
    overview,
    run_form,
    task,
    tasks,
    tasks_api,
    workers,
    workers_api,
)
from thumbapp.blueprints.monitor.blueprint import data, pages

MODULES: Final = (dead, overview, run_form, task, tasks, tasks_api, workers, workers_api)


def mount(app: Flask, *, pages_at: str, data_at: str) -> None:
    """Add the pages to *app* below the path *pages_at*, the JSON below *data_at*."""
    app.register_blueprint(pages, url_prefix=pages_at or None)
    app.register_blueprint(data, url_prefix=data_at)
