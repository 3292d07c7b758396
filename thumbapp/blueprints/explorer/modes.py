"""How far a session may go in the explorer now: view, unless it was switched on and used since.

Edit and admin mode are switched on with the password, unless one has signed in just now, and end by
themselves after 15 minutes without use. A program's mode is a matter of each call.
"""

import time
from typing import Final

from flask import request, session

from thumbapp.accounts.model import Role, User
from thumbapp.accounts.sessions import digest
from thumbapp.blueprints import audit_trail, identity
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.identity import address, asker, is_fresh
from thumbapp.errors import BadParameter, ModeTooHigh, SignInFailed
from thumbapp.explorer.gate import Caller
from thumbapp.explorer.rules import Mode

IDLE_S: Final = 900
_NOTED_EVERY_S: Final = 30
_MODE, _USED_AT = "redis_mode", "redis_used_at"


def top_mode() -> Mode:
    """Return how far the role of who is asking may go."""
    who = asker()
    return Mode.ADMIN if who.may(Role.ADMIN) else Mode.EDIT if who.may(Role.OPERATOR) else Mode.VIEW


def mode_now() -> Mode:
    """Return the mode of the session; view without one, after 15 idle minutes, and for programs."""
    mode = session.get(_MODE, Mode.VIEW)
    if mode not in set(Mode) or not is_session() or time.time() - session.get(_USED_AT, 0) > IDLE_S:
        return Mode.VIEW
    return Mode(mode) if top_mode().covers(Mode(mode)) else top_mode()


def is_session() -> bool:
    """Whether who is asking is signed in by a browser, and no program with a token."""
    return getattr(session, "record", None) is not None


def note_use() -> None:
    """Remember that the mode was used now, at most twice a minute."""
    if mode_now() is not Mode.VIEW and time.time() - session.get(_USED_AT, 0) > _NOTED_EVERY_S:
        session[_USED_AT] = time.time()


def caller() -> Caller:
    """Return on whose behalf this request's commands are sent, in the mode of its session."""
    return caller_in(mode_now())


def caller_in(mode: Mode) -> Caller:
    """Return on whose behalf commands are sent, in *mode*."""
    return Caller(asker().name, mode, source=address(), binding=_binding())


def mode_asked(text: str) -> Mode:
    """Return the mode that *text* names; raises BadParameter, or ModeTooHigh when the role may not."""
    if text not in set(Mode):
        raise BadParameter("mode", text, " ".join(Mode))
    if not top_mode().covers(Mode(text)):
        raise ModeTooHigh(text)
    return Mode(text)


def switch(text: str, *, password: str) -> Mode:
    """Set the mode of the session to what *text* names and return it.

    Raises:
        ModeTooHigh, BadParameter: it cannot be. SignInFailed, Throttled: the password is wrong.
    """
    mode = mode_asked(text)
    audit_trail.note("redis.mode", mode)
    if not mode_now().covers(mode):
        _confirm(password)
    session[_MODE], session[_USED_AT] = str(mode), time.time()
    return mode


def _confirm(password: str) -> None:
    """Return when the user is still there: signed in just now, or by the *password*."""
    user: User | None = asker().user
    if user is None or not is_session():
        raise SignInFailed
    if is_fresh():
        return
    parts().accounts.confirm(user, password, address=address())
    identity.refresh()


def _binding() -> str:
    """Return what a confirmation holds for: this session, or this token."""
    record = getattr(session, "record", None)
    if record is not None:
        return str(record.key)
    given = request.authorization
    return digest(given.token or "") if given is not None else ""
