"""Users of the Redis server, for administrators: read out in words, made from choices, tried, removed."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import Location, current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.errors import ConfirmationNeeded, ThumbAppError
from thumbapp.explorer.acl import Acl, AclChange, AclUser, DryRun
from thumbapp.explorer.quoting import parse

bp = Blueprint("explorer_acl", __name__, url_prefix="/redis/acl")


@bp.get("")
def show() -> str:
    """Show every user, and the form of one; asks the server whether one may do something."""
    modes.note_use()
    return _page(current_location())


@bp.post("")
def save() -> AnyResponse | str:
    """Make a user what the form says, after a question; or only make a password for the form."""
    location, change = current_location(), _typed()
    audit_trail.left_to_the_gate()
    if request.form.get("generate"):
        return _page(location, change=change)
    try:
        _acl(location).save(change, confirm=request.form.get("confirm", ""))
    except ConfirmationNeeded as question:
        return _page(location, change=change, question=question)
    except ThumbAppError as error:
        return _page(location, change=change, error=error)
    flash(f"The user {change.name} is saved.", "ok")
    return redirect(location.url("explorer_acl.show") + f"&user={change.name}", 303)


@bp.post("/remove")
def remove() -> AnyResponse | str:
    """Remove a user; asks first."""
    location, name = current_location(), request.form.get("name", "")
    audit_trail.left_to_the_gate()
    try:
        _acl(location).remove(name, confirm=request.form.get("confirm", ""))
    except ConfirmationNeeded as question:
        return _page(location, question=question, removing=name)
    except ThumbAppError as error:
        return _page(location, error=error)
    flash(f"The user {name} is removed.", "ok")
    return redirect(location.url("explorer_acl.show"), 303)


def _page(
    location: Location,
    *,
    change: AclChange | None = None,
    question: ConfirmationNeeded | None = None,
    error: ThumbAppError | None = None,
    removing: str = "",
) -> str:
    told: dict[str, Any] = {
        "users": [],
        "refusals": [],
        "whoami": "",
        "dry_run": None,
        "made": "",
        "categories": [],
    }
    try:
        told |= _asked(_acl(location))
    except ThumbAppError as refusal:
        error = error or refusal
    chosen = next((user for user in told["users"] if user.name == request.args.get("user")), None)
    form = change or _as_change(chosen)
    shown = {"form": form, "question": question, "error": error, "removing": removing, "opened": chosen}
    return render_template("explorer/acl.html", **told, **shown, **page_context(location))


def _asked(acl: Acl) -> dict[str, Any]:
    """Return what the server says of its users, and of what somebody wants to know of one."""
    told: dict[str, Any] = {"users": acl.users(), "whoami": acl.whoami(), "categories": acl.categories()}
    if request.form.get("generate"):
        told["made"] = acl.password()
    if line := request.args.get("may", ""):
        told["dry_run"] = _dry_run(acl, request.args.get("user", ""), line)
    return told | {"refusals": acl.refusals()}


def _dry_run(acl: Acl, name: str, line: str) -> DryRun:
    try:
        return acl.dry_run(name, tuple(parse(line)))
    except ThumbAppError as error:
        return DryRun(may_run=False, says=str(error))


def _typed() -> AclChange:
    form = request.form
    given = form.get("password", "")
    return AclChange(
        name=form.get("name", ""),
        is_on=form.get("is_on") == "1",
        password={"keep": None, "none": ""}.get(form.get("sign_in", "keep"), given or None),
        commands=tuple(form.get("commands", "").split()),
        keys=tuple(form.get("keys", "").split()),
        channels=tuple(form.get("channels", "").split()),
    )


def _as_change(user: AclUser | None) -> AclChange:
    if user is None:
        return AclChange("", commands=("+@read",), keys=("*",))
    commands = tuple(rule for rule in user.commands.split() if rule != "-@all")
    return AclChange(user.name, user.is_on, None, commands, user.keys, user.channels)


def _acl(location: Location) -> Acl:
    return Acl(location.gate, caller=modes.caller())
