"""Many keys at once: counted before, asked about, done in steps; out as a file and in again; analysed."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import orjson
import pytest
import redis
from werkzeug.test import TestResponse

from tests.blueprints.explorer.conftest import OTHER_DB
from tests.blueprints.people import Browser, Site
from tests.explorer.test_transfer import fill_all_types
from thumbapp.accounts.model import Role
from thumbapp.explorer.names import to_id

BULK = f"/redis/bulk?db={OTHER_DB}&match=user:*"


@pytest.fixture
def keys(redis_url: str) -> Iterator[redis.Redis]:
    """Return a client of a database without the app's keys, with sixty users and two others."""
    client = redis.Redis.from_url(redis_url.replace("/0", f"/{OTHER_DB}"), protocol=2, socket_keepalive=False)
    client.mset({f"user:{number}": number for number in range(60)} | {"other": 1, "thumbapp:own": 1})
    yield client
    client.close()


def confirmed(browser: Browser, path: str, **form: str) -> Any:
    """Ask for work on many keys, say yes, and return what the page answers."""
    asked = browser.post(path, **form)
    assert asked.status_code == 409, asked.text
    confirm = re.findall(r'name="confirm" value="([^"]+)"', asked.text)[0]
    return browser.post(path, confirm=confirm, **form)


def names_in(client: redis.Redis) -> list[bytes]:
    """Return the names of all keys."""
    return list(client.scan_iter())


def test_it_is_counted_and_sampled_before(browser: Browser, keys: redis.Redis) -> None:
    page = browser.get(BULK).text

    assert "60 keys found" in page
    assert len(re.findall(r"^user:\d+$|>user:\d+$", page, re.MULTILINE)) == 20


def test_nothing_is_done_before_a_yes_that_names_the_number(browser: Browser, keys: redis.Redis) -> None:
    asked = browser.post(BULK, operation="delete")

    assert "60 keys are deleted, and it cannot be undone" in asked.text
    assert keys.dbsize() == 62


@pytest.mark.parametrize("operation", ["delete", "expire", "persist", "copy"])
def test_it_is_done_to_what_was_found_and_nothing_else(
    operation: str, browser: Browser, keys: redis.Redis, people: Site
) -> None:
    keys.expire("user:1", 500)

    done = confirmed(browser, BULK, operation=operation, life="2 h", to_db=str(OTHER_DB + 1))
    page = browser.get(done.location).text

    count = {"delete": 60, "expire": 60, "persist": 1, "copy": 60}[operation]
    assert f"{count} key{'s' if count > 1 else ''} changed" in page
    assert keys.ttl("other") == -1
    assert keys.exists("user:1") == (operation != "delete")
    assert (keys.ttl("user:1") > 7_000) is (operation == "expire")
    assert [entry.action for entry in people.audited()[:1]] == ["redis.bulk"]


def test_a_script_goes_on_step_by_step(browser: Browser, keys: redis.Redis) -> None:
    asked = browser.post(BULK, operation="delete").text
    confirm = re.findall(r'name="confirm" value="([^"]+)"', asked)[0]

    answer = browser.client.post(
        BULK,
        data={"csrf_token": browser.token, "operation": "delete", "confirm": confirm, "changed": "5"},
        headers={"Accept": "application/json", "Origin": "http://localhost"},
    )

    assert answer.json["changed"] == 65
    assert answer.json["cursor"] is None
    assert keys.dbsize() == 2


def test_what_is_protected_stays(browser: Browser, keys: redis.Redis) -> None:
    path = f"/redis/bulk?db={OTHER_DB}"

    assert "1 protected key" in browser.get(path).text
    confirmed(browser, path, operation="delete")
    assert names_in(keys) == [b"thumbapp:own"]


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        (BULK, {"operation": "expire", "life": "soon"}, 422),
        (BULK, {"operation": "copy", "to_db": ""}, 422),
        (BULK, {"operation": "copy", "to_db": str(OTHER_DB)}, 422),
        (BULK, {"operation": "drop"}, 400),
        (f"/redis/bulk?db={OTHER_DB}&match={'*a' * 500}", {"operation": "delete"}, 403),
        (BULK, {"operation": "delete", "confirm": "1.x"}, 409),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    path: str, form: dict[str, str], status: int, browser: Browser, keys: redis.Redis
) -> None:
    answer = browser.post(path, **form)

    assert answer.status_code == status
    assert keys.dbsize() == 62


def test_view_mode_counts_and_changes_nothing(people: Site, keys: redis.Redis) -> None:
    browser = people.signed_in(Role.OPERATOR)

    page = browser.get(BULK).text
    answer = browser.post(BULK, operation="delete")

    assert "60 keys found" in page
    assert 'name="operation"' not in page
    assert (answer.status_code, keys.dbsize()) == (403, 62)


@pytest.mark.parametrize("form", ["jsonl", "commands"])
def test_an_export_comes_back(form: str, browser: Browser, keys: redis.Redis) -> None:
    keys.flushdb()
    fill_all_types(keys)
    before = {name: keys.dump(name) for name in names_in(keys)}

    exported = browser.client.get(f"/redis/export?db={OTHER_DB}&format={form}", buffered=True)
    keys.flushdb()
    answer = browser.post(
        f"/redis/import?db={OTHER_DB}", file=(BytesIO(exported.data), "keys.txt"), policy="fail"
    )
    page = browser.get(answer.location).text

    assert f"{len(before)} keys made" in page
    assert set(names_in(keys)) == set(before)
    assert keys.hgetall("hash") == {b"f": b"v", b"\xff": b"\x00", b"": b""}
    assert keys.xlen("stream") == 2


def test_one_key_is_exported_alone(browser: Browser, keys: redis.Redis) -> None:
    keys.set("user:*", "a star")

    answer = browser.client.get(f"/redis/export?db={OTHER_DB}&only=1&key={to_id(b'user:*')}", buffered=True)

    assert [orjson.loads(line)["value"] for line in answer.data.splitlines()] == ["a star"]


@pytest.mark.parametrize(
    ("form", "value", "says"),
    [
        ({"dry_run": "1"}, b"1", "Nothing was changed"),
        ({"policy": "skip"}, b"1", "1 skipped"),
        ({"policy": "replace"}, b"2", "1 replaced"),
    ],
)
def test_pasted_lines_are_taken_as_asked(
    form: dict[str, str], value: bytes, says: str, browser: Browser, keys: redis.Redis
) -> None:
    answer = browser.post(f"/redis/import?db={OTHER_DB}", text="SET other 2\r\nSET fresh 3", **form)

    assert says in browser.get(answer.location).text
    assert keys.get("other") == value
    assert keys.exists("fresh") == ("dry_run" not in form)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"text": "SET a 1\nFLUSHALL"}, 422),
        ({"text": '{"key": "a"}'}, 422),
        ({"text": ""}, 422),
        ({"text": "SET other 2", "policy": "fail"}, 422),
        ({"text": "SET a 1", "policy": "perhaps"}, 400),
    ],
)
def test_a_file_that_cannot_be_taken_says_its_line(
    form: dict[str, str], status: int, browser: Browser, keys: redis.Redis
) -> None:
    answer = browser.post(f"/redis/import?db={OTHER_DB}", **form)

    assert answer.status_code == status
    assert form["text"].partition("\n")[0].replace('"', "&#34;") in answer.text
    assert keys.get("other") == b"1"


def importing(browser: Browser, text: str, **form: str) -> TestResponse:
    """Return the answer to an import as scripts ask for it, not read yet."""
    headers = {
        "Origin": "http://localhost",
        "Sec-Fetch-Site": "same-origin",
        "Accept": "application/x-ndjson",
    }
    data = {"csrf_token": browser.token, "file": (BytesIO(text.encode()), "keys.txt")} | form
    return browser.client.post(f"/redis/import?db={OTHER_DB}", data=data, headers=headers, buffered=False)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("SET fresh 3\nSET more 4", {"done": True, "bytes": 22, "size": 22}),
        ("SET fresh 3\nFLUSHALL", {"code": "bad-import", "size": 20}),
    ],
    ids=["done", "broken"],
)
def test_scripts_hear_how_far_an_import_is(
    text: str, last: dict[str, object], browser: Browser, site: Site, keys: redis.Redis
) -> None:
    lines = [orjson.loads(line) for line in importing(browser, text).response]

    assert last.items() <= lines[-1].items()
    assert "1 key made" in lines[0]["says"]
    assert keys.get("fresh") == b"3"
    assert [entry.target for entry in site.audited() if "IMPORT" in entry.target] != []


def test_an_import_that_is_stopped_leaves_no_half_of_a_key(browser: Browser, keys: redis.Redis) -> None:
    keys.flushdb()
    answer = importing(browser, "".join(f"RPUSH list:{number} 1 2\n" for number in range(500)))

    next(iter(answer.response))
    answer.close()

    assert set(names_in(keys)) == {b"list:0"}
    assert keys.lrange("list:0", 0, -1) == [b"1", b"2"]


def test_the_analysis_says_what_fills_the_database(browser: Browser, keys: redis.Redis) -> None:
    keys.set("huge", "x" * 500_000)

    page = browser.get(f"/redis/analysis?db={OTHER_DB}").text

    assert "all keys were looked at" in page
    assert page.count("<figure") == 3
    assert re.search(r"<bdi>user:</bdi></td>\s*<td class=\"col-number\">60</td>", page)
    assert re.findall(r"<a href=\"[^\"]*key=[^>]*><bdi>([^<]+)", page)[0] == "huge"


def test_an_estimate_is_said_with_its_error(browser: Browser, keys: redis.Redis) -> None:
    with keys.pipeline() as pipe:
        for number in range(3_000):
            pipe.set(f"many:{number}", "x" * (number % 500))
        pipe.execute()

    page = browser.get(f"/redis/analysis?db={OTHER_DB}&sample=1000").text

    assert re.search(r"1,\d\d\d keys were looked at", page)
    assert "±" in page


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("&match=none:*", 200, "No key fits the pattern."),
        ("&sample=0", 400, "sample"),
        ("&depth=99", 400, "depth"),
        (f"&match={'*a' * 500}", 200, "Make it simpler"),
    ],
)
def test_an_analysis_that_cannot_be_is_a_sentence(
    query: str, status: int, says: str, browser: Browser, keys: redis.Redis
) -> None:
    answer = browser.get(f"/redis/analysis?db={OTHER_DB}{query}")

    assert answer.status_code == status
    assert says in answer.text
