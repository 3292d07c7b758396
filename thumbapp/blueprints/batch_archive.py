"""One zip for a whole batch, made while it is sent: nothing is stored twice, nothing held in memory."""

from flask import Response
from zipstream import ZipStream

from thumbapp.errors import FileNotThere
from thumbapp.imaging.archive import MANIFEST, member_names
from thumbapp.jobs.manifest import manifest, manifest_text, members
from thumbapp.jobs.model import Batch
from thumbapp.media.folder import MediaFolder


def stream_archive(batch: Batch, *, media: MediaFolder) -> Response:
    """Return the stored zip of every finished job's pictures; equal names are numbered.

    Raises:
        FileNotThere: no job of the batch is done.
    """
    if not batch.done:
        raise FileNotThere
    archive = _archive(batch, media)
    response = Response(iter(archive), content_type="application/zip")
    response.content_length = len(archive)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="thumbnails-{batch.created_at:%Y%m%d-%H%M}.zip"'
    )
    return response


def _archive(batch: Batch, media: MediaFolder) -> ZipStream:
    archive = ZipStream(sized=True)
    files = [(job, name, file) for job in batch.done for name, file in members(job)]
    names = member_names([MANIFEST, *(name for _, name, _ in files)])[1:]
    for name, (job, _, file) in zip(names, files, strict=True):
        path = media.path(job.id, file)
        if path.is_file():
            archive.add_path(path, name)
    given = iter(names)
    jobs = [manifest(job, names=[next(given) for _ in members(job)]) for job in batch.done]
    archive.add(manifest_text({"jobs": jobs}), MANIFEST)
    return archive
