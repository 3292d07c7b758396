"""``thumbapp redis get``, ``set`` and ``delete``: one key, or all that a pattern finds."""

import sys
from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, fail, json_option, say, say_json
from thumbapp.cli.redis_target import (
    Target,
    cells,
    given_bytes,
    given_name,
    is_terminal,
    on_target,
    remark,
    write,
)

if TYPE_CHECKING:
    from thumbapp.explorer.bulk import Task
    from thumbapp.explorer.records import Record
    from thumbapp.explorer.resp import Argv, Reply

_escaped = click.option(
    "--escaped", "is_escaped", is_flag=True, help="KEY is written as redis keys prints it."
)


@click.command("get")
@click.argument("key")
@_escaped
@json_option
@answering
@on_target
def get_command(*, target: Target, key: str, is_escaped: bool, as_json: bool) -> None:
    """Print the value of KEY, of any type and size, while it is read.

    Exits with 1 when there is none.

    A string goes out as its bytes, escaped on a terminal; of other types each element is a line, its
    parts separated by tabs. --json prints a list an element.
    """
    from thumbapp.explorer.export import export_key

    for record in export_key(target.gate, given_name(key, is_escaped=is_escaped), db=target.db):
        if record.type == "string":
            _say_bytes(record.value, as_json=as_json)
        else:
            _say_items(record, as_json=as_json)


@click.command("set")
@click.argument("key")
@click.argument("value")
@click.option("--ttl", type=click.FloatRange(min=0.001), help="Seconds to live; unset: for ever.")
@click.option("--new", "is_new", is_flag=True, help="Only when there is no such key.")
@_escaped
@json_option
@answering
@on_target
def set_command(
    *,
    target: Target,
    key: str,
    value: str,
    ttl: float | None,
    is_new: bool,
    is_escaped: bool,
    as_json: bool,
) -> None:
    """Store the string VALUE under KEY, whatever was there before.

    A VALUE of - is standard input.
    """
    data = sys.stdin.buffer.read() if value == "-" else given_bytes(value)
    life: Argv = () if ttl is None else ("PX", round(ttl * 1000))
    argv = ("SET", given_name(key, is_escaped=is_escaped), data, *life, *(["NX"] if is_new else []))
    if _run(target, argv) is None:
        fail("A key of that name is there already. Nothing was changed.")
    if as_json:
        say_json({"reply": "OK"})
    else:
        say("OK")


@click.command("delete")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--match", "pattern", default="", help="Every key that matches this pattern instead.")
@click.option("--type", "kind", default="", help="With --match: only of this type.")
@click.option("--yes", "is_sure", is_flag=True, help="With --match: delete, and not only count.")
@_escaped
@json_option
@answering
@on_target
def delete_command(
    *,
    target: Target,
    keys: tuple[str, ...],
    pattern: str,
    kind: str,
    is_sure: bool,
    is_escaped: bool,
    as_json: bool,
) -> None:
    """Delete each KEY, or all that match a pattern.

    Prints how many were; exits with 1 when none was.

    A pattern only counts and samples unless --yes is given.
    """
    if bool(keys) is bool(pattern or kind):
        raise click.UsageError("Name keys, or a pattern with --match.")
    if keys:
        names = [given_name(key, is_escaped=is_escaped) for key in keys]
        count = sum(_deleted(target, names[at : at + 100]) for at in range(0, len(names), 100))
    else:
        count = _delete_matching(target, pattern, kind, is_sure=is_sure)
    if as_json:
        say_json({"deleted": count})
    else:
        say(str(count))
    if not count and (keys or is_sure):
        fail("Nothing was deleted: there is no such key.")


def _say_bytes(data: bytes, *, as_json: bool) -> None:
    from thumbapp.explorer.names import shown
    from thumbapp.explorer.replies import bytes_as_json

    if as_json:
        say_json({"value": bytes_as_json(data)})
    else:
        write(shown(data).encode() + b"\n" if is_terminal() else data)


def _say_items(record: "Record", *, as_json: bool) -> None:
    from thumbapp.explorer.names import shown
    from thumbapp.explorer.records import DUMPED
    from thumbapp.explorer.replies import as_json as told

    if record.type == DUMPED:
        fail("Only commands of its module can read this value; export keeps it as a dump.")
    for item in record.value:
        parts = _parts(item)
        if as_json:
            say_json([part if isinstance(part, str) else told(part) for part in parts])
        else:
            cells(*(part if isinstance(part, str) else shown(part) for part in parts))


def _parts(item: object) -> "list[bytes | str]":
    """Return what an element consists of: a member and its score, a field and its value, an id and fields."""
    if isinstance(item, bytes | str):
        return [item]
    return [part for inner in item for part in _parts(inner)] if isinstance(item, list | tuple) else []


def _run(target: Target, argv: "Argv") -> "Reply":
    from thumbapp.explorer.connections import unfailed

    return unfailed(target.gate.run(argv, caller=target.caller, db=target.db).reply)


def _deleted(target: Target, names: list[bytes]) -> int:
    reply = _run(target, ("UNLINK", *names))
    return reply if isinstance(reply, int) else 0


def _delete_matching(target: Target, pattern: str, kind: str, *, is_sure: bool) -> int:
    """Delete what matches and return how many there were; without *is_sure* only say what would go."""
    from thumbapp.explorer import bulk
    from thumbapp.explorer.names import shown, typed
    from thumbapp.explorer.scan import Search

    task = bulk.Task(bulk.Operation.DELETE, Search(typed(pattern), kind))
    if not is_sure:
        found = bulk.preview(target.gate, task.search, db=target.db)
        for name in found.sample:
            remark(f"would delete {shown(name)}")
        remark(f"{found.count:,} keys match; --yes deletes them. Nothing was deleted.")
        return 0
    return _delete_all(target, task)


def _delete_all(target: Target, task: "Task") -> int:
    from thumbapp.explorer import bulk

    cursor: str | None = ""
    count = 0
    while cursor is not None:
        changed = 0
        confirm = target.gate.token(task.argv, caller=target.caller, db=target.db)
        for progress in bulk.run(
            target.gate, task, caller=target.caller, db=target.db, confirm=confirm, cursor=cursor
        ):
            changed, cursor = progress.changed, progress.cursor
        count += changed
    return count
