"""Which schedules and which slots an address asks for, the same for pages and the API."""

from flask import request

from thumbapp.blueprints.context import schedules
from thumbapp.errors import BadParameter
from thumbapp.schedules.listing import Listing, ScheduleFilter, Show, list_schedules


def requested_listing(*, limit: int) -> Listing:
    """Return the page of the list that the query asks for."""
    show = request.args.get("show", "")
    if show and show not in set(Show):
        raise BadParameter("show", show, " ".join(Show))
    query = request.args
    wanted = ScheduleFilter(query.get("q", ""), Show(show) if show else None, query.get("task", ""))
    return list_schedules(schedules(), wanted, after=query.get("cursor", ""), limit=limit)


def cursor_param() -> str:
    """Return the entry of the history to go on below, "" for the newest."""
    text = request.args.get("cursor", "")
    numbers = text.split("-")
    if text and not (len(numbers) == 2 and all(part.isdecimal() and len(part) <= 20 for part in numbers)):
        raise BadParameter("cursor", text, "what the page before it gave")
    return text
