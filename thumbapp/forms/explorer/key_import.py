"""The form that takes exported keys: a file or pasted lines, and what to do about names that are taken."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import IO, Final

from werkzeug.datastructures import FileStorage

from thumbapp.errors import BadEdit, BadParameter
from thumbapp.explorer.command_records import command_records, looks_like_commands
from thumbapp.explorer.key_import import Policy
from thumbapp.explorer.records import LONGEST_LINE, Record, json_records

Reader = Callable[[Iterable[bytes]], Iterator[tuple[int, Record]]]
_BEGINNING: Final = 4_096


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Lines to import, how they are read, and how."""

    lines: Iterable[bytes]
    reader: Reader
    policy: Policy
    is_dry_run: bool
    source: IO[bytes]
    size: int

    @property
    def position(self) -> int:
        """How many bytes of its `size` were read."""
        return self.source.tell()

    @classmethod
    def read(cls, fields: Mapping[str, str], files: Mapping[str, FileStorage]) -> "ImportRequest":
        """Return what was sent: the file, else the pasted text; its `source` is to be closed.

        Raises:
            BadEdit: neither is there. BadParameter: an unknown policy.
        """
        policy, pasted, sent = fields.get("policy", Policy.SKIP), fields.get("text", ""), files.get("file")
        if policy not in set(Policy):
            raise BadParameter("policy", policy[:40], " ".join(Policy))
        is_file = sent is not None and bool(sent.filename)
        if not is_file and not pasted.strip():
            raise BadEdit("Choose a file, or paste lines.")
        source: IO[bytes] = BytesIO(pasted.encode())
        if sent is not None and is_file:
            # taken over: a request closes its files before what it answers has been sent
            source, sent.stream = sent.stream, source
        beginning, size = source.read(_BEGINNING), source.seek(0, SEEK_END)
        source.seek(0)
        return cls(
            _lines(source),
            command_records if looks_like_commands(beginning) else json_records,
            Policy(policy),
            bool(fields.get("dry_run")),
            source,
            size,
        )


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of *source*; of one that is too long only what shows that it is."""
    return iter(lambda: source.readline(LONGEST_LINE + 2), b"")
