"""The server's own users for the explorer: enough for its work, too little for harm."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR, ListAudit
from tests.servers import PrivateServer
from thumbapp.config import Settings
from thumbapp.explorer import acl_install, scan
from thumbapp.explorer.changes.keys import delete_key
from thumbapp.explorer.edit import Editor
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.overview import read_overview
from thumbapp.explorer.resp import Failure
from thumbapp.explorer.scan import Search
from thumbapp.explorer.servers import Server, Servers
from thumbapp.explorer.undo import UndoStore
from thumbapp.explorer.values.model import PageQuery
from thumbapp.explorer.values.opening import open_key

PASSWORDS = {acl_install.READER: "reader-secret", acl_install.EDITOR: "editor-secret"}

HARM = (
    *("FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "SHUTDOWN NOSAVE", "REPLICAOF NO ONE", "KEYS *"),
    *("CONFIG GET *", "CONFIG SET maxmemory 1", "ACL LIST", "ACL SETUSER explorer_ro +@all"),
    *("CLIENT KILL TYPE normal", "CLIENT PAUSE 1", "SCRIPT FLUSH", "FUNCTION FLUSH", "BGSAVE"),
)


@pytest.fixture
def as_user(
    any_server: PrivateServer, gate: Gate, any_client: redis.Redis
) -> Iterator[Callable[[str], Gate]]:
    """Return what makes a gate that signs in as one of the users; servers without ACL are passed over."""
    if acl_install.install(gate, PASSWORDS, caller=ADMIN).refused:
        pytest.skip("this server has no ACL")
    opened: list[Servers] = []

    def sign_in(user: str) -> Gate:
        url = any_server.url.replace("redis://", f"redis://{user}:{PASSWORDS[user]}@")
        opened.append(Servers(replace(Settings().completed(), redis_url=url, secret_key="test-secret")))
        server: Server = replace(opened[-1].find(), home_db=lambda: None)
        return Gate(server, secret=b"test-secret", audit=ListAudit())

    yield sign_in
    for servers in opened:
        servers.close()
    any_client.execute_command("ACL", "DELUSER", *PASSWORDS)


def test_the_reader_sees_everything_and_changes_nothing(
    as_user: Callable[[str], Gate], any_client: redis.Redis
) -> None:
    any_client.hset("hash", "field", "value")
    gate = as_user(acl_install.READER)

    rows = scan.page(gate, Search(), db=0).rows
    opened = open_key(gate, b"hash", PageQuery(), db=0)
    refused = gate.run(("DEL", "hash"), caller=ADMIN, db=0)

    assert [(row.name, row.type, row.length) for row in rows] == [(b"hash", "hash", 1)]
    assert opened.facts.encoding
    assert read_overview(gate, db=0).memory_bytes
    assert refused.is_error
    assert any_client.exists("hash")


def test_the_editor_changes_keys_and_undoes_it(
    as_user: Callable[[str], Gate], any_client: redis.Redis
) -> None:
    any_client.rpush("list", 1, 2)
    gate = as_user(acl_install.EDITOR)
    editor = Editor(gate, UndoStore(any_client, namespace="t:"), caller=EDITOR, db=0)

    done = editor.apply(delete_key(b"list"))
    gone = any_client.exists("list")
    editor.undo(done.undo_id)

    assert gone == 0
    assert any_client.lrange("list", 0, -1) == [b"1", b"2"]


@pytest.mark.parametrize("user", [acl_install.READER, acl_install.EDITOR])
def test_neither_touches_the_server(user: str, as_user: Callable[[str], Gate]) -> None:
    gate, done = as_user(user), []

    for line in HARM:
        with gate.server.pool.connection(0) as connection:
            reply = connection.exchange(tuple(line.split()))[0]
        if not (isinstance(reply, Failure) and reply.text.startswith("NOPERM")):
            done.append((line, reply))

    assert done == []


def test_a_server_without_acl_gets_the_lines_back(gate: Gate, any_client: redis.Redis) -> None:
    done = acl_install.install(gate, PASSWORDS, caller=ADMIN)

    has_acl = not done.refused
    assert (done.made, done.lines) == (
        ([*PASSWORDS], []) if has_acl else ([], acl_install.setuser_commands(PASSWORDS))
    )
    if has_acl:
        any_client.execute_command("ACL", "DELUSER", *PASSWORDS)


def test_passwords_stay_out_of_the_audit(gate: Gate, audit: ListAudit, any_client: redis.Redis) -> None:
    done = acl_install.install(gate, PASSWORDS, caller=ADMIN)

    assert audit.lines
    assert not any(secret in str(line) for line in audit.lines for secret in PASSWORDS.values())
    if done.made:
        any_client.execute_command("ACL", "DELUSER", *PASSWORDS)
