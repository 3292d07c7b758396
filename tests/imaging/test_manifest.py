"""The manifest says what went in and what came out."""

import json
from pathlib import Path

from tests.imaging.scenes import rendered, scene
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.manifest import manifest, manifest_text
from thumbapp.imaging.probe import probe
from thumbapp.imaging.recipe import Recipe


def test_manifest_names_original_and_thumbnails(tmp_path: Path, limits: Limits) -> None:
    scene().save(tmp_path / "a.png")
    (made,) = rendered(tmp_path / "a.png", tmp_path, sizes="100")
    found = probe(tmp_path / "a.png", limits=limits)

    text = manifest_text(
        manifest("rob.png", found, Recipe.parse(sizes="100"), thumbnails=[("rob_100x100.png", made)])
    )

    content = json.loads(text)
    assert content["original"] | {"bytes": 0} == {
        "name": "rob.png",
        "format": "png",
        "width": 320,
        "height": 240,
        "bytes": 0,
        "mode": "RGB",
        "frames": 1,
        "profile": None,
        "orientation": 1,
        "notes": [],
    }
    assert content["recipe"]["sizes"] == ["100x100"]
    assert content["thumbnails"] == [
        {
            "name": "rob_100x100.png",
            "size": "100x100",
            "width": 100,
            "height": 75,
            "bytes": made.bytes,
            "format": "png",
            "sha256": made.sha256,
        }
    ]
