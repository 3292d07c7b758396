"""One zip for a whole batch, made while it is sent: nothing is stored twice, nothing held in memory."""

from collections.abc import Iterator

from flask import Response
from zipstream import ZipStream

from thumbapp.errors import FileNotThere
from thumbapp.imaging.archive import member_names
from thumbapp.jobs.ledger import SOURCE
from thumbapp.jobs.model import Batch
from thumbapp.media.folder import MediaFolder


def stream_archive(batch: Batch, *, media: MediaFolder) -> Response:
    """Return the stored zip of every finished job's pictures; equal names are numbered.

    Raises:
        FileNotThere: no job of the batch is done.
    """
    members = list(_members(batch))
    if not members:
        raise FileNotThere
    archive = ZipStream(sized=True)
    names = member_names(name for name, _, _ in members)
    for name, (_, job_id, file) in zip(names, members, strict=True):
        path = media.path(job_id, file)
        if path.is_file():
            archive.add_path(path, name)
    response = Response(iter(archive), content_type="application/zip")
    response.content_length = len(archive)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="thumbnails-{batch.created_at:%Y%m%d-%H%M}.zip"'
    )
    return response


def _members(batch: Batch) -> Iterator[tuple[str, str, str]]:
    """Yield (name inside, job id, file) for everything that goes into the zip."""
    for job in batch.done:
        if job.recipe.include_original:
            yield job.filename, job.id, SOURCE
        for thumbnail in job.thumbnails:
            yield thumbnail.name, job.id, thumbnail.file
