"""The scripts' page, for administrators: run, ask first, saved, samples, where it failed."""

import re

import pytest
import redis

from tests.blueprints.explorer.conftest import editing
from tests.blueprints.people import Browser, Site
from thumbapp.accounts.model import Role
from thumbapp.explorer.names import from_id
from thumbapp.explorer.scripts import SAMPLES

PAGE = "/redis/scripts?db=9"


def ran(admin: Browser, source: str, **fields: object) -> str:
    """Return the page after running *source*, confirmed where the gate asks."""
    form = {"action": "run", "source": source, **fields}
    page = admin.post(PAGE, **form).text
    token = re.search(r'name="confirm" value="([^"]+)"', page)
    return admin.post(PAGE, **form, confirm=token[1]).text if token else page


def opened(page: str) -> list[str]:
    """Return the ids of the keys that the result on *page* leads to, as names."""
    found = re.search(r"Open (<a href.*?)</p>", page)
    return [from_id(key).decode() for key in re.findall(r"key=([\w-]+)", found[1])] if found else []


def test_a_script_runs_with_its_keys_and_arguments(admin: Browser) -> None:
    page = ran(admin, "return {KEYS[1], ARGV[1]}", key=["one", ""], arg=["<b>", ""])

    assert "1) &#34;one&#34;\n2) &#34;&lt;b&gt;&#34;" in page
    assert opened(page) == ["one"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("return redis.call('SET', KEYS[1], 'b') and 'made b'", ["a", "made b"]),
        ("return 'a'", ["a"]),
        ("return 'nothing'", ["a"]),
        ("return {'made b'}", ["a"]),
        ("return redis.status_reply('made b')", ["a"]),
    ],
    ids=["a key", "the same", "no key", "a list", "a status"],
)
def test_a_key_that_a_script_answers_with_can_be_opened(
    admin: Browser, keys: redis.Redis, source: str, names: list[str]
) -> None:
    keys.set("made b", 1)

    page = ran(admin, source, key=["a"])

    assert opened(page) == names


def test_where_the_apps_keys_live_it_asks_first(admin: Browser) -> None:
    page = admin.post(PAGE, action="run", source="return 1").text

    assert "Run it all the same" in page
    assert "return 1" in page
    assert "(integer) 1" not in page


def test_read_only_asks_nothing_and_may_not_write(admin: Browser) -> None:
    assert "(integer) 3" in admin.post(PAGE, action="read", source="return 3").text
    page = admin.post(PAGE, action="read", source="return redis.call('SET', KEYS[1], 1)", key=["a"]).text

    assert "(error)" in page


def test_an_error_marks_its_line(admin: Browser) -> None:
    page = admin.post(PAGE, action="read", source="local a = 1\nreturn a + nil").text

    assert '<lua-editor line="2">' in page


def test_a_script_is_saved_found_and_removed(admin: Browser) -> None:
    saved = admin.post(PAGE, action="save", source="return 7", name="seven <i>", key=["a"])
    page = admin.get(saved.headers["Location"]).text
    script = re.search(r'name="script" value="([^"]+)"', page)
    assert script is not None

    assert (saved.status_code, "return 7" in page, "seven &lt;i&gt;" in page) == (303, True, True)
    admin.post("/redis/scripts/remove?db=9", script=script[1])
    assert "seven" not in admin.get(PAGE).text


def test_a_script_without_a_name_is_not_saved_and_not_lost(admin: Browser) -> None:
    page = admin.post(PAGE, action="save", source="return 'typed'", name=" ").text

    assert "needs a name" in page
    assert "return &#39;typed&#39;" in page


@pytest.mark.parametrize("name", [sample.name for sample in SAMPLES])
def test_every_sample_is_offered(name: str, admin: Browser) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == name)

    page = admin.get("/redis/scripts", query_string={"db": "9", "sample": name}).text

    assert sample.source.split("\n")[0].replace("'", "&#39;").replace('"', "&#34;") in page


def test_functions_are_loaded_called_and_deleted(admin: Browser, redis_client: redis.Redis) -> None:
    source = (
        "#!lua name=lab\nredis.register_function('addone', function(k) return redis.call('INCR', k[1]) end)"
    )
    loaded = admin.post("/redis/scripts/library?db=9", source=source)
    page = admin.get(PAGE).text

    asked = admin.post("/redis/scripts/library/delete?db=9", library="lab").text
    token = re.search(r'name="confirm" value="([^"]+)"', asked)

    assert (loaded.status_code, "addone" in page) == (303, True)
    assert "Run it all the same" not in asked
    assert "deletes the library lab" in re.split("<details[^>]* open>", asked)[1]
    assert token is not None
    admin.post("/redis/scripts/library/delete?db=9", library="lab", confirm=token[1])
    assert redis_client.function_list() == []


def test_it_is_for_administrators(site: Site) -> None:
    operator = editing(site, Role.OPERATOR)

    assert operator.get(PAGE).status_code == 403
    assert operator.post(PAGE, action="read", source="return 1").status_code == 403


def test_a_library_that_cannot_be_loaded_stays_in_its_form(admin: Browser) -> None:
    page = admin.post("/redis/scripts/library?db=9", source="#!lua name=x\nreturn (").text

    assert "Redis refused" in page
    assert "#!lua name=x\nreturn (</textarea>" in page
