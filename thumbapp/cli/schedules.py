"""``thumbapp schedules``: the same as the pages, from a terminal; and as files, see `schedule_files`."""

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.cli.schedule_files import export, import_
from thumbapp.cli.schedule_store import caller, opened
from thumbapp.moments import rfc3339

if TYPE_CHECKING:
    from thumbapp.schedules.model import Schedule


@click.group()
def schedules() -> None:
    """Say which task runs when.

    List, add, change, run and remove schedules.
    """


schedules.add_command(export)
schedules.add_command(import_, "import")

_FIELDS = (
    click.option("--task", help="The task; see: thumbapp tasks registry."),
    click.option("--every", help="Seconds from one run to the next."),
    click.option("--cron", help="Five fields, or six with seconds in front."),
    click.option("--at", help="The one time, 2027-01-31T15:05; without an offset on the clock of --tz."),
    click.option("--tz", help="Time zone, such as Europe/Warsaw."),
    click.option("--args", help="Arguments, a JSON list."),
    click.option("--kwargs", help="Named arguments, a JSON object."),
    click.option("--description", help="What it is for."),
    click.option("--start", help="Not before this time."),
    click.option("--end", help="Not after this time."),
    click.option("--max-runs", help="At most so many runs; 0: any number."),
    click.option("--jitter", help="Up to so many seconds later."),
    click.option("--misfire", help="run_once, skip or run_all what nobody could fire."),
    click.option("--grace", help="With skip: by so many seconds the newest may be late."),
    click.option("--overlap", help="allow, skip or queue a run while another has not ended."),
    click.option("--expires", help="Seconds in which a run must begin; 0: never."),
    click.option("--priority", help="Above 0 goes first."),
    click.option("--retries", help="How often a failed run is tried again."),
    click.option("--retry-delay", help="Seconds between tries."),
    click.option("--timeout", help="Seconds that the task may take, if it asks."),
    click.option("--alert-after", help="Failures in a row that make an alert; 0: none."),
)


def plan_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return *command* with an option for each field of a plan."""
    return reduce(lambda made, option: option(made), reversed(_FIELDS), command)


@schedules.command("list")
@click.option("--show", type=click.Choice(["on", "off", "trouble", "over", "code"]), help="Only these.")
@click.option("--match", default="", help="Only those with this in name, task or description.")
@json_option
@answering
def list_schedules(*, show: str | None, match: str, as_json: bool) -> None:
    """Print each schedule.

    Name, when in words, next run, last result, runs and failures.
    """
    from thumbapp.schedules.fields import schedule_fields
    from thumbapp.schedules.listing import ScheduleFilter, Show, list_schedules

    rows = list_schedules(opened(), ScheduleFilter(match, Show(show) if show else None)).rows
    if as_json:
        say_json({"items": [schedule_fields(row) for row in rows], "cursor": None})
        return
    for row in rows:
        say(f"{row.schedule.name}  {line(row.schedule)}" + (f"  ({row.flag})" if row.flag else ""))


@schedules.command()
@click.argument("name")
@click.argument("task_name", metavar="[TASK]", required=False)
@plan_options
@click.option("--off", is_flag=True, help="Save it switched off.")
@json_option
@answering
def add(*, name: str, task_name: str | None, off: bool, as_json: bool, **fields: str | None) -> None:
    """Save a new schedule NAME of TASK with --every, --cron or --at.

    It holds at once, without a restart.
    """
    told = _told(fields) | {"name": name, "enabled": not off}
    if task_name:
        told["task"] = task_name
    made = opened().create(_with_kind(told), who=caller())
    note_in_audit("schedule.create", target=made.name)
    _answer(made, as_json=as_json)


@schedules.command()
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@plan_options
@click.option("--if-version", type=int, help="Only when this is still its version.")
@json_option
@answering
def edit(
    *, name: str, new_name: str | None, if_version: int | None, as_json: bool, **fields: str | None
) -> None:
    """Change the schedule NAME (or of that id) as the options say.

    The rest stays.
    """
    found = opened()
    seen = found.store.named(name)
    told = _told(fields) | ({"name": new_name} if new_name is not None else {})
    version = seen.version if if_version is None else if_version
    made = found.edit(seen.id, _with_kind(told), version=version, who=caller())
    note_in_audit("schedule.edit", target=made.name)
    _answer(made, as_json=as_json)


@schedules.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
@answering
def enable(*, names: tuple[str, ...], as_json: bool) -> None:
    """Switch schedules on; what passed meanwhile is not made up."""
    _switch(names, on=True, as_json=as_json)


@schedules.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
@answering
def disable(*, names: tuple[str, ...], as_json: bool) -> None:
    """Switch schedules off; once this has ended, no run of them begins."""
    _switch(names, on=False, as_json=as_json)


@schedules.command()
@click.argument("name")
@json_option
@answering
def run(*, name: str, as_json: bool) -> None:
    """Run a schedule now, beside its times; prints the id of the task."""
    found = opened()
    seen = found.store.named(name)
    task = found.run_now(seen.id)
    note_in_audit("schedule.run", target=seen.name)
    if as_json:
        say_json({"id": task, "task_id": task, "schedule": seen.id})
    else:
        say(task)


@schedules.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
@answering
def remove(*, names: tuple[str, ...], as_json: bool) -> None:
    """Remove schedules with their history; what runs is finished."""
    found = opened()
    seen = [found.store.named(name) for name in names]
    for one in seen:
        found.remove(one.id)
        note_in_audit("schedule.delete", target=one.name)
    if as_json:
        say_json({"removed": [one.name for one in seen]})
    else:
        for one in seen:
            say(f"{one.name} was removed.")


@schedules.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="How many.")
@json_option
@answering
def history(*, name: str, limit: int, as_json: bool) -> None:
    """Print what became of each time that a schedule was due.

    Newest first.
    """
    from thumbapp.schedules.fields import slot_fields

    found = opened()
    slots, cursor = found.history(found.store.named(name).id, limit=limit)
    if as_json:
        say_json({"items": [slot_fields(slot) for slot in slots], "cursor": cursor})
        return
    for slot in slots:
        late = f"{slot.late_ms} ms late" if slot.fired_at else "not fired"
        took = f"took {slot.duration_ms} ms" if slot.duration_ms is not None else ""
        say("  ".join(filter(None, [rfc3339(slot.due), str(slot.outcome), late, took, slot.reason])))


def line(one: "Schedule") -> str:
    """Return what one line says of a schedule behind its name."""
    from thumbapp.schedules.descriptor import describe

    coming = "off" if not one.plan.enabled else f"next {rfc3339(one.slot)}" if one.slot else "over"
    last = f"last {one.last.outcome}" if one.last else "not run yet"
    return f"{one.plan.task}  {describe(one.plan)}  {coming}  {last}  {one.runs} runs, {one.failures} failed"


def _told(fields: dict[str, str | None]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _with_kind(told: dict[str, Any]) -> dict[str, Any]:
    """Return *told* with the kind that its fields mean; two of them are bad usage."""
    kinds = {"every": "interval", "cron": "cron", "at": "once"}
    named = [name for name in kinds if name in told]
    if len(named) > 1:
        raise click.UsageError(f"Only one of {', '.join(f'--{name}' for name in kinds)} can be meant.")
    return told | {"kind": kinds[named[0]]} if named else told


def _switch(names: tuple[str, ...], *, on: bool, as_json: bool) -> None:
    found = opened()
    seen = [found.store.named(name) for name in names]
    switched = [found.switch(one.id, on=on, who=caller()) for one in seen]
    for one in switched:
        note_in_audit("schedule.enable" if on else "schedule.disable", target=one.name)
    if as_json:
        say_json({"items": [_facts(one) for one in switched], "cursor": None})
    else:
        for one in switched:
            say(f"{one.name}  {line(one)}")


def _answer(one: "Schedule", *, as_json: bool) -> None:
    if as_json:
        say_json(_facts(one))
    else:
        say(f"{one.name}  {line(one)}")


def _facts(one: "Schedule") -> dict[str, Any]:
    from thumbapp.schedules.fields import schedule_fields
    from thumbapp.schedules.listing import ScheduleRow

    return schedule_fields(ScheduleRow(one, opened().trouble(one)))
