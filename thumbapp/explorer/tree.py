"""Names folded into folders by a delimiter, one level at a time; counts are those of what was scanned."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from thumbapp.explorer.scan import KeyRow


@dataclass(frozen=True, slots=True)
class Folder:
    """Names that go on alike: *path* is how they all begin, *label* the last part of that."""

    path: bytes
    label: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Level:
    """What stands directly below a path: folders by name, then keys by name."""

    folders: list[Folder]
    rows: list[KeyRow]


def fold(rows: Iterable[KeyRow], *, below: bytes = b"", delimiter: bytes = b":") -> Level:
    """Return the folders and keys of *rows* directly below the path, which ends with the delimiter or is b"".

    A name that ends with the delimiter, or is the path itself, is a key with an empty last part. An
    empty delimiter folds nothing.
    """
    counts: Counter[bytes] = Counter()
    keys: list[KeyRow] = []
    for row in rows:
        if not row.name.startswith(below):
            continue
        part, mark, _ = row.name[len(below) :].partition(delimiter) if delimiter else (b"", b"", b"")
        if mark:
            counts[part] += 1
        else:
            keys.append(row)
    folders = [Folder(below + part + delimiter, part, counts[part]) for part in sorted(counts)]
    return Level(folders, sorted(keys, key=lambda row: row.name))


def steps(path: bytes, *, delimiter: bytes = b":") -> list[Folder]:
    """Return the way down to *path*, folder by folder, for the line that leads back."""
    if not path or not delimiter:
        return []
    parts = path.removesuffix(delimiter).split(delimiter)
    paths = [delimiter.join(parts[: at + 1]) + delimiter for at in range(len(parts))]
    return [Folder(so_far, part, 0) for so_far, part in zip(paths, parts, strict=True)]
