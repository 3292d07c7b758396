"""Who is asking: a visitor, a signed-in user, or a program with an API token."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from flask import Flask, Request, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user
from werkzeug.local import LocalProxy

from thumbapp import moments
from thumbapp.accounts import model
from thumbapp.accounts.model import Role, User
from thumbapp.blueprints.browser_session import BrowserSession, BrowserSessions
from thumbapp.blueprints.context import parts
from thumbapp.errors import TokenRefused
from thumbapp.jobs.model import Job

# So long after signing in what is dangerous asks for no password again.
FRESH: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Asker(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """Somebody who asks for something; ``role`` is None for a visitor, ``owner`` "" for one without jobs.

    ``name`` is how the audit and the log call them.
    """

    name: str
    owner: str
    role: Role | None = None
    user: User | None = None

    @property
    def is_authenticated(self) -> bool:
        """Whether we know who it is; what Flask-Login asks."""
        return self.role is not None

    @property
    def sees_all(self) -> bool:
        """Whether everybody's jobs are theirs to see and change."""
        return self.may(Role.OPERATOR)

    @property
    def actor(self) -> str | None:
        """Whose jobs they may change: None is everybody's."""
        return None if self.sees_all else self.owner

    def may(self, needed: Role) -> bool:
        """Whether they have the role *needed* or a higher one."""
        return self.role is not None and self.role.covers(needed)

    def get_id(self) -> str:
        """Return what the session remembers; what Flask-Login asks."""
        return self.user.id if self.user else ""


def init_app(app: Flask, sessions: BrowserSessions) -> None:
    """Let every request of *app* know who is asking."""
    app.session_interface = sessions
    manager = LoginManager()
    # "strong" throws a token's holder out for a flash message, and addresses of phones change.
    manager.session_protection = None
    manager.anonymous_user = _visitor
    manager.user_loader(_user)
    manager.request_loader(_bearer)
    manager.init_app(app, add_context_processor=False)
    app.add_template_filter(maker)
    app.jinja_env.globals["asker"] = LocalProxy(asker)  # a macro sees no context, but globals


def asker() -> Asker:
    """Return who is asking, looked up once a request."""
    return cast(Asker, current_user._get_current_object())


def owner(*, create: bool = False) -> str:
    """Return the word that stands in the jobs of who is asking; "" for a visitor without one.

    With *create* a visitor without one gets it, 128 random bits in the signed cookie.
    """
    known = asker().owner
    if not known and create:
        known = session["visitor"] = f"v-{secrets.token_urlsafe(16)}"
        session.permanent = True
        g._login_user = _visitor()
    return known


def payer() -> str:
    """Return whose share of jobs and bytes an upload uses: the owner's, else that of the hashed address."""
    if known := owner():
        return known
    key = parts().settings.secret()
    return "a-" + hmac.new(key, f"payer {address()}".encode(), "sha256").hexdigest()[:22]


def count_upload() -> None:
    """Count an upload from this address, or raise TooManyUploads."""
    limit = parts().settings.uploads_per_minute
    parts().accounts.throttle.upload(address(), per_minute=limit)


def is_fresh() -> bool:
    """Whether the user has signed in, or confirmed the password, within the last 15 minutes."""
    signed_in_at = model.moment(session.get("signed_in_at"))
    return signed_in_at is not None and moments.now() - signed_in_at < FRESH


def refresh() -> None:
    """Remember that the user has just confirmed the password."""
    session["signed_in_at"] = moments.now().timestamp()


def sign_in(user: User) -> None:
    """Begin a new session of *user* in this browser, under a new id.

    What the browser uploaded before stays the visitor's, and is there again after signing out.
    """
    visitor = session.get("visitor")
    _sessions().begin(cast(BrowserSession, session._get_current_object()), user.id)  # type: ignore[attr-defined]  # a LocalProxy
    _keep_visitor(visitor)
    login_user(_asker_of(user))


def sign_out() -> None:
    """End the session, on the server too."""
    visitor = session.get("visitor")
    _sessions().end(cast(BrowserSession, session._get_current_object()))  # type: ignore[attr-defined]  # a LocalProxy
    _keep_visitor(visitor)
    forget()


def forget() -> None:
    """Go on as a visitor: for an error page that must not ask again who it is."""
    g._login_user = _visitor()


def _keep_visitor(visitor: str | None) -> None:
    if visitor:
        session["visitor"], session.permanent = visitor, True


def _sessions() -> BrowserSessions:
    return cast(BrowserSessions, current_app.session_interface)


def _visitor() -> Asker:
    return Asker("visitor", str(session.get("visitor", "")))


def _asker_of(user: User) -> Asker:
    return Asker(user.name, user.owner, user.role, user)


def _user(user_id: str) -> Asker | None:
    """Return the user of a session that Redis knows; what a cookie alone says is not believed."""
    record = getattr(session, "record", None)
    user = parts().accounts.users.find(user_id) if record and record.user_id == user_id else None
    return _asker_of(user) if user else None


def _bearer(request: Request) -> Asker | None:
    """Return whose API token the request carries, None when it carries none.

    Raises:
        TokenRefused: it carries one that opens nothing.
    """
    given = request.authorization
    if given is None or given.type != "bearer":
        return None
    accounts = parts().accounts
    token = accounts.tokens.find(given.token or "")
    found = accounts.holder(token) if token else None
    if token is None or found is None:
        forget()
        raise TokenRefused
    user, role = found
    name = f"{user.name} (token {token.name})" if user else f"token {token.name}"
    return Asker(name, token.owner, role, user)


def maker(job: Job) -> str:
    """Return who made *job*, as operators are told: a user's name, a token, or a visitor."""
    kind = job.owner.partition("-")[0]
    if kind != "u":
        return {"v": "a visitor", "t": "an API token", "": "a program"}.get(kind, "somebody")
    if "users_by_id" not in g:
        g.users_by_id = {user.id: user.name for user in parts().accounts.users.all()}
    return str(g.users_by_id.get(job.owner, "a user who was removed"))


def known_name() -> str:
    """Return the name of who is asking, as far as the request has found out; asks nobody."""
    found = g.get("_login_user")
    return found.name if isinstance(found, Asker) else "-"


def address() -> str:
    """Return the address the request came from, through as many proxies as are trusted."""
    return request.remote_addr or ""
