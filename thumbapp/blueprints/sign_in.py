"""Signing in by name and password or by a link, and signing out."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from thumbapp.accounts.model import User
from thumbapp.blueprints import audit_trail, identity
from thumbapp.blueprints.access import safe_path
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.problems import refused
from thumbapp.errors import BadPassword, SignInBusy, SignInFailed, Throttled
from thumbapp.forms.accounts import FirstPasswordForm, SignInForm

bp = Blueprint("sign_in", __name__)


@bp.route("/login", methods=["GET", "POST"])
def login() -> Response | str:
    """Show the form; take name and password and go on to where the visitor was going."""
    form = SignInForm(next=safe_path(request.args.get("next", "/")))
    if not form.is_submitted():
        return render_template("accounts/sign_in.html", form=form)
    try:
        form.check()
        user = parts().accounts.sign_in(form.name.data, form.password.data, address=identity.address())
    except (SignInFailed, SignInBusy, Throttled) as error:
        audit_trail.note("sign-in", _known_name(form.name.data))
        form.refuse("password", error)
        return refused(render_template("accounts/sign_in.html", form=form), error)
    return _welcome(user, safe_path(form.next.data))


@bp.post("/logout")
def logout() -> Response:
    """End the session, here and on the server."""
    audit_trail.note("sign-out", identity.asker().name)
    identity.sign_out()
    flash("You are signed out.", "ok")
    return redirect(url_for("sign_in.login"), 303)


@bp.route("/sign-in/<secret>", methods=["GET", "POST"])
def link(secret: str) -> Response | str:
    """Show whom the link signs in; its button uses the link up. Opening the address changes nothing."""
    accounts = parts().accounts
    user = accounts.invited(secret)
    form = FirstPasswordForm()
    if not form.is_submitted():
        return render_template("accounts/link.html", form=form, user=user)
    try:
        form.check(user.name)
    except BadPassword as error:
        form.refuse("password", error)
        return refused(render_template("accounts/link.html", form=form, user=user), error)
    user = accounts.sign_in_by_link(secret)
    if form.password.data:
        accounts.set_password(user, form.password.data)
    answer = _welcome(user, url_for("jobs.create"))
    session["by_link"] = True
    return answer


def _welcome(user: User, path: str) -> Response:
    audit_trail.note("sign-in", user.name)
    identity.sign_in(user)
    return redirect(path, 303)


def _known_name(name: str | None) -> str:
    """Return *name* when somebody has it: passwords are typed into the wrong field now and then."""
    return name or "" if parts().accounts.has_user(name or "") else "an unknown name"
