"""What is around every page of the explorer: which server, how it is, how far one may go."""

from collections.abc import Callable

from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.where import Where
from thumbapp.blueprints.identity import asker, is_fresh
from thumbapp.errors import ThumbAppError
from thumbapp.explorer.overview import Overview, look
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.scan import LENGTHS


def frame(place: Where) -> dict[str, object]:
    """Return what the head of every page of the explorer shows."""
    server = parts().explorer.servers.find(place.server)
    overview, error = _seen(lambda: look(place.gate, db=place.db))
    return {
        "where": place,
        "server": server,
        "servers": parts().explorer.servers.all(),
        "overview": overview,
        "connection_error": error,
        "mode": modes.mode_now(),
        "modes": [mode for mode in Mode if modes.top_mode().covers(mode)],
        "is_fresh": is_fresh(),
        "has_password": bool((user := asker().user) and user.has_password),
        "types": list(LENGTHS),
    }


def glance(place: Where) -> dict[str, object]:
    """Return what the words about the server show, which a page asks for again and again."""
    server = parts().explorer.servers.find(place.server)
    overview, error = _seen(lambda: parts().explorer.glance(place.server, place.db))
    return {"where": place, "server": server, "overview": overview, "connection_error": error}


def _seen(look_at: Callable[[], Overview]) -> tuple[Overview | None, ThumbAppError | None]:
    try:
        return look_at(), None
    except ThumbAppError as error:
        return None, error
