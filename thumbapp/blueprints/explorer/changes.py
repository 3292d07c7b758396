"""What the forms of the explorer post: changes of keys, copies, undo, and the page of new keys."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from thumbapp.blueprints.explorer import change_flow
from thumbapp.blueprints.explorer.location import current_location
from thumbapp.explorer.names import to_id
from thumbapp.explorer.undo import mark
from thumbapp.explorer.values.streams import id_time
from thumbapp.forms.explorer.actions import NEW_TYPES, find_action
from thumbapp.forms.explorer.keys import COPY_FIELDS, NAME
from thumbapp.forms.explorer.model import WRITINGS

bp = Blueprint("explorer_changes", __name__, url_prefix="/redis")
bp.add_app_template_global(find_action, "change_action")
bp.add_app_template_global(lambda: WRITINGS, "writings")
bp.add_app_template_global(lambda: COPY_FIELDS, "copy_fields")
bp.add_app_template_global(lambda: NAME, "name_field")
bp.add_app_template_global(change_flow.done_just_now, "done_just_now")
bp.add_app_template_global(change_flow.undoable, "undoable")
bp.add_app_template_filter(to_id, "key_id")
bp.add_app_template_filter(lambda text: mark(text.encode()), "mark_of")
bp.add_app_template_filter(id_time)


@bp.get("/new")
def new() -> str:
    """Show the form for a new key of a type."""
    kind = request.args.get("new", "string")
    return render_template(
        "explorer/new.html",
        action=find_action(f"new.{kind}"),
        kind=kind,
        kinds=NEW_TYPES,
        location=current_location(),
    )


@bp.post("/change")
def change() -> Response:
    """Make a change and lead back to the key."""
    action = find_action(request.form.get("action", ""))
    return change_flow.change(current_location(), action, request.form)


@bp.post("/copy")
def copy() -> Response:
    """Copy the open key and lead to the copy."""
    return change_flow.copy(current_location(), request.form)


@bp.post("/undo")
def undo() -> Response:
    """Take a change back."""
    return change_flow.undo(
        current_location(), request.form.get("undo", ""), force=request.form.get("force", "") == "1"
    )
