"""Changes of a key as a whole: its name, its life, its end."""

from collections.abc import Callable

from thumbapp.errors import BadEdit
from thumbapp.explorer.edit import Change
from thumbapp.explorer.names import shown
from thumbapp.explorer.resp import Argv


def delete_key(name: bytes) -> Change:
    """Return the deletion of a key, freed beside the server's work."""
    return Change(name, "", f"UNLINK {shown(name)}", (("UNLINK", name),))


def rename_key(name: bytes, new: bytes, *, replace: bool = False) -> Change:
    """Return the renaming of a key; one of the new name is in the way unless it is to be replaced."""
    if name == new:
        raise BadEdit("The new name is the old one.")
    says = f"RENAME {shown(name)} {shown(new)}"
    if replace:
        return Change(name, "", says, (("RENAME", name, new),), others=(new,))
    return Change(
        name,
        "",
        says,
        (("RENAMENX", name, new),),
        absent=(new,),
        inverse=lambda _: (("RENAMENX", new, name),),
    )


def expire_key(name: bytes, ttl_ms: int) -> Change:
    """Return what lets a key live for *ttl_ms* more milliseconds."""
    if not 0 < ttl_ms < 10**14:
        raise BadEdit("A key lives from one millisecond to three thousand years.")
    return Change(
        name, "", f"PEXPIRE {shown(name)} {ttl_ms}", (("PEXPIRE", name, ttl_ms),), inverse=_life(name)
    )


def persist_key(name: bytes) -> Change:
    """Return what takes a key's end away."""
    return Change(name, "", f"PERSIST {shown(name)}", (("PERSIST", name),), inverse=_life(name))


def _life(name: bytes) -> Callable[[int], tuple[Argv, ...]]:
    """Return what gives a key back the end that it had, 0 being none."""

    def inverse(expires_at_ms: int) -> tuple[Argv, ...]:
        return (("PEXPIREAT", name, expires_at_ms),) if expires_at_ms else (("PERSIST", name),)

    return inverse
