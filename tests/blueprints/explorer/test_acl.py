"""Users of the Redis server on their page: made, tried, refused, removed; no hash is ever shown."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import redis

from tests.blueprints.explorer.conftest import editing
from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role

PAGE = "/redis/acl?db=9"
ALA = {
    "name": "ala",
    "is_on": "1",
    "sign_in": "set",
    "password": "haslo",
    "commands": "+@read",
    "keys": "app:*",
}


@pytest.fixture
def admin(admin: Browser, redis_client: redis.Redis) -> Iterator[Browser]:
    """Return an administrator's browser in admin mode; the user is gone afterwards."""
    yield admin
    redis_client.acl_deluser("ala")


def confirmed(admin: Browser, address: str, **form: str) -> None:
    """Send *form* and say yes to the question."""
    token = re.search(r'name="confirm" value="([^"]+)"', admin.post(address, **form).text)
    assert token is not None
    assert admin.post(address, **form, confirm=token[1]).status_code == 303


def test_a_user_is_made_tried_and_removed(admin: Browser, redis_client: redis.Redis) -> None:
    confirmed(admin, PAGE, **ALA)
    page = admin.get(f"{PAGE}&user=ala&may=GET+app:1").text

    assert "signs in with a password; may run reading values; reaches keys app:*" in page
    assert "Yes, they may." in page
    assert "no permissions" in admin.get(f"{PAGE}&user=ala&may=GET+secret").text
    confirmed(admin, "/redis/acl/remove?db=9", name="ala")
    assert redis_client.acl_users() == ["default"]


def test_no_password_and_no_hash_is_shown(admin: Browser) -> None:
    confirmed(admin, PAGE, **ALA)

    page = admin.get(f"{PAGE}&user=ala").text

    assert "haslo" not in page
    assert not re.search(r"[0-9a-f]{64}", page)


def test_leaving_the_password_alone_keeps_it(admin: Browser, redis_url: str) -> None:
    confirmed(admin, PAGE, **ALA)
    confirmed(admin, PAGE, **ALA | {"sign_in": "keep", "password": "", "commands": "+ping"})

    other = redis.Redis.from_url(
        redis_url.replace("redis://", "redis://ala:haslo@"), protocol=2, socket_keepalive=False
    )
    assert other.execute_command("PING")
    other.close()


def test_what_cannot_be_a_rule_is_a_sentence_and_nothing_typed_is_lost(admin: Browser) -> None:
    page = admin.post(PAGE, **ALA | {"commands": "get"}).text

    assert "get is no rule" in page
    assert 'value="app:*"' in page


def test_a_password_can_be_made_and_nothing_typed_is_lost(admin: Browser) -> None:
    page = admin.post(PAGE, **ALA, generate="1").text

    assert re.search(r'name="password" value="[0-9a-f]{64}"', page)
    assert 'value="app:*"' in page


@pytest.mark.parametrize(("line", "says"), [("NOSUCH", "not found"), ('GET "a', "a quote is not closed")])
def test_what_cannot_be_asked_is_said_beside_the_question(line: str, says: str, admin: Browser) -> None:
    page = admin.get(f"{PAGE}&user=default&may={quote(line)}").text

    assert says in page
    assert "signs in" in page


def test_it_is_for_administrators_in_admin_mode(site: Site) -> None:
    assert editing(site, Role.OPERATOR).get(PAGE).status_code == 403
    assert "needs admin mode" in editing(site, Role.ADMIN, "edit").get(PAGE).text
