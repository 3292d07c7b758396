"""A recipe can be asked for in full wherever pictures are sent: page, API, command line."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from PIL import Image

from tests.jobs.conftest import RememberedQueue, encoded
from thumbapp.app import create_app
from thumbapp.blueprints.context import EXTENSION
from thumbapp.blueprints.openapi import document
from thumbapp.cli.thumbs import thumbs
from thumbapp.config import Settings
from thumbapp.forms.upload import UploadForm
from thumbapp.imaging.recipe import WORDS, Recipe
from thumbapp.jobs.ledger import Ledger

UNUSUAL = {
    "fit": "pad",
    "gravity": "north",
    "background": "#ff0000",
    "enlarge": "1",
    "format": "png",
    "quality": "70",
    "effort": "best",
    "metadata": "credit",
    "animation": "all",
}
PHOTO = encoded(Image.new("RGB", (20, 10)), "JPEG")


@dataclass
class Sent:
    """What came of sending a picture with the unusual words."""

    app: Flask
    queue: RememberedQueue
    ledger: Ledger

    def recipe(self, address: str, **more: str) -> Recipe:
        """Return the recipe of the job that a form sent to *address* makes."""
        form = {"image": (io.BytesIO(PHOTO), "a.jpg"), "sizes": "60x40", **UNUSUAL, **more}
        answer = self.app.test_client().post(address, data=form)
        assert answer.status_code in {202, 303}
        return self.ledger.store.find(self.queue.runs[-1][0]).recipe


@pytest.fixture
def sent(settings: Settings) -> Iterator[Sent]:
    queue = RememberedQueue()
    app = create_app(settings, enqueue=queue)
    app.config["WTF_CSRF_ENABLED"] = False
    parts = app.extensions[EXTENSION]
    yield Sent(app, queue, Ledger.from_settings(settings, parts.redis))
    parts.hub.close()
    parts.redis.close()


@pytest.mark.parametrize("address", ["/", "/api/v1/jobs"], ids=["page", "API"])
def test_all_that_a_recipe_can_say_arrives(address: str, sent: Sent) -> None:
    assert sent.recipe(address) == Recipe.parse(sizes="60x40", **UNUSUAL)


def test_a_box_that_is_not_ticked_is_a_no(sent: Sent) -> None:
    assert sent.recipe("/", enlarge="").enlarge is False


def test_every_word_is_offered_by_page_api_and_command() -> None:
    fields = document()["components"]["schemas"]["Upload"]["properties"]

    assert set(UNUSUAL) == set(WORDS)
    assert set(WORDS) <= set(UploadForm.__dict__)
    assert set(WORDS) <= set(fields)
    assert set(WORDS) <= {option.name for option in thumbs.params}
