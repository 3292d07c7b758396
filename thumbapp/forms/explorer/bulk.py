"""The form that does one thing to all keys that a search finds."""

from collections.abc import Mapping
from typing import Final

from thumbapp.errors import BadEdit, BadParameter
from thumbapp.explorer.bulk import Operation, Task
from thumbapp.explorer.scan import Search
from thumbapp.explorer.ttl import parse_ttl

WORDS: Final = {
    Operation.DELETE: "Delete",
    Operation.EXPIRE: "Let expire",
    Operation.PERSIST: "Keep for ever",
    Operation.COPY: "Copy",
}


def read_task(fields: Mapping[str, str], search: Search) -> Task:
    """Return what is to be done to the keys that *search* finds; raises BadEdit, BadParameter."""
    name = fields.get("operation", "")
    if name not in set(Operation):
        raise BadParameter("operation", name[:40], " ".join(Operation))
    operation = Operation(name)
    if operation is Operation.EXPIRE:
        return Task(operation, search, ttl_ms=parse_ttl(fields.get("life", "")))
    return Task(operation, search, to_db=_database(fields) if operation is Operation.COPY else 0)


def _database(fields: Mapping[str, str]) -> int:
    text = fields.get("to_db", "").strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise BadEdit("Say to which database, by its number.")
    return int(text)
