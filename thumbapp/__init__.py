"""ThumbApp: thumbnails in the background, schedules, and a look into Redis, for Flask and Huey.

`create_app` and `crontab` are loaded on first use (PEP 562), so that ``import thumbapp.imaging`` brings in
neither Flask nor Huey.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "create_app", "crontab"]

if TYPE_CHECKING:
    from thumbapp.app import create_app
    from thumbapp.taskqueue.crontab import crontab


def __getattr__(name: str) -> Any:
    """Return the lazily imported public name *name*."""
    if name == "create_app":
        from thumbapp.app import create_app

        return create_app
    if name == "crontab":
        from thumbapp.taskqueue.crontab import crontab

        return crontab
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
