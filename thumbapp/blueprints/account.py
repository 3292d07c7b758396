"""One's own account: password, API tokens, and the browsers one is signed in with."""

from typing import cast

from flask import Blueprint, flash, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from thumbapp.accounts.model import Role, Session, User
from thumbapp.blueprints import audit_trail, identity
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.problems import refused
from thumbapp.errors import BadPassword, RoleTooLow, SignInBusy, SignInFailed, SignInRequired, Throttled
from thumbapp.forms.accounts import NewTokenForm, PasswordForm

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
def show() -> str:
    """Show the account of who is signed in."""
    return _page()


@bp.post("/password")
def set_password() -> Response:
    """Set another password; every other browser is signed out."""
    form, user = PasswordForm(), _user()
    audit_trail.note("account.password", user.name)
    try:
        form.check(user.name)
        if needs_old_password(user):
            parts().accounts.confirm(user, form.old.data or "", address=identity.address())
        parts().accounts.set_password(user, form.password.data)
    except (BadPassword, SignInFailed, SignInBusy, Throttled) as error:
        form.refuse("password" if isinstance(error, BadPassword) else "old", error)
        return refused(_page(password=form), error)
    identity.sign_in(user)
    flash("The password was changed; every other browser is signed out.", "ok")
    return redirect(url_for(".show"), 303)


@bp.post("/tokens")
def create_token() -> Response | tuple[str, int]:
    """Make an API token and show it, this once."""
    form, user = NewTokenForm(), _user()
    try:
        token, secret = parts().accounts.create_token(
            form.name.data or "", role=Role.parse(form.role.data or ""), user=user, days=form.lasting_days()
        )
    except RoleTooLow as error:
        form.refuse("role", error)
        return refused(_page(token=form), error)
    audit_trail.note("token.create", f"{token.name} ({token.role}) {token.id}")
    return _page(secret=secret), 201


@bp.post("/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """Revoke one of one's own tokens."""
    token = parts().accounts.revoke_token(token_id, of=_user().id)
    audit_trail.note("token.revoke", f"{token.name} {token.id}")
    flash(f"The token {token.name} opens nothing any more.", "ok")
    return redirect(url_for(".show"), 303)


@bp.post("/sessions/<key>/end")
def end_session(key: str) -> Response:
    """Sign out another of one's own browsers."""
    audit_trail.note("session.end", _user().name)
    sessions = parts().accounts.sessions
    for found in sessions.of(_user().id):
        if found.key == key:
            sessions.end(found)
    return redirect(url_for(".show"), 303)


@bp.post("/sessions/end")
def end_sessions() -> Response:
    """Sign out every browser but this one."""
    audit_trail.note("session.end-all", _user().name)
    ended = parts().accounts.sessions.end_all(_user().id, but=_this_key())
    flash(f"Signed out elsewhere: {ended}.", "ok")
    return redirect(url_for(".show"), 303)


def needs_old_password(user: User) -> bool:
    """Whether the old password is asked for: not when there is none, nor just after a sign-in link."""
    return user.has_password and not (session.get("by_link") and identity.is_fresh())


def _page(
    *, password: PasswordForm | None = None, token: NewTokenForm | None = None, secret: str = ""
) -> str:
    user, accounts = _user(), parts().accounts
    return render_template(
        "accounts/account.html",
        user=user,
        password=password or PasswordForm(formdata=None),
        needs_old_password=needs_old_password(user),
        token=token or NewTokenForm(formdata=None),
        roles=[role for role in Role if user.role.covers(role)],
        tokens=accounts.tokens.of(user.id),
        secret=secret,
        sessions=accounts.sessions.of(user.id),
        this_key=_this_key(),
    )


def _user() -> User:
    """Return the user who is signed in; a token of the installation has no account."""
    user = identity.asker().user
    if user is None:
        raise SignInRequired
    return user


def _this_key() -> str:
    record = cast(Session | None, getattr(session, "record", None))
    return record.key if record else ""
