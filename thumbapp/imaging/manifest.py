"""The list of what a job made: `manifest.json` in its archive, and the same in the API."""

import json
from collections.abc import Iterable

from thumbapp.imaging.probe import Probe
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.render import Rendition


def manifest(
    filename: str, found: Probe, recipe: Recipe, *, thumbnails: Iterable[tuple[str, Rendition]]
) -> dict[str, object]:
    """Return a plain mapping that describes the original, the recipe and each named thumbnail."""
    return {
        "original": {
            "name": filename,
            "format": found.format.lower(),
            "width": found.width,
            "height": found.height,
            "bytes": found.file_bytes,
            "mode": found.mode,
            "frames": found.frames,
            "profile": found.profile or None,
            "orientation": found.orientation,
            "notes": list(found.notes),
        },
        "recipe": recipe.to_json(),
        "thumbnails": [
            {
                "name": name,
                "size": str(rendition.size),
                "width": rendition.width,
                "height": rendition.height,
                "bytes": rendition.bytes,
                "format": rendition.format,
                "sha256": rendition.sha256,
            }
            for name, rendition in thumbnails
        ],
    }


def manifest_text(content: dict[str, object]) -> str:
    """Return the manifest as it lies in the archive."""
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
