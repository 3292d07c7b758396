"""What reads and changes one part of a server through the gate, for one caller. Knows no web."""

from typing import ClassVar

from thumbapp.errors import ServerLacks
from thumbapp.explorer.connections import unfailed
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.reply_types import items
from thumbapp.explorer.resp import Reply


class GateClient:
    """One part of a server, asked and changed through *gate* for *caller*; what the server refuses is raised.

    *needs* is the command that this part is about, with the version it came with, where not all have it.
    """

    needs: ClassVar[tuple[str, str] | None] = None

    def __init__(self, gate: Gate, *, caller: Caller) -> None:
        self._gate = gate
        self._caller = caller

    def _ask(self, *argv: str | bytes | float, cut_at: int | None = None) -> Reply:
        self._check_needs()
        return unfailed(self._gate.read(argv, caller=self._caller, db=0, cut_at=cut_at))

    def _list(self, *argv: str | bytes | float, cut_at: int | None = None) -> list[Reply]:
        return items(self._ask(*argv, cut_at=cut_at))

    def _do(self, *argv: str | bytes | float, confirm: str = "") -> None:
        self._check_needs()
        unfailed(self._gate.run(argv, caller=self._caller, db=0, confirm=confirm).reply)

    def _check_needs(self) -> None:
        if self.needs is not None:
            self._check_known(*self.needs)

    def _check_known(self, command: str, since: str) -> None:
        with self._gate.server.pool.connection(0) as connection:
            if not self._gate.server.knows(connection, command):
                raise ServerLacks(command, since)
