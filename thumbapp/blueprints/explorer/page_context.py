"""What is around every page of the explorer: which server, how it is, how far one may go."""

from collections.abc import Callable

from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location
from thumbapp.blueprints.identity import asker, is_fresh
from thumbapp.errors import ThumbAppError
from thumbapp.explorer.overview import Overview, read_overview
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.scan import LENGTHS


def page_context(location: Location) -> dict[str, object]:
    """Return what the head of every page of the explorer shows."""
    server = parts().explorer.servers.find(location.server)
    overview, error = _read(lambda: read_overview(location.gate, db=location.db))
    return {
        "location": location,
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


def status_context(location: Location) -> dict[str, object]:
    """Return what the words about the server show, which a page asks for again and again."""
    server = parts().explorer.servers.find(location.server)
    overview, error = _read(lambda: parts().explorer.overview(location.server, location.db))
    return {"location": location, "server": server, "overview": overview, "connection_error": error}


def _read(read: Callable[[], Overview]) -> tuple[Overview | None, ThumbAppError | None]:
    try:
        return read(), None
    except ThumbAppError as error:
        return None, error
