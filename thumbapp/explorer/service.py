"""The explorer as one thing: its servers, a gate to each, and what can be undone.

Knows no request; who calls, and how far they may go, comes in with each call.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import redis

from thumbapp.config import Settings
from thumbapp.errors import ThumbAppError
from thumbapp.explorer.connections import Connection
from thumbapp.explorer.consoles import Consoles, History
from thumbapp.explorer.diagnostics import Sampler
from thumbapp.explorer.feeds import FeedHub
from thumbapp.explorer.gate import Audit, Gate
from thumbapp.explorer.notifications import Notifications
from thumbapp.explorer.overview import Overview, OverviewCache
from thumbapp.explorer.scripts import ScriptLibrary
from thumbapp.explorer.servers import Servers
from thumbapp.explorer.syntax import CommandDocs
from thumbapp.explorer.undo import UndoStore

Made = TypeVar("Made")


class Explorer:
    """What pages, calls and commands look at Redis with; nothing is connected before it is asked for.

    *client* is the app's own server, where changes are kept for undoing.
    """

    def __init__(self, settings: Settings, *, client: redis.Redis, audit: Audit) -> None:
        self.servers = Servers(settings)
        self.undo = UndoStore(client, namespace=settings.namespace)
        self.consoles = Consoles()
        self.history = History(client, namespace=settings.namespace)
        self.scripts = ScriptLibrary(client, namespace=settings.namespace)
        self._client, self._namespace = client, settings.namespace
        self._secret = settings.secret()
        self._audit = audit
        self._made: dict[tuple[type, str], Any] = {}
        self._lock = threading.RLock()

    def gate(self, name: str = "") -> Gate:
        """Return the gate to the server called *name*, the app's own for ""; raises UnknownServer."""
        server = self.servers.find(name)
        return self._once(Gate, server.name, lambda: Gate(server, secret=self._secret, audit=self._audit))

    def feeds(self, name: str = "") -> FeedHub:
        """Return what is published on the server called *name*; raises UnknownServer."""
        server = self.servers.find(name)
        return self._once(FeedHub, server.name, lambda: FeedHub(server.pool))

    def sampler(self, name: str = "") -> Sampler:
        """Return the samples of the server called *name*; raises UnknownServer."""
        server = self.servers.find(name)
        return self._once(Sampler, server.name, lambda: Sampler(server.pool))

    def overview(self, name: str, db: int) -> Overview:
        """Return how the server called *name* is, looked at once a second; raises ServerAway and the like."""
        return self._once(
            OverviewCache, self.servers.find(name).name, lambda: OverviewCache(self.gate(name))
        ).at(db)

    def notifications(self, name: str = "") -> Notifications:
        """Return the switch of keyspace notifications on the server called *name*."""
        return Notifications(self.gate(name), self._client, namespace=self._namespace)

    def restore_events(self) -> int:
        """Put keyspace notifications back where their time is over; return on how many servers.

        A server that is away is tried again the next time.
        """
        done = 0
        for name in self.servers.names():
            with contextlib.suppress(ThumbAppError):
                done += self.notifications(name).restore_if_due()
        return done

    def syntax(self, name: str, connection: Connection) -> CommandDocs:
        """Return how commands of the server called *name* are written, asked over *connection* once."""
        return self._once(CommandDocs, self.servers.find(name).name, lambda: CommandDocs.ask(connection))

    def _once(self, kind: type[Made], name: str, make: Callable[[], Made]) -> Made:
        """Return the one *kind* of the server *name*, made when it is first asked for."""
        with self._lock:
            if (kind, name) not in self._made:
                self._made[kind, name] = make()
            found: Made = self._made[kind, name]
            return found

    def close(self) -> None:
        """Close every connection."""
        self.consoles.close()
        with self._lock:
            for made in self._made.values():
                if isinstance(made, FeedHub):
                    made.close()
        self.servers.close()
