"""The explorer before servers that are ill: a sentence, a whole page, and nothing lost."""

import contextlib
import os
import re
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import orjson
import pytest
import redis
from werkzeug.test import TestResponse

from tests.blueprints.conftest import MakeSite
from tests.blueprints.explorer.conftest import editing
from tests.blueprints.people import Browser, Site
from tests.conftest import PrivateServer, free_port
from tests.patience import until
from tests.servers import KINDS
from thumbapp.accounts.model import Role
from thumbapp.config import NamedServer
from thumbapp.errors.explorer import MEANINGS

API = "/api/v1/redis"


@pytest.fixture
def sick(tmp_path: Path) -> Iterator[PrivateServer]:
    """Return a server of this test alone, with a key, that may be made ill."""
    binary = KINDS["valkey"][0]()
    if binary is None:
        pytest.skip(KINDS["valkey"][1])
    folder = tmp_path / "server"
    folder.mkdir()
    private = PrivateServer(binary, free_port(), folder)
    private.wait_until_ready()
    client(private).set("stays", "here")
    yield private
    private.process.kill()  # one whose disk is gone does not end when it is asked to
    private.process.wait(10)


@pytest.fixture
def site(make_site: MakeSite, sick: PrivateServer) -> Site:
    """Return the application, which knows that server as ``sick``."""
    return make_site(servers=(NamedServer("sick", sick.url),))


def client(server: PrivateServer) -> redis.Redis:
    """Return a client of *server*."""
    return redis.Redis.from_url(server.url, protocol=2)


def full(server: PrivateServer) -> None:
    client(server).config_set("maxmemory", 1)


def disk_gone(server: PrivateServer) -> None:
    there = client(server)
    folder = Path(str(there.config_get("dir")["dir"]))
    there.config_set("save", "1 1")
    shutil.rmtree(folder)
    there.set("changed", 1)
    there.bgsave()
    while there.info("persistence")["rdb_last_bgsave_status"] == "ok":
        threading.Event().wait(0.02)


def replica(server: PrivateServer) -> None:
    client(server).execute_command("REPLICAOF", "127.0.0.1", "1")


def forbidden(server: PrivateServer) -> None:
    client(server).execute_command("ACL", "SETUSER", "default", "-@write")


@pytest.mark.parametrize(
    ("fall_ill", "word"),
    [(full, "OOM"), (disk_gone, "MISCONF"), (replica, "READONLY"), (forbidden, "NOPERM")],
    ids=["OOM", "MISCONF", "READONLY", "NOPERM"],
)
def test_who_takes_no_writes_is_still_read(
    fall_ill: Callable[[PrivateServer], None], word: str, sick: PrivateServer, browser: Browser
) -> None:
    fall_ill(sick)

    page = browser.get("/redis?server=sick&view=list&key=c3RheXM")
    headers = {"X-CSRFToken": browser.token, "Origin": "http://localhost"}
    body = {"server": "sick", "argv": ["SET", "stays", "changed"], "mode": "edit"}
    answer = browser.client.post(f"{API}/command", json=body, headers=headers).get_json()

    assert page.status_code == 200
    assert "here" in page.text
    assert answer["error"] is True
    assert answer["text"].startswith(f"(error) {word}")
    assert client(sick).get("stays") == b"here"


def test_who_comes_when_nothing_can_be_saved_still_reads(make_site: MakeSite, sick: PrivateServer) -> None:
    disk_gone(sick)
    site = make_site(servers=(NamedServer("sick", sick.url),))

    keys = site.app.test_client().get(f"{API}/keys?server=sick", headers=site.token(Role.OPERATOR))

    assert keys.status_code == 200
    assert '"stays"' in keys.text


def locked(server: PrivateServer) -> None:
    there = client(server)
    there.config_set("requirepass", "secret")
    there.client_kill_filter(_type="normal")


def searchless(server: PrivateServer) -> None:
    client(server).execute_command("ACL", "SETUSER", "default", "-scan")


def gone(server: PrivateServer) -> None:
    server.stop()


def loading(server: PrivateServer) -> None:
    """Start it again on a dump that it takes a minute to read."""
    there = client(server)
    there.mset({f"heavy:{number}": os.urandom(2_000) for number in range(2_000)})
    there.save()
    server.process.kill()
    server.process.wait(10)
    slow = ["--key-load-delay", "30000", "--loading-process-events-interval-bytes", "1024"]
    server.process = subprocess.Popen(
        [*cast(list[str], server.process.args), *slow], stdout=subprocess.DEVNULL
    )
    until(lambda: answers_with(server, "LOADING"))


def answers_with(server: PrivateServer, word: str) -> bool:
    """Whether the server answers a question with that error."""
    with contextlib.closing(socket.socket()) as wire:
        wire.settimeout(5)
        if wire.connect_ex(("127.0.0.1", server.port)):
            return False
        wire.sendall(b"GET stays\r\n")
        return wire.recv(1_000).startswith(f"-{word}".encode())


@pytest.mark.parametrize(
    ("fall_ill", "sentence"),
    [
        (locked, MEANINGS["NOAUTH"]),
        (searchless, MEANINGS["NOPERM"]),
        (loading, MEANINGS["LOADING"]),
        (gone, "does not answer"),
    ],
    ids=["NOAUTH", "NOPERM", "LOADING", "gone"],
)
def test_who_shows_nothing_is_said_on_a_whole_page(
    fall_ill: Callable[[PrivateServer], None], sentence: str, sick: PrivateServer, browser: Browser
) -> None:
    browser.get("/redis?server=sick")
    fall_ill(sick)

    page = browser.get("/redis?server=sick&match=s*&key=c3RheXM")
    program = browser.get(f"{API}/keys?server=sick&match=s*")
    file = browser.get("/redis/export?server=sick")

    assert page.status_code == 200
    assert sentence.replace("'", "&#39;") in page.text
    assert 'id="key-list"' in page.text
    assert program.status_code in (422, 503)
    assert sentence in program.get_json()["detail"]
    assert file.status_code == program.status_code
    assert "There is no key" not in page.text


def test_a_server_that_goes_in_the_middle_leaves_what_was_found_and_where_to_go_on(
    sick: PrivateServer, browser: Browser
) -> None:
    client(sick).mset({f"key:{number}": number for number in range(30_000)})
    answer = browser.client.get("/redis/scan?server=sick&limit=30000", buffered=False)
    stream = iter(answer.response)
    first = orjson.loads(next(stream))

    sick.process.kill()
    rest = [orjson.loads(line) for line in stream]
    answer.close()

    assert first["rows"]
    assert rest[-1]["code"] == "server-away"
    assert "does not answer" in rest[-1]["error"]
    assert rest[-1]["cursor"] == (rest[-2] if len(rest) > 1 else first)["cursor"]


class Refusing(socketserver.BaseRequestHandler):
    """Answers whatever comes with one error, as a server does that is not ready."""

    word = ""

    def handle(self) -> None:
        while data := self.request.recv(65_536):
            count = sum(line.startswith(b"*") for line in data.split(b"\r\n"))
            self.request.sendall(f"-{self.word} not now\r\n".encode() * count)


@pytest.fixture
def refusing() -> Iterator[Callable[[str], str]]:
    """Return what starts a server that answers everything with an error of that word, and its address."""
    running: list[socketserver.ThreadingTCPServer] = []

    def start(word: str) -> str:
        handler = type("Refusing", (Refusing,), {"word": word})
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(server)
        return f"redis://127.0.0.1:{server.server_address[1]}/0"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("word", ["LOADING", "MASTERDOWN", "BUSY"])
def test_a_server_that_refuses_everything_is_explained(
    word: str, make_site: MakeSite, refusing: Callable[[str], str]
) -> None:
    site = make_site(servers=(NamedServer("sick", refusing(word)),))

    page = site.signed_in(Role.OPERATOR).get("/redis?server=sick")

    assert page.status_code == 200
    assert MEANINGS[word].replace("'", "&#39;") in page.text
    assert 'id="key-list"' in page.text


def test_a_wrong_password_in_the_address_is_said(make_site: MakeSite, sick: PrivateServer) -> None:
    client(sick).config_set("requirepass", "secret")
    url = sick.url.replace("redis://", "redis://:wrong@")
    site = make_site(servers=(NamedServer("sick", url),))

    page = site.signed_in(Role.OPERATOR).get("/redis?server=sick")

    assert page.status_code == 200
    assert MEANINGS["WRONGPASS"].replace("'", "&#39;") in page.text
    assert "wrong@" not in page.text


@pytest.mark.parametrize(
    "line",
    ["DEL stays", "FLUSHALL", "FLUSHDB", "KEYS *", "DEBUG SLEEP 1", "SHUTDOWN", "SCAN 0 MATCH " + "*a" * 500],
)
def test_what_must_not_be_is_refused_in_view_mode_with_the_reason(
    line: str, site: Site, sick: PrivateServer
) -> None:
    headers = site.token(Role.OPERATOR)

    answer = site.app.test_client().post(
        f"{API}/command", json={"server": "sick", "line": line}, headers=headers
    )

    assert answer.status_code == 403
    assert "sent" in answer.get_json()["detail"] or "pattern" in answer.get_json()["detail"].lower()
    assert client(sick).dbsize() == 1


@pytest.mark.parametrize(
    ("fall_ill", "sentence"),
    [
        (full, MEANINGS["OOM"]),
        (disk_gone, MEANINGS["MISCONF"]),
        (replica, MEANINGS["READONLY"]),
        (forbidden, MEANINGS["NOPERM"]),
        (locked, MEANINGS["NOAUTH"]),
        (loading, MEANINGS["LOADING"]),
    ],
    ids=["OOM", "MISCONF", "READONLY", "NOPERM", "NOAUTH", "LOADING"],
)
def test_an_undo_and_an_import_say_why_they_were_not_done_and_can_be_tried_again(
    fall_ill: Callable[[PrivateServer], None], sentence: str, sick: PrivateServer, site: Site
) -> None:
    browser, place = editing(site), "server=sick&db=0&key=c3RheXM"
    browser.post(f"/redis/change?{place}", action="string.append", value="!")
    undo_id = re.findall(r'name="undo" value="([^"]+)"', browser.get(f"/redis?{place}").text)[0]
    fall_ill(sick)

    undo = browser.post(f"/redis/undo?{place}", undo=undo_id)
    imported = browser.post(f"/redis/import?{place}", text="SET fresh typed")

    assert sentence.replace("'", "&#39;") in undo.text
    assert f'name="undo" value="{undo_id}"' in undo.text
    assert sentence.replace("'", "&#39;") in imported.text
    assert "SET fresh typed" in imported.text
    assert undo.status_code == imported.status_code


def test_a_benchmark_ends_with_what_the_server_refuses(site: Site, sick: PrivateServer) -> None:
    browser = editing(site)
    browser.get("/redis/bench?server=sick")
    full(sick)

    form = {"command": "SET", "count": "10", "rounds": "1"}
    last = orjson.loads(browser.post("/redis/bench/run?server=sick", **form).data.splitlines()[-1])

    assert last["code"] == "server-busy"
    assert MEANINGS["OOM"] in last["error"]


@pytest.mark.parametrize(
    ("fall_ill", "word"),
    [(full, "OOM"), (disk_gone, "MISCONF"), (replica, "READONLY"), (forbidden, "NOPERM"), (locked, "NOAUTH")],
    ids=["OOM", "MISCONF", "READONLY", "NOPERM", "NOAUTH"],
)
def test_scripts_are_told_why_as_well(
    fall_ill: Callable[[PrivateServer], None], word: str, site: Site, sick: PrivateServer
) -> None:
    browser = editing(site)
    bulk, form = "/redis/bulk?server=sick&match=stays", {"operation": "copy", "to_db": "1"}
    confirm = re.findall(r'name="confirm" value="([^"]+)"', browser.post(bulk, **form).text)[0]
    fall_ill(sick)

    taken = as_a_script(browser, "/redis/import?server=sick", "application/x-ndjson", text="SET new v")
    copied = as_a_script(browser, bulk, "application/json", confirm=confirm, **form)

    assert MEANINGS[word] in orjson.loads(taken.text.splitlines()[-1])["error"]
    assert copied.status_code in (422, 503)
    assert MEANINGS[word].replace("'", "&#39;") in re.findall(r'"note-body">([^<]+)<', copied.text)[0]


def as_a_script(browser: Browser, path: str, accept: str, **form: str) -> TestResponse:
    """Send *form* as a script of ours does, which reads the answer itself."""
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin", "Accept": accept}
    return browser.client.post(path, data={"csrf_token": browser.token} | form, headers=headers)
