"""``thumbapp jobs``: look at all jobs, try them again, stop them, clean up. Acts as the administrator."""

from typing import TYPE_CHECKING

import click

from thumbapp.cli.answers import answering, json_option, note_in_audit, say, say_json
from thumbapp.config import Settings
from thumbapp.moments import rfc3339

if TYPE_CHECKING:
    from thumbapp.jobs.ledger import Ledger
    from thumbapp.jobs.model import Job
    from thumbapp.jobs.service import JobService

# A job's id may begin with a dash.
_TAKES_AN_ID = {"ignore_unknown_options": True}
_STATES = ["queued", "running", "done", "failed", "cancelled"]


@click.group()
def jobs() -> None:
    """List, show, retry and cancel thumbnail jobs of everybody."""


@jobs.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only jobs in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@json_option
@answering
def list_jobs(*, state: str | None, limit: int, as_json: bool) -> None:
    """Print the newest jobs, one a line."""
    from thumbapp.jobs.model import JobState

    page = open_service(Settings.from_environ()).page_of(
        None, state=JobState(state) if state else None, limit=limit
    )
    if as_json:
        say_json({"items": [job_facts(job) for job in page.items], "cursor": page.cursor})
        return
    for job in page.items:
        say(_line(job))


@jobs.command(context_settings=_TAKES_AN_ID)
@click.argument("job_id", metavar="ID")
@json_option
@answering
def show(*, job_id: str, as_json: bool) -> None:
    """Print what is known of one job."""
    job = open_service(Settings.from_environ()).find(job_id)
    if as_json:
        say_json(job_facts(job))
        return
    for name, value in _facts_to_read(job).items():
        say(f"{name:<10}  {value}")
    for thumbnail in job.thumbnails:
        say(f"{'thumbnail':<10}  {thumbnail.name}  {thumbnail.width} x {thumbnail.height}")


@jobs.command(context_settings=_TAKES_AN_ID)
@click.argument("job_id", metavar="ID")
@json_option
@answering
def retry(*, job_id: str, as_json: bool) -> None:
    """Queue a failed or cancelled job again."""
    job = open_service(Settings.from_environ()).retry(job_id, actor=None)
    note_in_audit("jobs.retry", target=job.id)
    _say_state(job, as_json=as_json)


@jobs.command(context_settings=_TAKES_AN_ID)
@click.argument("job_id", metavar="ID")
@json_option
@answering
def cancel(*, job_id: str, as_json: bool) -> None:
    """Stop a waiting or running job."""
    job = open_service(Settings.from_environ()).cancel(job_id, actor=None)
    note_in_audit("jobs.cancel", target=job.id)
    _say_state(job, as_json=as_json)


@jobs.command()
@json_option
@answering
def clean(*, as_json: bool) -> None:
    """Remove expired jobs and what killed workers left."""
    from thumbapp.jobs.upkeep import Upkeep
    from thumbapp.tasks import enqueue_job

    settings = Settings.from_environ()
    removed = Upkeep(settings, ledger=_open_ledger(settings), enqueue=enqueue_job).clean()
    note_in_audit("jobs.clean", target=str(removed))
    if as_json:
        say_json({"removed": removed})
    else:
        say(f"Removed {removed} expired {'job' if removed == 1 else 'jobs'}.")


def open_service(settings: Settings) -> "JobService":
    """Return the service over the server and the media folder of *settings*."""
    from thumbapp.jobs.service import JobService
    from thumbapp.taskqueue.control import TaskControl
    from thumbapp.tasks import enqueue_job, huey

    withdraw = TaskControl(huey).withdraw
    return JobService(settings, ledger=_open_ledger(settings), enqueue=enqueue_job, withdraw=withdraw)


def job_facts(job: "Job") -> dict[str, object]:
    """Return *job* as the JSON API shows it, less the addresses."""
    return {
        "id": job.id,
        "state": job.state,
        "filename": job.filename,
        "batch": job.batch or None,
        "progress": {"done": job.done, "total": job.total},
        "thumbnails": [
            {"name": item.name, "width": item.width, "height": item.height, "bytes": item.bytes}
            | {"format": item.format}
            for item in job.thumbnails
        ],
        "error": {"code": job.error.code, "message": job.error.message} if job.error else None,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at),
        "finished_at": rfc3339(job.finished_at),
    }


def _open_ledger(settings: Settings) -> "Ledger":
    from thumbapp.jobs.ledger import Ledger
    from thumbapp.runtime.connection import connect

    return Ledger.from_settings(settings, connect(settings, name="thumbapp-cli"))


def _say_state(job: "Job", *, as_json: bool) -> None:
    if as_json:
        say_json(job_facts(job))
    else:
        say(f"{job.id}  {job.state}")


def _line(job: "Job") -> str:
    progress = f"{job.done}/{job.total}"
    return f"{job.id}  {job.state:<9}  {progress:>5}  {rfc3339(job.created_at)}  {job.filename}"


def _facts_to_read(job: "Job") -> dict[str, object]:
    facts = {
        "id": job.id,
        "state": job.state,
        "file": job.filename,
        "sizes": ", ".join(map(str, job.recipe.sizes)),
        "done": f"{job.done} of {job.total}",
        "created": rfc3339(job.created_at),
        "started": rfc3339(job.started_at),
        "finished": rfc3339(job.finished_at),
        "error": job.error.message if job.error else None,
    }
    return {name: value for name, value in facts.items() if value is not None}
