"""The explorer's page: every key found, opened, and safe to look at; modes that end by themselves."""

import re
from typing import Any

import orjson
import pytest
import redis

from tests.blueprints.conftest import MakeSite
from tests.blueprints.explorer.conftest import OTHER_DB
from tests.blueprints.people import PASSWORD, Browser, Site
from tests.explorer.test_names import NAMES
from thumbapp.accounts.model import Role
from thumbapp.config import NamedServer
from thumbapp.explorer.long_names import id_of
from thumbapp.explorer.names import shown


@pytest.fixture
def browser(site: Site) -> Browser:
    """Return the browser of an operator who has just signed in."""
    return site.signed_in(Role.OPERATOR)


def lines_of(browser: Browser, query: str = "") -> list[dict[str, Any]]:
    """Return what the stream of keys says, line by line."""
    answer = browser.get(f"/redis/scan?db={OTHER_DB}{query}")
    return [orjson.loads(line) for line in answer.data.splitlines()]


def test_the_page_says_where_it_is_and_how_the_server_is(browser: Browser, keys: redis.Redis) -> None:
    keys.mset({"one": 1, "two": 2})

    page = browser.get(f"/redis?db={OTHER_DB}").text

    assert re.search(r"127\.0\.0\.1:\d+\[9\]", page)
    assert re.search(r"valkey \d+\.\d+", page)
    assert "db 9" in page
    assert "(2 keys)" in page
    assert "scanned 2 of 2" in page
    assert "view mode" in page


def test_an_empty_database_says_what_will_be_there(browser: Browser) -> None:
    page = browser.get(f"/redis?db={OTHER_DB}").text

    assert "This database is empty." in page
    assert "No key fits." in browser.get(f"/redis?db={OTHER_DB}&match=x*").text


def test_the_tree_folds_names_and_counts_what_was_scanned(browser: Browser, keys: redis.Redis) -> None:
    keys.mset({f"user_permissions:{number}": 1 for number in range(50)} | {"alone": 1})

    top = browser.get(f"/redis?db={OTHER_DB}").text
    link = re.findall(r'href="(/redis\?[^"]*path=[^"]+)"', top)[0].replace("&amp;", "&")
    inside = browser.get(link).text

    assert "user_permissions (50)" in top
    assert "user_permissions:7" not in top
    assert len(re.findall(r'class="key-name">user_permissions:\d+<', inside)) == 50


def test_another_delimiter_makes_other_folders(browser: Browser, keys: redis.Redis) -> None:
    keys.mset({"a/b:1": 1, "a/b:2": 1})

    assert "a (2)" in browser.get(f"/redis?db={OTHER_DB}&delimiter=/").text


def test_every_name_is_listed_streamed_and_opened(browser: Browser, keys: redis.Redis) -> None:
    keys.mset(dict.fromkeys(NAMES, b"x"))

    rows = [row for line in lines_of(browser) for row in line["rows"]]
    pages = [browser.get(f"/redis/panel?db={OTHER_DB}&key={id_of(name)}") for name in NAMES]

    assert {row[0] for row in rows} == {id_of(name) for name in NAMES}
    assert [page.status_code for page in pages] == [200] * len(NAMES)
    assert all("There is no key" not in page.text for page in pages)


@pytest.mark.parametrize(
    "name", [b"<script>alert(1)</script>", b'"><img onerror=x>', "\u202egpj".encode(), b"\x1b[31m"]
)
def test_a_hostile_name_is_shown_as_text(name: bytes, browser: Browser, keys: redis.Redis) -> None:
    keys.set(name, name)

    page = browser.get(f"/redis?db={OTHER_DB}&view=list&key={id_of(name)}").text

    assert not any(raw in page for raw in ("<script>alert", "<img onerror", "\u202e", "\x1b"))
    assert name in keys


def test_a_name_of_64_kb_opens_and_leaves_the_page_light(browser: Browser, keys: redis.Redis) -> None:
    name = b"long:" + b"n" * 65_536
    keys.mset({name: "found me", name + b"!": "another"})

    page = browser.get(f"/redis?db={OTHER_DB}&view=list&key={id_of(name)}")

    assert "found me" in page.text
    assert len(page.request.path + page.request.query_string.decode()) < 1_000
    assert len(page.data) < 64_000
    assert "n" * 1000 not in page.text
    assert "n" * 65_536 in browser.get(f"/redis?db={OTHER_DB}&key={id_of(name)}&v_as=name").text


@pytest.mark.parametrize(
    ("typed", "found"),
    [("one", 1), ("o*", 1), (r"\xff*", 1), (r"a\*b", 1), ("a*b", 2), ("none", 0), (r"back\\slash", 1)],
    ids=["exact", "glob", "a byte", "a star itself", "a pattern", "nothing", "a backslash"],
)
def test_what_is_typed_finds(typed: str, found: int, browser: Browser, keys: redis.Redis) -> None:
    keys.mset({"one": 1, b"\xffbin": 1, "a*b": 1, "axb": 1, "back\\slash": 1})

    rows = [row for line in lines_of(browser, f"&match={typed}") for row in line["rows"]]

    assert len(rows) == found


def test_every_shown_name_can_be_typed(browser: Browser, keys: redis.Redis) -> None:
    plain = [name for name in NAMES if name and len(name) < 300 and not set(name) & set(b"*?[")]
    keys.mset(dict.fromkeys(plain, b"x"))

    for name in plain:
        answer = browser.client.get("/redis/scan", query_string={"db": OTHER_DB, "match": shown(name)})
        assert [row[0] for row in orjson.loads(answer.data)["rows"]] == [id_of(name)]


def test_a_stream_goes_on_from_its_cursor(browser: Browser, keys: redis.Redis) -> None:
    keys.mset({f"key:{number}": number for number in range(1500)})

    first = lines_of(browser, "&limit=600")
    rest = lines_of(browser, f"&limit=5000&cursor={first[-1]['cursor']}")

    names = {row[0] for line in first + rest for row in line["rows"]}
    assert rest[-1]["cursor"] is None
    assert rest[-1]["scanned"] == rest[-1]["total"] == 1500
    assert len(names) == 1500


@pytest.mark.parametrize(
    "query",
    ["db=x", "db=-1", "view=grid", "sort=colour", "delimiter=123456789", "server=nobody", "limit=x"],
)
def test_an_address_that_cannot_be_is_said(query: str, browser: Browser) -> None:
    answer = browser.get(f"/redis/scan?{query}")

    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("match=" + "*a" * 500, "stars"),
        ("type=%3Cb%3E", "a type of Redis"),
        ("cursor=x", "what the last answer gave"),
        ("db=99999", "DB index is out of range"),
        ("key=!", "base64url"),
        ("key=bm9uZQ", "There is no key none"),
    ],
)
def test_what_is_refused_stands_on_a_whole_page(query: str, sentence: str, browser: Browser) -> None:
    answer = browser.get(f"/redis?{query}")

    assert answer.status_code == 200
    assert sentence in answer.text
    assert 'id="key-list"' in answer.text
    assert 'id="pane"' in answer.text


def test_a_search_that_breaks_off_says_why_and_where_to_go_on(browser: Browser) -> None:
    (line,) = lines_of(browser, "&match=" + "*a" * 500)

    assert line["code"] == "wild-pattern"
    assert line["cursor"] == ""


def test_a_server_that_is_away_leaves_the_page_whole(make_site: MakeSite) -> None:
    site = make_site(servers=(NamedServer("away", "redis://127.0.0.1:1/0"),))
    answer = site.signed_in(Role.OPERATOR).get("/redis?server=away&key=eA")

    assert answer.status_code == 200
    assert answer.text.count("does not answer") >= 3
    assert 'value="app"' in answer.text


def test_edit_mode_needs_no_password_just_after_signing_in(browser: Browser) -> None:
    page = browser.get("/redis").text

    browser.post("/redis/mode", mode="edit", next="/redis?db=3")

    assert 'name="password"' not in page
    assert "edit mode" in browser.get("/redis").text


@pytest.mark.parametrize(("password", "mode"), [(PASSWORD, "edit"), ("wrong one", "view"), ("", "view")])
def test_later_it_needs_the_password(password: str, mode: str, site: Site) -> None:
    browser = site.signed_in(Role.OPERATOR, name="ola", password=PASSWORD)
    let_pass(site, "ola", "signed_in_at")
    page = browser.get("/redis").text

    browser.post("/redis/mode", mode="edit", password=password)

    assert 'name="password"' in page
    assert f"{mode} mode</span>" in browser.get("/redis").text


def test_a_mode_ends_when_it_is_not_used(site: Site) -> None:
    browser = site.signed_in(Role.OPERATOR, name="ola")
    browser.get("/redis")
    browser.post("/redis/mode", mode="edit")
    before = browser.get("/redis").text

    let_pass(site, "ola", "redis_used_at")

    assert "edit mode</span>" in before
    assert "view mode</span>" in browser.get("/redis").text


def test_use_keeps_a_mode_on(site: Site) -> None:
    browser = site.signed_in(Role.OPERATOR, name="ola")
    browser.get("/redis")
    browser.post("/redis/mode", mode="edit")

    for _ in range(3):
        let_pass(site, "ola", "redis_used_at", seconds=600)
        browser.get("/redis")

    assert "edit mode</span>" in browser.get("/redis").text


def test_nobody_goes_above_their_role(browser: Browser) -> None:
    page = browser.get("/redis").text

    answer = browser.post("/redis/mode", mode="admin")

    assert 'value="admin"' not in page
    assert (answer.status_code, "may not use admin mode" in answer.text) == (403, True)
    assert "view mode</span>" in browser.get("/redis").text


def test_a_mode_goes_down_with_the_role(site: Site) -> None:
    browser = site.signed_in(Role.ADMIN, name="ala")
    site.accounts.add("other", role=Role.ADMIN)
    browser.get("/redis")
    browser.post("/redis/mode", mode="admin")
    before = browser.get("/redis").text

    site.accounts.users.change_role(site.accounts.users.named("ala"), Role.OPERATOR)

    assert "admin mode</span>" in before
    assert "edit mode</span>" in browser.get("/redis").text


def test_switching_modes_leaves_an_entry_and_needs_the_token(browser: Browser, site: Site) -> None:
    browser.get("/redis")
    browser.post("/redis/mode", mode="edit")
    browser.token = ""
    refused = browser.post("/redis/mode", mode="view")

    entries = [(entry.action, entry.target, entry.result) for entry in site.audited()[:2]]
    assert refused.status_code == 400
    assert entries == [("explorer.set_mode", "", "csrf"), ("redis.mode", "edit", "ok")]


def test_a_server_that_is_read_only_offers_no_mode(make_site: MakeSite, redis_url: str) -> None:
    site = make_site(servers=(NamedServer("mirror", redis_url, is_read_only=True),))

    page = site.signed_in(Role.OPERATOR).get("/redis?server=mirror").text

    assert "read-only server" in page
    assert "/redis/mode" not in page


def let_pass(site: Site, name: str, what: str, *, seconds: int = 1000) -> None:
    """Put the moment *what* in the session of the user back by *seconds*."""
    sessions = site.accounts.sessions
    (session,) = sessions.of(site.accounts.users.named(name).id)
    facts = orjson.loads(session.data)
    sessions.save(session, orjson.dumps(facts | {what: facts[what] - seconds}).decode())
