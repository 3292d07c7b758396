"""The manifest says what went in and what came out, in the archive and in the record."""

import hashlib
import io
import json
import zipfile
from typing import Any

from PIL import Image

from benchmarks.imaging_profiles import profile
from tests.jobs.conftest import Desk, encoded
from thumbapp.jobs.manifest import manifest
from thumbapp.jobs.model import Job


def packed(desk: Desk, job: Job) -> tuple[dict[str, Any], zipfile.ZipFile]:
    archive = zipfile.ZipFile(io.BytesIO(desk.ledger.media.path(job.id, "archive.zip").read_bytes()))
    return json.loads(archive.read("manifest.json")), archive


def turned_photo() -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    image = Image.effect_noise((200, 253), 60).convert("RGB")
    image.save(out, "JPEG", exif=exif, icc_profile=profile("Display P3"))
    return out.getvalue()


def test_the_archive_describes_the_picture_that_came(desk: Desk) -> None:
    content = turned_photo()
    [job] = desk.submit(("rob.jfif", content))

    desk.run(job)

    assert packed(desk, job)[0]["original"] == {
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


def test_the_archive_describes_each_thumbnail(desk: Desk, photo: bytes) -> None:
    [job] = desk.submit(("rob.jfif", photo), sizes="64,128")

    desk.run(job)

    content, archive = packed(desk, job)
    assert content["recipe"]["sizes"] == ["64x64", "128x128"]
    assert [item["name"] for item in content["thumbnails"]] == ["rob_64x64.jfif", "rob_128x128.jfif"]
    for item in content["thumbnails"]:
        file = archive.read(item["name"])
        assert (item["bytes"], item["sha256"]) == (len(file), hashlib.sha256(file).hexdigest())
        assert Image.open(io.BytesIO(file)).size == (item["width"], item["height"])
        assert item["format"] == "jpeg"


def test_what_was_odd_is_said(desk: Desk) -> None:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "JPEG", icc_profile=b"nonsense" * 40)
    [job] = desk.submit(("a.jpg", out.getvalue()))

    desk.run(job)

    original = packed(desk, job)[0]["original"]
    assert original["profile"] is None
    assert original["notes"] == ["The colour profile is broken and was ignored."]


def test_the_record_tells_the_same_as_the_archive(desk: Desk) -> None:
    [job] = desk.submit(("a.png", encoded(Image.new("LA", (9, 9)), "PNG")))

    desk.run(job)

    told = manifest(desk.service.find(job.id))
    assert json.loads(json.dumps(told)) == packed(desk, job)[0]
