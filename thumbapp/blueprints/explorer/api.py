"""The JSON API of the explorer, ``/api/v1/redis``: keys, values, and what commands the gate lets through."""

import base64
import binascii
from typing import Any, Final

import orjson
from flask import Blueprint, Response, jsonify, request

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import db_asked
from thumbapp.blueprints.explorer.values import page_query
from thumbapp.blueprints.request_params import json_body, number_param
from thumbapp.blueprints.security import protect_cookie_request
from thumbapp.errors import BadParameter
from thumbapp.explorer import scan
from thumbapp.explorer.gate import CommandResult
from thumbapp.explorer.json_output import key_as_json, page_as_json
from thumbapp.explorer.long_names import name_of
from thumbapp.explorer.names import typed
from thumbapp.explorer.quoting import parse
from thumbapp.explorer.replies import as_json, as_text
from thumbapp.explorer.resp import Argument, Argv
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.scan import Search
from thumbapp.explorer.values.opening import open_key

_MOST_BYTES: Final = 20_000_000
_VALUE: Final = ("cursor", "find", "low", "high", "by", "reversed", "limit")

bp = Blueprint("explorer_api", __name__, url_prefix="/api/v1/redis")
bp.before_request(protect_cookie_request)


@bp.get("/keys")
def keys() -> Response:
    """Return a page of the keys that match; a cursor without items means: not found so far."""
    server, asked = request.args.get("server", ""), request.args
    found = scan.page(
        parts().explorer.gate(server),
        Search(typed(asked.get("match", "")), asked.get("type", "")),
        db=db_asked(asked.get("db", ""), server=server),
        cursor=asked.get("cursor", ""),
        limit=number_param("limit", default=scan.STEP, most=scan.MOST_ROWS),
    )
    return jsonify(page_as_json(found))


@bp.get("/keys/<key_id>")
def value(key_id: str) -> Response:
    """Return a key with a page of its value."""
    server = request.args.get("server", "")
    asked = {f"v_{name}": request.args[name] for name in _VALUE if request.args.get(name)}
    db = db_asked(request.args.get("db", ""), server=server)
    gate = parts().explorer.gate(server)
    return jsonify(key_as_json(open_key(gate, name_of(gate, key_id, db=db), page_query(asked), db=db)))


@bp.post("/command")
def command() -> Response:
    """Run one command; what the server answers, an error too, is 200."""
    told = json_body(most_bytes=_MOST_BYTES)
    argv, server = _argv(told), _text(told, "server")
    gate = parts().explorer.gate(server)
    db = db_asked(str(told.get("db", "")), server=server)
    caller = modes.caller_in(_mode(told))
    audit_trail.left_to_the_gate()
    ran = gate.run(argv, caller=caller, db=db, confirm=_text(told, "confirm"))
    return _answer(ran, argv)


def _answer(ran: CommandResult, argv: Argv) -> Response:
    facts = {"reply": as_json(ran.reply), "text": as_text(ran.reply, argv), "ms": round(ran.ms, 3)}
    return Response(orjson.dumps(facts | {"error": ran.is_error}), mimetype="application/json")


def _mode(told: dict[str, Any]) -> Mode:
    """Return the mode that is asked for, a session's never above its own."""
    wanted = modes.mode_asked(_text(told, "mode") or Mode.VIEW)
    if not modes.is_session():
        return wanted
    modes.note_use()
    now = modes.mode_now()
    return wanted if now.covers(wanted) else now


def _argv(told: dict[str, Any]) -> Argv:
    """Return the command, from ``argv`` or from ``line``; raises BadParameter, LineUnreadable."""
    if "argv" not in told:
        return tuple(parse(_text(told, "line")))
    given = told["argv"]
    if "line" in told or not isinstance(given, list):
        raise BadParameter("argv", str(given), "a list of texts, or a line beside no argv")
    return tuple(map(_argument, given))


def _argument(given: object) -> Argument:
    if isinstance(given, str):
        return given.encode("utf-8", "surrogatepass")
    if isinstance(given, int | float) and not isinstance(given, bool):
        return given
    if isinstance(given, dict) and isinstance(given.get("base64"), str):
        try:
            return base64.b64decode(given["base64"], validate=True)
        except binascii.Error as error:
            raise BadParameter("argv", given["base64"], "base64") from error
    raise BadParameter("argv", str(given), 'texts, numbers or {"base64": "..."}')


def _text(told: dict[str, Any], name: str) -> str:
    given = told.get(name) or ""
    if not isinstance(given, str):
        raise BadParameter(name, str(given), "a text")
    return given
