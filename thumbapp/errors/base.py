"""The roots of the tree: what every error of ours is."""

from collections.abc import Mapping
from typing import Any


class ThumbAppError(Exception):
    """The root: anything ThumbApp refuses or fails to do, with a sentence for the user."""

    code = "error"

    @property
    def facts(self) -> Mapping[str, Any]:
        """What a program is told beside the sentence, by name."""
        return {}


class Unavailable(ThumbAppError):
    """Something we need is away for now; the same request may work later."""

    code = "unavailable"
    retry_after_s = 5


class Refused(ThumbAppError):
    """The request is understood and will not work however often it is sent."""

    code = "refused"
