"""The calls of the Redis explorer, and what they answer."""

from typing import Any, Final

from thumbapp.blueprints.openapi.vocabulary import (
    COUNT,
    TEXT,
    answer,
    one_of,
    parameter,
    problems,
    record,
    ref,
)
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.scan import LENGTHS

_MAYBE_COUNT: Final = {"type": ["integer", "null"], "minimum": 0}
_CURSOR: Final = {"type": ["string", "null"], "description": "goes on; null at the end"}
_BYTES: Final = {"description": 'text where it is UTF-8, {"base64": "..."} where not; "of": whole length'}
_FACTS: Final[dict[str, Any]] = {
    "id": TEXT | {"description": "base64url of the name, without padding; - for the empty name"},
    "name": TEXT | {"description": r"UTF-8 as it is, all else as \xNN"},
    "type": TEXT,
    "ttl_ms": _MAYBE_COUNT | {"description": "null: no expiry"},
    "bytes": _MAYBE_COUNT | {"description": "memory in the server"},
    "length": _MAYBE_COUNT,
}

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Key": record("id name type ttl_ms bytes length", **_FACTS),
    "Keys": record(
        "items cursor scanned total",
        items={"type": "array", "items": ref("Key")},
        cursor=_CURSOR,
        scanned=COUNT,
        total=COUNT,
    ),
    "Item": record(
        "",
        value=_BYTES,
        index=COUNT | {"description": "of a list"},
        offset=COUNT | {"description": "of bytes of a string"},
        field=_BYTES,
        ttl_ms=_MAYBE_COUNT,
        score=TEXT,
        rank=_MAYBE_COUNT,
        id=TEXT | {"description": "of an entry of a stream"},
        fields={"type": "array", "items": {"type": "array", "items": _BYTES}},
    ),
    "Value": record(
        "id name type ttl_ms bytes length items cursor",
        **_FACTS,
        encoding=TEXT,
        idle_s=_MAYBE_COUNT,
        items={"type": "array", "items": ref("Item")},
        cursor=_CURSOR,
        says=TEXT | {"description": "what else to know, a sentence"},
    ),
    "Command": record(
        "",
        server=TEXT | {"description": "a name of THUMBAPP_SERVERS; the app's own when absent"},
        db={"type": "integer", "minimum": 0},
        argv={"type": "array", "items": {"description": 'text, a number or {"base64": "..."}'}},
        line=TEXT | {"description": "the same as one line, as redis-cli reads it"},
        mode=one_of(Mode, "how far it may go: a token as far as its role, a session as far as its own mode"),
        confirm=TEXT | {"description": "the token of the question that came as 409"},
    ),
    "Reply": record(
        "reply text ms error",
        reply=_BYTES,
        text=TEXT | {"description": "what redis-cli prints on a terminal"},
        ms={"type": "number"},
        error={"type": "boolean", "description": "whether the server answered with an error"},
    ),
    "Question": record(
        "code detail confirm effect",
        code=TEXT,
        detail=TEXT,
        confirm=TEXT | {"description": "send the same body again with it"},
        effect=TEXT | {"description": "what will happen"},
    ),
}

_SERVER: Final = parameter("query", "server", says="a name of THUMBAPP_SERVERS; the app's own when absent")
_DB: Final = parameter("query", "db", schema=COUNT)
_GOES_ON: Final = parameter("query", "cursor")

PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/redis/keys": {
        "get": {
            "summary": "a page of the keys of a database, for operators",
            "parameters": [
                _SERVER,
                _DB,
                parameter("query", "match", says=r"a glob pattern or a whole name; \xNN is that byte"),
                parameter("query", "type", says=" ".join(LENGTHS)),
                _GOES_ON,
                parameter("query", "limit", schema=COUNT),
            ],
            "responses": {"200": answer("keys", ref("Keys")), **problems("400", "401", "403", "404", "503")},
        }
    },
    "/api/v1/redis/keys/{key_id}": {
        "get": {
            "summary": "a key with a page of its value",
            "parameters": [
                parameter("path", "key_id"),
                _SERVER,
                _DB,
                _GOES_ON,
                parameter("query", "limit", schema=COUNT),
                parameter("query", "find", says="only items that hold this"),
                parameter("query", "low", says="from this score, text, id or time on"),
                parameter("query", "high"),
                parameter("query", "by", says="lex: low and high are texts"),
                parameter("query", "reversed", says="1: from the other end"),
            ],
            "responses": {
                "200": answer("a key", ref("Value")),
                **problems("400", "401", "403", "404", "503"),
            },
        }
    },
    "/api/v1/redis/command": {
        "post": {
            "summary": "run one command through the gate",
            "requestBody": {"content": {"application/json": {"schema": ref("Command")}}},
            "responses": {
                "200": answer("what the server answered", ref("Reply")),
                **problems("400", "401", "403", "404", "422", "503"),
                "409": answer(
                    "it asks first: send the same body again with `confirm`",
                    ref("Question"),
                    kind="application/problem+json",
                ),
            },
        }
    },
}
