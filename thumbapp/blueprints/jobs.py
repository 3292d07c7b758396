"""The pages around a thumbnail job: upload, list, one job, one batch, and what their buttons do."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import job_service
from thumbapp.blueprints.identity import asker, count_upload, owner
from thumbapp.blueprints.job_pages import batch_page, job_page
from thumbapp.blueprints.problems import refused
from thumbapp.blueprints.streams import with_poll_after
from thumbapp.errors import (
    BadParameter,
    JobExpired,
    JobNotFound,
    QueueFull,
    StorageUnavailable,
    Throttled,
    UploadRefused,
    WrongState,
)
from thumbapp.forms.upload import UploadForm
from thumbapp.imaging.probe import format_names
from thumbapp.jobs.model import JobState, Page
from thumbapp.jobs.service import Submission, Upload

JOBS_A_PAGE = 50
ROW_POLL_S = 2.0
_FILTERS = (JobState.QUEUED, JobState.RUNNING, JobState.DONE, JobState.FAILED, JobState.CANCELLED)

bp = Blueprint("jobs", __name__)


@bp.route("/", methods=["GET", "POST"])
def create() -> Response | str | tuple[str, int]:
    """Show the upload form; take what it sends and go to the job, or the batch of several."""
    form = UploadForm()
    if not form.is_submitted():
        return _form_page(form)
    if not form.validate():
        return _form_page(form), 422
    try:
        submission = _submit(form)
    except (UploadRefused, Throttled, QueueFull, StorageUnavailable) as error:
        form.refuse("image", error)
        return refused(_form_page(form), error)
    audit_trail.about(submission.batch or submission.jobs[0].id)
    return redirect(_address(submission), 303)


@bp.get("/jobs")
def index() -> str:
    """Show one's own jobs, newest first; an operator sees everybody's unless ``whose`` is ``mine``."""
    state, cursor = _state_asked(), request.args.get("cursor")
    whose = "mine" if request.args.get("whose") == "mine" else None
    actor, page = owner() if whose else asker().actor, Page([], None)
    if actor != "":
        page = job_service().page_of(actor, state=state, cursor=cursor, limit=JOBS_A_PAGE)
    shown = {"page": page, "state": state, "cursor": cursor, "states": _FILTERS, "whose": whose}
    return render_template("jobs/index.html", **shown)


@bp.get("/jobs/<job_id>")
def show(job_id: str) -> str:
    """Show one job; the address is all that is needed to see it."""
    page = job_page(job_id)
    return render_template("jobs/show.html", page=page, job=page.job)


@bp.get("/jobs/<job_id>/panel")
def panel(job_id: str) -> str:
    """Return the changing part of the job's page, for the live update."""
    return job_page(job_id).panel()


@bp.get("/jobs/<job_id>/row")
def row(job_id: str) -> Response:
    """Return the job's row in a list, for the live update."""
    shown = render_template("jobs/_row.html", job=job_service().find(job_id))
    return with_poll_after(make_response(shown), usual_s=ROW_POLL_S)


@bp.get("/batches/<batch_id>")
def batch(batch_id: str) -> str:
    """Show the jobs of one upload."""
    page = batch_page(batch_id)
    return render_template("jobs/batch.html", page=page, batch=page.batch)


@bp.get("/batches/<batch_id>/panel")
def batch_panel(batch_id: str) -> str:
    """Return the changing part of the batch's page, for the live update."""
    return batch_page(batch_id).panel()


@bp.get("/jobs/status")
def status() -> str:
    """Return what every page says about the workers, for the live update."""
    return render_template("_status.html")


@bp.post("/jobs/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    """Stop a waiting or running job."""
    try:
        job_service().cancel(job_id, actor=asker().actor)
    except WrongState as error:
        flash(str(error), "danger")
    return redirect(url_for(".show", job_id=job_id), 303)


@bp.post("/jobs/<job_id>/retry")
def retry(job_id: str) -> Response:
    """Queue a failed or cancelled job again."""
    try:
        job_service().retry(job_id, actor=asker().actor)
    except WrongState as error:
        flash(str(error), "danger")
    return redirect(url_for(".show", job_id=job_id), 303)


@bp.post("/jobs/<job_id>/delete")
def delete(job_id: str) -> Response:
    """Remove a job and its files; goes to its batch while others are in it, else to the list."""
    job = job_service().find(job_id)
    job_service().delete(job_id, actor=asker().actor)
    flash(f"{job.filename} and its thumbnails were deleted.", "ok")
    if job.batch and _has_jobs(job.batch):
        return redirect(url_for(".batch", batch_id=job.batch), 303)
    return redirect(url_for(".index"), 303)


def _form_page(form: UploadForm) -> str:
    return render_template("jobs/new.html", form=form, formats=format_names())


def _submit(form: UploadForm) -> Submission:
    uploads = [Upload(file.filename, file.stream) for file in form.image.data or () if file and file.filename]
    submitter = owner(create=True)
    return job_service().submit(uploads, form.recipe(), owner=submitter, payer=submitter, count=count_upload)


def _address(submission: Submission) -> str:
    if submission.batch:
        return url_for(".batch", batch_id=submission.batch)
    return url_for(".show", job_id=submission.jobs[0].id)


def _has_jobs(batch_id: str) -> bool:
    try:
        return bool(job_service().batch(batch_id).jobs)
    except (JobNotFound, JobExpired):
        return False


def _state_asked() -> JobState | None:
    text = request.args.get("state", "")
    if text and text not in set(_FILTERS):
        raise BadParameter("state", text, " ".join(_FILTERS))
    return JobState(text) if text else None
