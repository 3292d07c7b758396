"""Which tasks an address asks for: its query as a `Filter`, and a filter as a query again."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import request, url_for

from thumbapp.blueprints.request_params import number_param
from thumbapp.errors import BadParameter
from thumbapp.taskqueue.records import STATES, Filter

MOST_ITEMS: Final = 200
_SPANS: Final = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}
NAMES: Final = ("state", "name", "worker", "q", "since", "until")


def task_filter() -> Filter:
    """Return what the query asks for; ``state`` may be repeated, or hold several by comma."""
    return Filter(
        states=_states(),
        name=request.values.get("name", "").strip(),
        worker=request.values.get("worker", "").strip(),
        text=request.values.get("q", "").strip(),
        since=_moment("since"),
        until=_moment("until"),
    )


def query_args() -> dict[str, str]:
    """Return the filter of the address as it stands there, to make links that keep it."""
    return {name: value for name in NAMES if (value := request.values.get(name, "").strip())}


def address(endpoint: str, *, without: tuple[str, ...] = ()) -> str:
    """Return the address of *endpoint* with the same filter, less what is named in *without*."""
    kept: dict[str, Any] = {name: value for name, value in query_args().items() if name not in without}
    return url_for(endpoint, **kept)


def cursor() -> str | None:
    """Return where the page begins."""
    return request.args.get("cursor")


def limit(default: int = 50) -> int:
    """Return how many are asked for."""
    return number_param("limit", default=default, most=MOST_ITEMS)


def _states() -> tuple[str, ...]:
    words = [word for text in request.values.getlist("state") for word in text.split(",") if word]
    for word in words:
        if word not in STATES:
            raise BadParameter("state", word, " ".join(STATES))
    return tuple(dict.fromkeys(words))


def _moment(name: str) -> datetime | None:
    """Return the time *name*: RFC 3339, or for how long back: ``15m``, ``1h``, ``24h``."""
    text = request.values.get(name, "").strip()
    if not text:
        return None
    if text in _SPANS:
        return datetime.now(UTC) - _SPANS[text]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadParameter(
            name, text, f"a time such as 2026-11-27T15:05:00Z, or {' '.join(_SPANS)}"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
