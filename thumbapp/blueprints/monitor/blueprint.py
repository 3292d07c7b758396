"""The monitor's two blueprints: the pages, and the same as JSON.

Links between views are relative (``url_for(".task", ...)``): an app may mount them under any prefix.
"""

import redis
from flask import Blueprint
from werkzeug.wrappers import Response

from thumbapp.blueprints.monitor.context import monitor
from thumbapp.errors import ThumbAppError

pages = Blueprint("monitor", __name__)
data = Blueprint("monitor_api", __name__)


@pages.before_request
def guard_page() -> None:
    """Let the site around decide who may."""
    monitor().host.guard(is_api=False)


@data.before_request
def guard_data() -> None:
    """Let the site around decide who may."""
    monitor().host.guard(is_api=True)


@pages.errorhandler(redis.RedisError)
@data.errorhandler(redis.RedisError)
@pages.errorhandler(ThumbAppError)
@data.errorhandler(ThumbAppError)
def say(error: ThumbAppError | redis.RedisError) -> Response:
    """Answer an error as the site around does."""
    return monitor().host.told(error)
