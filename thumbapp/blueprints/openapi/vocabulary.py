"""The words that descriptions of the API are written in: schemas, parameters, answers."""

from enum import StrEnum
from typing import Any, Final

TEXT: Final = {"type": "string"}
COUNT: Final = {"type": "integer", "minimum": 0}
TIME: Final = {"type": ["string", "null"], "format": "date-time"}
PATH: Final = {"type": "string", "format": "uri-reference"}

MEANING: Final = {
    "400": "the request cannot be understood",
    "401": "nobody's token, or none",
    "403": "not allowed to who is asking",
    "404": "no such thing",
    "409": "not in this state, or not as it was",
    "410": "removed after the retention time",
    "413": "too large",
    "415": "no picture",
    "422": "understood, and refused",
    "428": "the header that says which version was read is missing",
    "429": "too often; see Retry-After",
    "503": "Redis, the disk or the queue cannot take it now; see Retry-After",
}


def record(required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object; *required* names its sure fields, by blanks."""
    return {"type": "object", "required": required.split(), "properties": properties}


def ref(name: str) -> dict[str, str]:
    """Return a reference to the schema *name*, whichever feature describes it."""
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(words: type[StrEnum], says: str, *, default: str = "") -> dict[str, Any]:
    """Return the schema of a word; the first is the default unless one is named."""
    known = [str(word) for word in words]
    return {"type": "string", "enum": known, "default": default or known[0], "description": says}


def answer(description: str, schema: dict[str, Any] | None = None, *, kind: str = "application/json") -> Any:
    """Return one answer; *schema* is of its body, None when it has none."""
    content = {"content": {kind: {"schema": schema}}} if schema else {}
    return {"description": description} | content


def problems(*statuses: str) -> dict[str, Any]:
    """Return the answers with these statuses, each a problem document."""
    return {
        status: answer(MEANING[status], ref("Problem"), kind="application/problem+json")
        for status in statuses
    }


def parameter(where: str, name: str, *, schema: Any = None, says: str = "") -> dict[str, Any]:
    """Return a parameter in ``path``, ``query`` or ``header``; text unless it has a *schema*."""
    return {
        "in": where,
        "name": name,
        "required": where == "path",
        "schema": schema or TEXT,
        "description": says,
    }
