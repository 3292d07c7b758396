"""Every form that changes a key, by its name."""

from typing import Final

from thumbapp.errors import BadParameter
from thumbapp.forms.explorer.keys import KEYS, NEW
from thumbapp.forms.explorer.model import Action
from thumbapp.forms.explorer.rows import HASHES, LISTS, SETS, SORTED_SETS, STRINGS
from thumbapp.forms.explorer.streams import STREAMS

ACTIONS: Final[dict[str, Action]] = {
    action.name: action for action in (*STRINGS, *LISTS, *SETS, *SORTED_SETS, *HASHES, *STREAMS, *KEYS, *NEW)
}
NEW_TYPES: Final = tuple(action.name.partition(".")[2] for action in NEW)


def find_action(name: str) -> Action:
    """Return the form called *name*; raises BadParameter."""
    if name not in ACTIONS:
        raise BadParameter("action", name[:40], "the name of a form")
    return ACTIONS[name]
