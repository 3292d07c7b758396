"""What the tests of pages and API share."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.blueprints.people import Site
from tests.jobs.conftest import RememberedQueue
from tests.taskqueue import sample_tasks
from thumbapp.app import create_app
from thumbapp.config import Settings

MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(settings: Settings) -> Iterator[MakeSite]:
    """Return what makes the application over the private server, with some settings changed."""
    made: list[Site] = []

    def make(**changes: Any) -> Site:
        changed = replace(settings, **{"min_free_mb": 0, **changes})
        app = create_app(changed, enqueue=RememberedQueue(), huey=sample_tasks.build(changed))
        made.append(Site(app))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def people(make_site: MakeSite) -> Site:
    """Return the application with the settings as they are."""
    return make_site()
