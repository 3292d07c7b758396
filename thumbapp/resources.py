"""Where templates and static files are: inside the installed package or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the absolute folder of *name* (``templates`` or ``static``).

    A wheel holds it as ``thumbapp/<name>``; a checkout and an editable install beside ``thumbapp``.
    """
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
