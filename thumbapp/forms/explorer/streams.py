"""The forms of streams, their groups, consumers and what is pending."""

from typing import Final

from thumbapp.explorer.changes import streams
from thumbapp.explorer.edit import Change
from thumbapp.explorer.names import from_id
from thumbapp.forms.explorer.model import Action, Field, Kind, Typed

PAIRS: Final = Field("pairs", "Fields, as field=value, one on a line", Kind.LINES, is_bytes=True)
ENTRY_ID: Final = Field("id", "Id", default="*", help="* lets the server choose it.")
ITEM: Final = Field("item", kind=Kind.HIDDEN)
GROUP: Final = Field("group", kind=Kind.HIDDEN)
_START: Final = Field(
    "start",
    "Reads from",
    default="$",
    help="$ is what is yet to come, 0 everything; an id, or a time such as 2026-11-24T15:05.",
)


def _group(typed: Typed) -> bytes:
    """Return the group that the form is about."""
    return from_id(typed.text("group"))


def _claimed(typed: Typed) -> Change:
    idle_ms = typed.ttl_ms("idle") if typed.text("idle") not in ("", "0") else 0
    return streams.claim(
        typed.name, _group(typed), typed.said("consumer"), typed.text("item"), idle_ms=idle_ms
    )


STREAMS: Final = (
    Action(
        "stream.add",
        "Add the entry",
        "plus",
        lambda typed: streams.add_entry(typed.name, typed.pairs("pairs"), entry_id=typed.text("id") or "*"),
        (PAIRS, ENTRY_ID),
    ),
    Action(
        "stream.remove",
        "Remove",
        "trash",
        lambda typed: streams.remove_entry(typed.name, typed.text("item")),
        (ITEM,),
    ),
    Action(
        "stream.trim",
        "Trim",
        "trash",
        lambda typed: streams.trim_stream(typed.name, most=typed.whole("most")),
        (Field("most", "Keep the newest", Kind.NUMBER, default="1000"),),
    ),
    Action(
        "stream.group",
        "Make the group",
        "plus",
        lambda typed: streams.create_group(
            typed.name, typed.said("new_group"), start=typed.text("start") or "$"
        ),
        (Field("new_group", "New group", is_bytes=True), _START),
    ),
    Action(
        "stream.move",
        "Set the place",
        "check",
        lambda typed: streams.move_group(typed.name, _group(typed), start=typed.text("start") or "$"),
        (_START, GROUP),
    ),
    Action(
        "stream.destroy",
        "Remove the group",
        "trash",
        lambda typed: streams.destroy_group(typed.name, _group(typed)),
        (GROUP,),
        is_dangerous=True,
    ),
    Action(
        "stream.forget",
        "Remove the consumer",
        "trash",
        lambda typed: streams.remove_consumer(typed.name, _group(typed), typed.item),
        (GROUP, ITEM),
        is_dangerous=True,
    ),
    Action(
        "stream.ack",
        "Acknowledge",
        "check",
        lambda typed: streams.acknowledge(typed.name, _group(typed), typed.text("item")),
        (GROUP, ITEM),
    ),
    Action(
        "stream.claim",
        "Claim",
        "check",
        _claimed,
        (
            Field("item", "Entry"),
            Field("consumer", "For the consumer", is_bytes=True),
            Field("idle", "When idle for", default="0", help="90, 15 min, 2 h; 0 takes it at once."),
            GROUP,
        ),
    ),
)
