"""Who stands before the explorer's pages in these tests, and the database that is looked at."""

from collections.abc import Iterator

import pytest
import redis

from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role

OTHER_DB = 9


def editing(site: Site, role: Role = Role.OPERATOR, mode: str = "edit") -> Browser:
    """Return a browser of a new user of *role* that has switched *mode* on."""
    browser = site.signed_in(role)
    browser.get("/redis")
    browser.post("/redis/mode", mode=mode)
    return browser


@pytest.fixture
def site(people: Site) -> Site:
    """Return the application."""
    return people


@pytest.fixture
def browser(site: Site) -> Browser:
    """Return an operator's browser in edit mode."""
    return editing(site)


@pytest.fixture
def admin(site: Site) -> Browser:
    """Return an administrator's browser in admin mode."""
    return editing(site, Role.ADMIN, "admin")


@pytest.fixture
def keys(redis_url: str) -> Iterator[redis.Redis]:
    """Return a client of a database without the app's keys."""
    client = redis.Redis.from_url(redis_url.replace("/0", f"/{OTHER_DB}"), protocol=2, socket_keepalive=False)
    yield client
    client.close()
