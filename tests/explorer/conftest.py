"""A gate on each kind of server, callers in each mode, and an audit that is only a list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
import redis

from tests.servers import PrivateServer
from thumbapp.config import Settings
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.rules import Mode
from thumbapp.explorer.servers import Server, Servers

VIEWER, EDITOR, ADMIN = (Caller(f"{mode}or", mode, "tests", "session-1") for mode in Mode)


@dataclass
class ListAudit:
    """An audit that keeps its lines in memory."""

    lines: list[dict[str, str]] = field(default_factory=list)

    def record(self, **line: str) -> None:
        """Keep one line."""
        self.lines.append(line)


@pytest.fixture
def audit() -> ListAudit:
    """Return an empty audit."""
    return ListAudit()


@pytest.fixture
def any_servers(any_server: PrivateServer, any_client: redis.Redis) -> Iterator[Servers]:
    """Return the servers of settings whose own server is each kind in turn, its keys in database 15."""
    settings = replace(
        Settings().completed(),
        redis_url=any_server.url.replace("/0", "/15"),
        secret_key="test-secret",
        protected_prefixes=("keep:",),
    )
    servers = Servers(settings)
    yield servers
    servers.close()


@pytest.fixture
def home(any_servers: Servers) -> Server:
    """Return the server with the app's own keys, of each kind in turn."""
    return any_servers.find()


@pytest.fixture
def elsewhere(home: Server) -> Server:
    """Return the same server, taken for one without the app's keys."""
    return replace(home, name="elsewhere", home_db=lambda: None)


@pytest.fixture
def gate_to(audit: ListAudit) -> Callable[[Server], Gate]:
    """Return what makes a gate to a server."""
    return lambda server: Gate(server, secret=b"test-secret", audit=audit)


@pytest.fixture
def gate(home: Server, gate_to: Callable[[Server], Gate]) -> Gate:
    """Return the gate to the server with the app's own keys."""
    return gate_to(home)
