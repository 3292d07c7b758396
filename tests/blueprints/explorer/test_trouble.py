"""A server in trouble is a sentence on a whole page, and what was typed is still there."""

import re
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.blueprints.conftest import MakeSite
from tests.blueprints.explorer.conftest import editing
from tests.blueprints.people import Browser
from tests.conftest import PrivateServer
from thumbapp.config import NamedServer
from thumbapp.explorer.names import to_id

PLACE = f"server=other&db=0&key={to_id(b'k')}"


@pytest.fixture
def other(server_of: Callable[[str], PrivateServer]) -> Iterator[redis.Redis]:
    """Return a client of another server with a key, made well again afterwards."""
    client = redis.Redis.from_url(server_of("redis").url, protocol=2, socket_keepalive=False)
    client.set("k", "v")
    yield client
    client.execute_command("REPLICAOF", "NO", "ONE")
    client.config_set("maxmemory", 0)
    client.config_set("min-replicas-to-write", 0)
    client.execute_command("ACL", "SETUSER", "default", "+@all")
    client.flushall()
    client.close()


@pytest.fixture
def browser(make_site: MakeSite, other: redis.Redis, server_of: Callable[[str], PrivateServer]) -> Browser:
    """Return the browser of an operator in edit mode, on a site that knows the other server."""
    return editing(make_site(servers=(NamedServer("other", server_of("redis").url),)))


TROUBLE: dict[str, tuple[tuple[object, ...], int, str]] = {
    "OOM": (("CONFIG", "SET", "maxmemory", 1), 503, "memory is full"),
    "READONLY": (("REPLICAOF", "127.0.0.1", 1), 503, "It is a replica; write to its master."),
    "NOREPLICAS": (("CONFIG", "SET", "min-replicas-to-write", 1), 503, "Too few replicas"),
    "NOPERM": (("ACL", "SETUSER", "default", "-append"), 422, "may not do that (ACL)"),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_a_write_that_the_server_refuses_keeps_what_was_typed(
    name: str, browser: Browser, other: redis.Redis
) -> None:
    command, status, says = TROUBLE[name]
    other.execute_command(*command)

    answer = browser.post(f"/redis/change?{PLACE}", action="string.append", value="typed text")

    assert (answer.status_code, other.get("k")) == (status, b"v")
    assert says in answer.text
    assert 'value="typed text"' in answer.text
    assert browser.get(f"/redis?{PLACE}").status_code == 200


WAYS: dict[str, tuple[str, dict[str, str]]] = {
    "new": ("change", {"action": "new.string", "name": "fresh", "value": "typed"}),
    "copy": ("copy", {"new": "fresh", "to_db": "0"}),
    "rename": ("change", {"action": "key.rename", "new": "fresh"}),
    "expire": ("change", {"action": "key.expire", "life": "60"}),
    "delete": ("change", {"action": "key.delete"}),
    "import": ("import", {"text": "SET fresh typed"}),
    "bulk": ("bulk", {"operation": "delete"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["READONLY", "NOPERM"])
def test_no_way_to_write_breaks_where_nothing_can_be_written(
    name: str, way: str, browser: Browser, other: redis.Redis
) -> None:
    path, form = WAYS[way]
    other.execute_command(*{**TROUBLE, "NOPERM": (("ACL", "SETUSER", "default", "-@write"),)}[name][0])

    answer = browser.post(f"/redis/{path}?{PLACE}", **form)
    if token := re.findall(r'name="confirm" value="([^"]+)"', answer.text):
        answer = browser.post(f"/redis/{path}?{PLACE}", **form, confirm=token[0])

    assert answer.status_code in (422, 503)
    assert "note-danger" in answer.text
    assert other.keys() == [b"k"]


def test_a_server_that_is_gone_leaves_every_page_whole(make_site: MakeSite) -> None:
    browser = editing(make_site(servers=(NamedServer("other", "redis://127.0.0.1:1/0"),)))

    pages = [browser.get(f"/redis{path}?{PLACE}") for path in ("", "/new", "/bulk", "/import", "/analysis")]
    change = browser.post(f"/redis/change?{PLACE}", action="string.append", value="typed text")

    assert [page.status_code for page in pages] == [200] * 5
    assert all("does not answer" in page.text for page in (pages[0], pages[2], pages[4], change))
    assert change.status_code == 503
    assert 'value="typed text"' in change.text


def test_a_read_only_server_is_never_changed(
    make_site: MakeSite, other: redis.Redis, server_of: Callable[[str], PrivateServer]
) -> None:
    browser = editing(make_site(servers=(NamedServer("other", server_of("redis").url, is_read_only=True),)))

    page = browser.get(f"/redis?{PLACE}").text
    answer = browser.post(f"/redis/change?{PLACE}", action="string.append", value="+")
    bulk = browser.post(f"/redis/bulk?{PLACE}", operation="delete")

    assert 'name="action"' not in page
    assert [answer.status_code, bulk.status_code] == [403, 403]
    assert other.get("k") == b"v"
