"""The users of the installation, for administrators: who there is, with which role, and who comes new."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from thumbapp.accounts.model import Role, User
from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.problems import refused
from thumbapp.errors import BadUserName, LastAdmin, UserExists, UserNotFound
from thumbapp.forms.accounts import NewUserForm

bp = Blueprint("users", __name__, url_prefix="/users")


@bp.get("")
def index() -> str:
    """Show every user."""
    return _page()


@bp.post("")
def add() -> Response | tuple[str, int]:
    """Add a user without a password, and show the link that lets them in, once."""
    form = NewUserForm()
    audit_trail.note("user.add", form.name.data or "")
    try:
        user = parts().accounts.add(form.name.data or "", role=Role.parse(form.role.data or ""))
    except (BadUserName, UserExists) as error:
        form.refuse("name", error)
        return refused(_page(form=form), error)
    audit_trail.note("user.add", f"{user.name} ({user.role})")
    return _page(invited=user), 201


@bp.post("/<user_id>/role")
def change_role(user_id: str) -> Response:
    """Give a user another role."""
    user, role = _find(user_id), Role.parse(request.form.get("role", ""))
    audit_trail.note("user.role", f"{user.name} ({role})")
    try:
        parts().accounts.users.change_role(user, role)
        flash(f"{user.name} is {role} now.", "ok")
    except LastAdmin as error:
        flash(str(error), "danger")
    return redirect(url_for(".index"), 303)


@bp.post("/<user_id>/link")
def invite(user_id: str) -> tuple[str, int]:
    """Make a link that signs a user in once, and show it."""
    user = _find(user_id)
    audit_trail.note("user.link", user.name)
    return _page(invited=user), 201


@bp.post("/<user_id>/remove")
def remove(user_id: str) -> Response:
    """Remove a user, with all sessions and tokens."""
    user = _find(user_id)
    audit_trail.note("user.remove", user.name)
    try:
        parts().accounts.remove(user)
        flash(f"{user.name} was removed.", "ok")
    except LastAdmin as error:
        flash(str(error), "danger")
    return redirect(url_for(".index"), 303)


def _page(*, form: NewUserForm | None = None, invited: User | None = None) -> str:
    accounts = parts().accounts
    return render_template(
        "accounts/users.html",
        users=accounts.users.all(),
        roles=list(Role),
        form=form or NewUserForm(formdata=None),
        invited=invited,
        link=accounts.invite(invited) if invited else "",
        origin=request.host_url.rstrip("/"),
    )


def _find(user_id: str) -> User:
    user = parts().accounts.users.find(user_id)
    if user is None:
        raise UserNotFound(user_id)
    return user
