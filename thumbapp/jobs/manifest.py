"""What lies in a job's archive, and the list of it: `manifest.json` there, and the same in the API."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from thumbapp.jobs.ledger import SOURCE
from thumbapp.jobs.model import Job


def members(job: Job) -> list[tuple[str, str]]:
    """Return the pictures of the job's archive, each as its name inside and its file in the job's folder."""
    original = [(job.filename, SOURCE)] if job.recipe.include_original else []
    return original + [(thumbnail.name, thumbnail.file) for thumbnail in job.thumbnails]


def manifest(job: Job, *, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return a plain mapping that describes the original, the recipe and each thumbnail of *job*.

    *names* are what its `members` are called inside an archive that had to number them.
    """
    inside = dict(zip((name for name, _ in members(job)), names, strict=False))
    original = asdict(job.original) if job.original else {}
    return {
        "original": {"name": inside.get(job.filename, job.filename)} | original,
        "recipe": job.recipe.to_json(),
        "thumbnails": [
            {
                "name": inside.get(item.name, item.name),
                "size": item.size,
                "width": item.width,
                "height": item.height,
                "bytes": item.bytes,
                "format": item.format,
                "sha256": item.sha256,
            }
            for item in job.thumbnails
        ],
    }


def manifest_text(content: object) -> str:
    """Return *content*, one manifest or several, as it lies in an archive."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
