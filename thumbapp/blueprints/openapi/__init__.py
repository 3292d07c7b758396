"""The OpenAPI description of the JSON API, served at ``/api/v1/openapi.json``.

A module a feature, with its ``SCHEMAS`` and ``PATHS``, written next to the views it describes; a
test compares them with the application's addresses.
"""

from functools import cache
from typing import Any, Final

from apispec import APISpec

from thumbapp import __version__
from thumbapp.blueprints.openapi import explorer, jobs, schedules, tasks, workers
from thumbapp.blueprints.openapi.vocabulary import COUNT, TEXT, answer, record

FEATURES: Final = (jobs, explorer, schedules, tasks, workers)

_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Problem": record(
        "title status code detail",
        type=TEXT,
        title=TEXT,
        status=COUNT,
        code=TEXT,
        detail=TEXT,
        request_id=TEXT,
    ),
}
_PATHS: Final[dict[str, dict[str, Any]]] = {
    "/api/v1/openapi.json": {
        "get": {"summary": "this description", "responses": {"200": answer("OpenAPI", {"type": "object"})}}
    },
}


@cache
def document() -> dict[str, Any]:
    """Return the description as plain values."""
    spec = APISpec(
        title="ThumbApp",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Pictures in, thumbnails out. Errors are RFC 9457 problem details."},
    )
    for schemas in (_SCHEMAS, *(feature.SCHEMAS for feature in FEATURES)):
        for name, schema in schemas.items():
            spec.components.schema(name, schema)
    for paths in (_PATHS, *(feature.PATHS for feature in FEATURES)):
        for path, operations in paths.items():
            spec.path(path=path, operations=operations)
    return spec.to_dict()
