"""The zip a job ends in, and the names inside it: clean on every system, none twice."""

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from thumbapp.imaging.recipe import Size

MANIFEST = "manifest.json"
LONGEST_STEM = 100
_EXTENSIONS = {
    "jpeg": ("jpg", "jpeg", "jfif", "jpe"),
    "png": ("png", "apng"),
    "webp": ("webp",),
    "avif": ("avif",),
    "gif": ("gif",),
}
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.I)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')


def clean_name(filename: str) -> str:
    """Return *filename* as a name that every system can write; "picture" when nothing is left.

    Folders, control and bidirectional characters, trailing dots and names of devices go; a long
    name is cut, its extension kept.
    """
    last = re.split(r"[/\\]", filename)[-1]
    shown = "".join(char for char in unicodedata.normalize("NFC", last) if _is_printable(char))
    stem, dot, extension = _FORBIDDEN.sub("_", shown).strip(" .").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    stem = stem[:LONGEST_STEM].strip(" .") or "picture"
    if _DEVICES.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return f"{stem}.{extension[:10]}".rstrip(" .")


def _is_printable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def thumbnail_name(filename: str, size: Size, format: str) -> str:
    """Return what the user calls a thumbnail: ``rob.jfif``, 128x128, jpeg give ``rob_128x128.jfif``.

    The original's extension stays when it names *format*, else the format's own is used.
    """
    stem, dot, extension = clean_name(filename).rpartition(".")
    if not dot:
        stem, extension = extension, ""
    known = _EXTENSIONS[format]
    return f"{stem}_{size}.{extension if extension.lower() in known else known[0]}"


def member_names(names: Iterable[str]) -> list[str]:
    """Return *names* with equal ones numbered, ``a.png``, ``a (2).png``; case does not tell them apart."""
    taken: set[str] = set()
    result = []
    for name in names:
        stem, dot, extension = name.rpartition(".")
        stem, ending = (stem, dot + extension) if dot else (name, "")
        candidate, number = name, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{stem} ({number}){ending}"
        taken.add(candidate.casefold())
        result.append(candidate)
    return result


def write_archive(
    path: Path, members: Iterable[tuple[str, Path]], *, texts: Mapping[str, str] | None = None
) -> list[str]:
    """Write a stored zip of *members* (name inside, file) and *texts* to *path*; return the names inside.

    Names of members are cleaned and numbered; those of texts are kept. The zip appears whole or not at all.
    """
    pairs = list(members)
    texts = texts or {}
    names = member_names([*texts, *(clean_name(name) for name, _ in pairs)])[len(texts) :]
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for name, (_, file) in zip(names, pairs, strict=True):
                archive.write(file, name)
            for name, text in texts.items():
                archive.writestr(name, text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return [*names, *texts]
