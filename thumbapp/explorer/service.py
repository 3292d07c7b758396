"""The explorer as one thing: its servers, a gate to each, and what can be undone.

Knows no request; who calls, and how far they may go, comes in with each call.
"""

import threading

import redis

from thumbapp.config import Settings
from thumbapp.explorer.gate import Audit, Gate
from thumbapp.explorer.servers import Servers
from thumbapp.explorer.undo import UndoStore


class Explorer:
    """What pages, calls and commands look at Redis with; nothing is connected before it is asked for.

    *client* is the app's own server, where changes are kept for undoing.
    """

    def __init__(self, settings: Settings, *, client: redis.Redis, audit: Audit) -> None:
        self.servers = Servers(settings)
        self.undo = UndoStore(client, namespace=settings.namespace)
        self._secret = settings.secret()
        self._audit = audit
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()

    def gate(self, name: str = "") -> Gate:
        """Return the gate to the server called *name*, the app's own for ""; raises UnknownServer."""
        server = self.servers.find(name)
        with self._lock:
            if server.name not in self._gates:
                self._gates[server.name] = Gate(server, secret=self._secret, audit=self._audit)
            return self._gates[server.name]

    def close(self) -> None:
        """Close every connection."""
        self.servers.close()
