"""The explorer's API: keys, values and commands as far as role and mode reach, and no further."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from werkzeug.test import TestResponse

from tests.blueprints.conftest import MakeSite
from tests.blueprints.explorer.conftest import OTHER_DB
from tests.blueprints.people import Browser, Site
from tests.explorer.test_names import NAMES
from tests.servers import PrivateServer
from thumbapp.accounts.model import Role
from thumbapp.config import NamedServer
from thumbapp.explorer.long_names import id_of
from thumbapp.explorer.names import shown, to_id

API = "/api/v1/redis"


@dataclass
class Program:
    """A program with a token."""

    site: Site
    role: Role
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = self.site.token(self.role)

    def get(self, path: str, **query: object) -> TestResponse:
        """Ask for *path* below the API, in the database of the tests."""
        client = self.site.app.test_client()
        return client.get(f"{API}/{path}", query_string={"db": OTHER_DB} | query, headers=self.headers)

    def command(self, *argv: object, **told: object) -> TestResponse:
        """Send a command, *argv* unless *told* has a line."""
        body = {"db": OTHER_DB} | ({} if "line" in told else {"argv": list(argv)}) | told
        return self.site.app.test_client().post(f"{API}/command", json=body, headers=self.headers)


@pytest.fixture
def program(people: Site) -> Program:
    """Return a program of an operator."""
    return Program(people, Role.OPERATOR)


def told(answer: TestResponse) -> dict[str, Any]:
    """Return the object of the answer."""
    found = answer.get_json()
    assert isinstance(found, dict)
    return found


def test_a_page_of_keys_has_the_fields_of_the_contract(program: Program, keys: redis.Redis) -> None:
    keys.hset("user:1", mapping={"name": "Ala", "age": 7})
    keys.pexpire("user:1", 60_000)

    page = told(program.get("keys"))
    (item,) = page["items"]

    assert (page["cursor"], page["scanned"], page["total"]) == (None, 1, 1)
    assert set(item) == {"id", "name", "type", "ttl_ms", "bytes", "length"}
    assert (item["id"], item["name"], item["type"], item["length"]) == (to_id(b"user:1"), "user:1", "hash", 2)
    assert 0 < item["ttl_ms"] <= 60_000


def test_pages_together_have_every_key(program: Program, keys: redis.Redis) -> None:
    keys.mset({f"key:{number}": number for number in range(250)})
    found, cursor = [], ""

    while cursor is not None:
        page = told(program.get("keys", limit=100, cursor=cursor))
        found += [item["name"] for item in page["items"]]
        cursor = page["cursor"]

    assert sorted(found) == sorted(f"key:{number}" for number in range(250))


def test_any_name_comes_back_and_opens(program: Program, keys: redis.Redis) -> None:
    keys.mset(dict.fromkeys(NAMES, "found"))

    items = {item["id"]: item["name"] for item in told(program.get("keys"))["items"]}
    values = [told(program.get(f"keys/{id_of(name)}"))["items"][0]["value"] for name in NAMES]

    assert items == {id_of(name): shown(name) for name in NAMES}
    assert values == ["found"] * len(NAMES)


def test_a_value_of_each_type_is_typed(program: Program, keys: redis.Redis) -> None:
    keys.set("string", b"\xff")
    keys.rpush("list", "a", "b")
    keys.sadd("set", "a")
    keys.zadd("zset", {"a": 1.5})
    keys.hset("hash", "f", "v")
    keys.xadd("stream", {"f": "v"}, id="1-1")

    found = {name: told(program.get(f"keys/{to_id(name.encode())}")) for name in keys_of(keys)}

    assert {name: item["type"] for name, item in found.items()} == {name: name for name in found}
    assert found["string"]["items"] == [{"offset": 0, "value": {"base64": "/w=="}}]
    assert found["list"]["items"] == [{"index": 0, "value": "a"}, {"index": 1, "value": "b"}]
    assert found["set"]["items"] == [{"value": "a"}]
    assert found["zset"]["items"] == [{"value": "a", "score": "1.5", "rank": 0}]
    assert found["hash"]["items"] == [{"field": "f", "value": "v", "ttl_ms": None}]
    assert found["stream"]["items"] == [{"id": "1-1", "fields": [["f", "v"]]}]


def keys_of(client: redis.Redis) -> list[str]:
    """Return the names in the database of the tests."""
    return [name.decode() for name in client.scan_iter()]


def test_a_value_is_paged_and_searched(program: Program, keys: redis.Redis) -> None:
    keys.rpush("list", *range(250))

    first = told(program.get(f"keys/{to_id(b'list')}", limit=200))
    rest = told(program.get(f"keys/{to_id(b'list')}", limit=200, cursor=first["cursor"]))
    found = told(program.get(f"keys/{to_id(b'list')}", find="24"))

    assert (len(first["items"]), len(rest["items"]), rest["cursor"]) == (200, 50, None)
    assert [item["value"] for item in found["items"]] == ["24", "124", "224", *map(str, range(240, 250))]


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("keys", {"limit": "0"}, 400, "bad-parameter"),
        ("keys", {"limit": "1001"}, 400, "bad-parameter"),
        ("keys", {"cursor": "x"}, 400, "bad-parameter"),
        ("keys", {"db": "x"}, 400, "bad-parameter"),
        ("keys", {"match": "*a" * 500}, 403, "wild-pattern"),
        ("keys", {"server": "nobody"}, 404, "unknown-server"),
        ("keys", {"db": "99999"}, 422, "server-refused"),
        ("keys/bm9uZQ", {}, 404, "key-not-found"),
        ("keys/!", {}, 400, "bad-parameter"),
        ("keys/bm9uZQ", {"limit": "501"}, 400, "bad-parameter"),
    ],
)
def test_what_cannot_be_asked_is_said(
    path: str, query: dict[str, str], status: int, code: str, program: Program
) -> None:
    answer = program.get(path, **query)

    assert (answer.status_code, told(answer)["code"]) == (status, code)


@pytest.mark.parametrize(
    ("argv", "reply", "text"),
    [
        (["PING"], "PONG", "PONG"),
        (["GET", "test"], "hello world!", '"hello world!"'),
        (["GET", "none"], None, "(nil)"),
        (["LRANGE", "list", 0, -1], ["1", "2"], '1) "1"\n2) "2"'),
        (["STRLEN", "test"], 12, "(integer) 12"),
        (["GET", {"base64": "/w=="}], {"base64": "AP8="}, r'"\x00\xff"'),
        (["SMEMBERS", "none"], [], "(empty array)"),
    ],
)
def test_a_command_answers_as_redis_cli_prints(
    argv: list[object], reply: object, text: str, program: Program, keys: redis.Redis
) -> None:
    keys.mset({"test": "hello world!", b"\xff": b"\x00\xff"})
    keys.rpush("list", 1, 2)

    answer = told(program.command(*argv))

    assert set(answer) == {"reply", "text", "ms", "error"}
    assert (answer["reply"], answer["text"], answer["error"]) == (reply, text, False)
    assert answer["ms"] > 0


def test_a_line_is_read_as_redis_cli_reads_it(program: Program, keys: redis.Redis) -> None:
    answer = told(program.command(line=r'RPUSH "Pierwsza lista w Redisie" 1 "\x00"', mode="edit"))

    assert answer["text"] == "(integer) 2"
    assert keys.lrange("Pierwsza lista w Redisie", 0, -1) == [b"1", b"\x00"]


def test_an_error_of_the_server_is_an_answer(program: Program, keys: redis.Redis) -> None:
    keys.set("test", "text")

    answer = program.command("INCR", "test", mode="edit")

    assert answer.status_code == 200
    assert told(answer)["error"] is True
    assert told(answer)["text"] == "(error) ERR value is not an integer or out of range"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"line": "GET \\"open"}',
        b'{"line": ""}',
        b"{}",
        b'{"argv": []}',
        b'{"argv": "GET x"}',
        b'{"argv": [null]}',
        b'{"argv": [true]}',
        b'{"argv": [{"base64": "?"}]}',
        b'{"argv": ["GET", "x"], "line": "GET x"}',
        b'{"argv": ["GET", "x"], "db": "x"}',
        b'{"argv": ["GET", "x"], "mode": "god"}',
        b'{"argv": ["GET", "x"], "mode": 7}',
    ],
)
def test_what_cannot_be_read_is_400(body: bytes, program: Program) -> None:
    answer = program.site.app.test_client().post(f"{API}/command", data=body, headers=program.headers)

    assert answer.status_code == 400
    assert told(answer)["code"] in {"no-json-object", "bad-parameter", "bad-line"}


@pytest.mark.parametrize(
    ("argv", "mode", "code"),
    [
        (["SET", "a", "1"], "view", "mode"),
        (["SET", "a", "1"], "admin", "mode-not-allowed"),
        (["CONFIG", "GET", "*"], "edit", "mode"),
        (["KEYS", "*"], "edit", "command-refused"),
        (["FLUSHALL"], "edit", "command-refused"),
        (["DEBUG", "SLEEP", "1"], "edit", "command-refused"),
        (["SELECT", "1"], "edit", "command-refused"),
        (["BRPOP", "a", "0"], "edit", "command-refused"),
        (["SET", "thumbapp:v1:x", "1"], "edit", "protected-key"),
        (["SCAN", "0", "MATCH", "*a" * 500], "view", "wild-pattern"),
    ],
)
def test_what_the_gate_refuses_is_403_and_not_sent(
    argv: list[str], mode: str, code: str, program: Program, keys: redis.Redis
) -> None:
    answer = program.command(*argv, mode=mode)

    assert (answer.status_code, told(answer)["code"]) == (403, code)
    assert keys.dbsize() == 0


def test_a_question_is_409_and_the_same_again_with_its_token_runs(people: Site, keys: redis.Redis) -> None:
    admin = Program(people, Role.ADMIN)
    keys.mset({"a": 1, "b": 2})

    asked = told(admin.command("FLUSHDB", mode="admin"))
    other = admin.command("FLUSHDB", "ASYNC", mode="admin", confirm=asked["confirm"])
    before = keys.dbsize()
    done = admin.command("FLUSHDB", mode="admin", confirm=asked["confirm"])

    assert (asked["status"], asked["code"]) == (409, "confirm")
    assert "every key of this database, 2 now" in asked["effect"]
    assert (other.status_code, before) == (409, 2)
    assert (told(done)["text"], keys.dbsize()) == ("OK", 0)


def test_a_confirmation_is_for_who_was_asked(people: Site, keys: redis.Redis) -> None:
    one = Program(people, Role.ADMIN)
    user = people.accounts.add("second", role=Role.ADMIN)
    _, secret = people.accounts.create_token("robot", role=Role.ADMIN, user=user)
    asked = told(one.command("FLUSHDB", mode="admin"))
    keys.set("a", 1)

    one.headers = {"Authorization": f"Bearer {secret}"}
    answer = one.command("FLUSHDB", mode="admin", confirm=asked["confirm"])

    assert (answer.status_code, keys.dbsize()) == (409, 1)


def by_cookie(browser: Browser, **body: object) -> TestResponse:
    """Send a command as a page does, with cookie, token and origin."""
    headers = {"X-CSRFToken": browser.token, "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    return browser.client.post(f"{API}/command", json={"db": OTHER_DB} | body, headers=headers)


def test_a_session_goes_no_further_than_its_own_mode(people: Site, keys: redis.Redis) -> None:
    browser = people.signed_in(Role.OPERATOR)
    browser.get("/redis")
    refused = by_cookie(browser, argv=["SET", "a", "1"], mode="edit")
    read = by_cookie(browser, argv=["GET", "a"], mode="edit")

    browser.post("/redis/mode", mode="edit")
    unasked = by_cookie(browser, argv=["SET", "a", "1"])
    done = by_cookie(browser, argv=["SET", "a", "1"], mode="edit")

    assert (refused.status_code, told(refused)["code"]) == (403, "mode")
    assert (read.status_code, unasked.status_code, done.status_code) == (200, 403, 200)
    assert keys.get("a") == b"1"


@pytest.mark.parametrize("missing", ["X-CSRFToken", "Origin"])
def test_a_cookie_without_token_or_origin_does_nothing(missing: str, people: Site, keys: redis.Redis) -> None:
    browser = people.signed_in(Role.OPERATOR)
    browser.get("/redis")
    browser.post("/redis/mode", mode="edit")
    headers = {"X-CSRFToken": browser.token, "Origin": "http://localhost"}
    del headers[missing]

    answer = browser.client.post(
        f"{API}/command", json={"db": OTHER_DB, "argv": ["SET", "a", "1"], "mode": "edit"}, headers=headers
    )

    assert answer.status_code in (400, 403)
    assert keys.dbsize() == 0


def test_writes_and_refusals_leave_one_entry_and_reading_none(program: Program, keys: redis.Redis) -> None:
    program.command("GET", "a")
    program.command("SET", "a", "1", mode="edit")
    program.command("FLUSHALL", mode="edit")

    entries = [(entry.action, entry.target, entry.result) for entry in program.site.audited()]
    assert entries == [
        ("redis.flushall", f"app[{OTHER_DB}] FLUSHALL", "command-refused"),
        ("redis.set", f"app[{OTHER_DB}] SET a 1", "ok"),
    ]


def test_a_server_for_reading_only_takes_no_write_from_anybody(make_site: MakeSite, redis_url: str) -> None:
    site = make_site(servers=(NamedServer("mirror", redis_url, is_read_only=True),))

    answer = Program(site, Role.ADMIN).command("SET", "a", "1", mode="admin", server="mirror")

    assert (answer.status_code, told(answer)["code"]) == (403, "read-only-server")


def test_a_server_that_is_away_is_503(make_site: MakeSite) -> None:
    site = make_site(servers=(NamedServer("away", "redis://127.0.0.1:1/0"),))
    program = Program(site, Role.OPERATOR)

    answers = [program.get("keys", server="away"), program.command("GET", "a", server="away")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(told(answer)["code"] == "server-away" for answer in answers)
    assert all("Retry-After" in answer.headers for answer in answers)


def test_it_works_on_every_kind_of_server(make_site: MakeSite, any_server: PrivateServer) -> None:
    program = Program(make_site(redis_url=any_server.url.replace("/0", "/3")), Role.ADMIN)
    said = [
        told(program.command(line=line, mode="edit"))["text"]
        for line in ("DEL k", "SET k 1300", "INCRBY k 25", "DECRBY k 30", "TYPE k")
    ]

    names = [item["name"] for item in told(program.get("keys", match="k"))["items"]]
    program.command("DEL", "k", mode="edit")

    assert said[1:] == ["OK", "(integer) 1325", "(integer) 1295", "string"]
    assert names == ["k"]
