"""What is around every page of the explorer: which server, how it is, how far one may go."""

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
    overview, error = _overview(place)
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


def _overview(place: Where) -> tuple[Overview | None, ThumbAppError | None]:
    try:
        return look(place.gate, db=place.db), None
    except ThumbAppError as error:
        return None, error
