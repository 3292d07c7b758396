"""A job as the JSON API shows it: the fields of the contract, addresses as paths."""

from typing import Any

from flask import url_for

from thumbapp.jobs.model import Batch, Job, Thumbnail
from thumbapp.moments import rfc3339


def job_json(job: Job, *, place: int = 0) -> dict[str, Any]:
    """Return the job object; *place* is where it stands in the queue, 0 when it does not wait."""
    return {
        "id": job.id,
        "state": job.state,
        "filename": job.filename,
        "batch": job.batch or None,
        "place": place or None,
        "progress": {"done": job.done, "total": job.total},
        "thumbnails": [_thumbnail_json(job, thumbnail) for thumbnail in job.thumbnails],
        "archive_url": url_for("api.archive", job_id=job.id) if job.is_done else None,
        "error": {"code": job.error.code, "message": job.error.message} if job.error else None,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at),
        "finished_at": rfc3339(job.finished_at),
    }


def accepted_json(job: Job, *, delete_token: str) -> dict[str, Any]:
    """Return what an upload answers for one job; *delete_token* is "" when an owner can delete it."""
    answer: dict[str, Any] = {
        "id": job.id,
        "state": job.state,
        "url": url_for("api.show", job_id=job.id),
        "events_url": url_for("api.events", job_id=job.id),
    }
    if job.batch:
        answer["batch"] = job.batch
    if job.error:
        answer["error"] = {"code": job.error.code, "message": job.error.message}
    if delete_token:
        answer["delete_token"] = delete_token
    return answer


def batch_json(batch: Batch) -> dict[str, Any]:
    """Return the batch object with its jobs, in the order of the upload."""
    return {
        "id": batch.id,
        "jobs": [job_json(job) for job in batch.jobs],
        "archive_url": url_for("api.batch_archive", batch_id=batch.id) if batch.done else None,
        "created_at": rfc3339(batch.created_at),
    }


def _thumbnail_json(job: Job, thumbnail: Thumbnail) -> dict[str, Any]:
    return {
        "name": thumbnail.name,
        "width": thumbnail.width,
        "height": thumbnail.height,
        "bytes": thumbnail.bytes,
        "format": thumbnail.format,
        "url": url_for("api.thumbnail", job_id=job.id, name=thumbnail.name),
    }
