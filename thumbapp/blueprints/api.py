"""The JSON API for jobs and batches, ``/api/v1``; the fields are those of the contract."""

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, jsonify, request, send_file, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail, idempotency, openapi
from thumbapp.blueprints.batch_archive import stream_archive
from thumbapp.blueprints.context import has_session_cookie, job_service, parts
from thumbapp.blueprints.identity import address, asker, count_upload, owner, payer
from thumbapp.blueprints.job_json import accepted_json, batch_json, job_json
from thumbapp.blueprints.request_params import number_param
from thumbapp.blueprints.security import protect_cookie_request
from thumbapp.blueprints.streams import conditional, live_response, with_poll_after
from thumbapp.errors import BadParameter, FileNotThere
from thumbapp.imaging.archive import clean_name
from thumbapp.imaging.recipe import WORDS, Recipe
from thumbapp.jobs.ledger import ARCHIVE
from thumbapp.jobs.manifest import manifest
from thumbapp.jobs.model import Job, JobState
from thumbapp.jobs.service import Submission, Upload
from thumbapp.runtime.headers import MEDIA_POLICY

MOST_ITEMS = 200
POLL_S = 5.0
_MIME = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
}

bp = Blueprint("api", __name__, url_prefix="/api/v1")
bp.before_request(protect_cookie_request)


@bp.get("/openapi.json")
def describe() -> Response:
    """Return the OpenAPI description of this API."""
    return jsonify(openapi.document())


@bp.post("/jobs")
def create() -> AnyResponse:
    """Take pictures and queue a job for each; 202 with where to look."""
    scope = owner() or address()
    return idempotency.once(parts(), scope=scope, act=_submit, show=_accepted)


@bp.get("/jobs")
def index() -> Response:
    """Return the jobs of who is asking, newest first; an operator gets everybody's."""
    actor = asker().actor
    if actor == "":
        return jsonify(items=[], cursor=None)
    limit = number_param("limit", default=50, most=MOST_ITEMS)
    page = job_service().page_of(actor, state=_state_asked(), cursor=request.args.get("cursor"), limit=limit)
    return jsonify(items=[job_json(job) for job in page.items], cursor=page.cursor)


@bp.get("/jobs/<job_id>")
def show(job_id: str) -> Response:
    """Return the job; with ``If-None-Match`` 304 while nothing changed."""
    return with_poll_after(conditional(_job_state(job_id)()), usual_s=POLL_S)


@bp.delete("/jobs/<job_id>")
def delete(job_id: str) -> AnyResponse:
    """Cancel the job when it waits or runs, delete it otherwise."""
    service, actor, token = job_service(), asker().actor, request.headers.get("X-Delete-Token", "")
    remove = service.delete if service.find(job_id).state.is_final else service.cancel
    remove(job_id, actor=actor, token=token)
    return Response(status=204)


@bp.post("/jobs/<job_id>/retry")
def retry(job_id: str) -> AnyResponse:
    """Queue a failed or cancelled job again."""
    job = job_service().retry(job_id, actor=asker().actor)
    return _accepted(Submission((job,)))


@bp.get("/jobs/<job_id>/events")
def events(job_id: str) -> Response:
    """Stream the job's progress as server-sent events."""
    return live_response(f"job:{job_id}", state=_job_state(job_id))


@bp.get("/jobs/<job_id>/archive")
def archive(job_id: str) -> Response:
    """Return the zip with the thumbnails, and the original when it was asked for."""
    job = job_service().find(job_id)
    path = parts().media.path(job_id, ARCHIVE)
    if not job.is_done or not path.is_file():
        raise FileNotThere
    response = send_file(path, "application/zip", as_attachment=True, download_name=_archive_name(job))
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    return response


@bp.get("/jobs/<job_id>/thumbnails/<name>")
def thumbnail(job_id: str, name: str) -> Response:
    """Return one thumbnail, alone in a sandbox of its own; with ``?download`` as a file to save."""
    job = job_service().find(job_id)
    found = next((item for item in job.thumbnails if item.name == name), None)
    path = parts().media.path(job_id, found.file) if found else None
    if found is None or path is None or not path.is_file():
        raise FileNotThere
    response = send_file(
        path,
        _MIME.get(found.format, "application/octet-stream"),
        as_attachment="download" in request.args,
        download_name=found.name,
        etag=found.sha256,
    )
    response.headers["Content-Disposition"] = response.headers.get("Content-Disposition") or "inline"
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    return response


@bp.get("/batches/<batch_id>")
def batch(batch_id: str) -> Response:
    """Return the batch with its jobs; with ``If-None-Match`` 304 while nothing changed."""
    return with_poll_after(conditional(_batch_state(batch_id)()), usual_s=POLL_S)


@bp.get("/batches/<batch_id>/events")
def batch_events(batch_id: str) -> Response:
    """Stream the progress of a batch's jobs as server-sent events."""
    return live_response(f"batch:{batch_id}", state=_batch_state(batch_id))


@bp.get("/batches/<batch_id>/archive")
def batch_archive(batch_id: str) -> Response:
    """Return one zip with the thumbnails of every finished job of the batch."""
    response = stream_archive(job_service().batch(batch_id), media=parts().media)
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    return response


def _submit() -> Submission:
    recipe = Recipe.parse(
        sizes=request.form.getlist("sizes") or ["128x128"],
        include_original=request.form.getlist("include_original")[-1:] != ["0"],
        **{name: request.form.get(name, "") for name in WORDS},
    )
    submitter = owner(create=has_session_cookie())
    uploads = [_upload(file) for file in request.files.getlist("image") if file.filename]
    return job_service().submit(
        uploads,
        recipe,
        owner=submitter,
        payer=payer(),
        batch=request.form.get("batch", ""),
        count=count_upload,
    )


def _upload(file: FileStorage) -> Upload:
    return Upload(file.filename or "", cast(BinaryIO, file.stream))


def _accepted(submission: Submission) -> AnyResponse:
    """Return 202 with the one job, or with the batch of several."""
    audit_trail.about(submission.jobs[0].id if len(submission.jobs) == 1 else submission.batch)
    token = job_service().delete_token
    objects = [accepted_json(job, delete_token=token(job)) for job in submission.jobs]
    alone = len(objects) == 1
    response = jsonify(objects[0] if alone else {"batch": submission.batch, "jobs": objects})
    response.status_code = 202
    response.headers["Location"] = (
        objects[0]["url"] if alone else url_for(".batch", batch_id=submission.batch)
    )
    return response


def _job_state(job_id: str) -> Callable[[], dict[str, Any]]:
    """Return what reads the job as it is at the moment of the call."""
    service = job_service()

    def state() -> dict[str, Any]:
        job = service.find(job_id)
        return job_json(job, place=service.place(job)) | {"manifest": manifest(job) if job.is_done else None}

    return state


def _batch_state(batch_id: str) -> Callable[[], dict[str, Any]]:
    """Return what reads the batch as it is at the moment of the call."""
    service = job_service()
    return lambda: batch_json(service.batch(batch_id))


def _archive_name(job: Job) -> str:
    return clean_name(f"{job.filename.rpartition('.')[0] or job.filename}.zip")


def _state_asked() -> JobState | None:
    text = request.args.get("state", "")
    if text and text not in set(JobState):
        raise BadParameter("state", text, " ".join(JobState))
    return JobState(text) if text else None
