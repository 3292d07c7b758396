"""The manifest says what went in and what came out, in the archive and in the record."""

import hashlib
import io
import json
import zipfile
from typing import Any

from PIL import Image

from benchmarks.imaging_profiles import profile
from tests.jobs.conftest import JobParts, encoded
from thumbapp.jobs.manifest import manifest
from thumbapp.jobs.model import Job


def packed(parts: JobParts, job: Job) -> tuple[dict[str, Any], zipfile.ZipFile]:
    archive = zipfile.ZipFile(io.BytesIO(parts.ledger.media.path(job.id, "archive.zip").read_bytes()))
    return json.loads(archive.read("manifest.json")), archive


def turned_photo() -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    image = Image.effect_noise((200, 253), 60).convert("RGB")
    image.save(out, "JPEG", exif=exif, icc_profile=profile("Display P3"))
    return out.getvalue()


def test_the_archive_describes_the_picture_that_came(parts: JobParts) -> None:
    content = turned_photo()
    [job] = parts.submit(("rob.jfif", content))

    parts.run(job)

    assert packed(parts, job)[0]["original"] == {
        "name": "rob.jfif",
        "format": "jpeg",
        "width": 253,
        "height": 200,
        "bytes": len(content),
        "mode": "RGB",
        "frames": 1,
        "orientation": 6,
        "profile": "Display P3",
        "notes": [],
    }


def test_the_archive_describes_each_thumbnail(parts: JobParts, photo: bytes) -> None:
    [job] = parts.submit(("rob.jfif", photo), sizes="64,128")

    parts.run(job)

    content, archive = packed(parts, job)
    assert content["recipe"]["sizes"] == ["64x64", "128x128"]
    assert [item["name"] for item in content["thumbnails"]] == ["rob_64x64.jfif", "rob_128x128.jfif"]
    for item in content["thumbnails"]:
        file = archive.read(item["name"])
        assert (item["bytes"], item["sha256"]) == (len(file), hashlib.sha256(file).hexdigest())
        assert Image.open(io.BytesIO(file)).size == (item["width"], item["height"])
        assert item["format"] == "jpeg"


def test_what_was_odd_is_said(parts: JobParts) -> None:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "JPEG", icc_profile=b"nonsense" * 40)
    [job] = parts.submit(("a.jpg", out.getvalue()))

    parts.run(job)

    original = packed(parts, job)[0]["original"]
    assert original["profile"] is None
    assert original["notes"] == ["The colour profile is broken and was ignored."]


def test_the_record_tells_the_same_as_the_archive(parts: JobParts) -> None:
    [job] = parts.submit(("a.png", encoded(Image.new("LA", (9, 9)), "PNG")))

    parts.run(job)

    told = manifest(parts.service.find(job.id))
    assert json.loads(json.dumps(told)) == packed(parts, job)[0]
