"""Scripts are kept under a name, for all who may use them."""

import pytest
import redis

from thumbapp.errors import BadEdit, ScriptNotFound
from thumbapp.explorer.scripts import Script, ScriptLibrary, words


@pytest.fixture
def library(redis_client: redis.Redis) -> ScriptLibrary:
    """Return an empty library."""
    return ScriptLibrary(redis_client, namespace="thumbapp:v1:")


def test_a_saved_script_is_found_again(library: ScriptLibrary) -> None:
    kept = library.save(Script("count", "return 1", ("a",), ("b",)), by="ala")

    assert library.find(kept.id) == kept
    assert (kept.keys, kept.args, kept.saved_by) == (("a",), ("b",), "ala")


def test_saving_again_replaces_it(library: ScriptLibrary) -> None:
    kept = library.save(Script("count", "return 1"), by="ala")
    library.save(Script("count", "return 2", id=kept.id), by="ben")

    assert [(script.source, script.saved_by) for script in library.all()] == [("return 2", "ben")]


def test_a_removed_script_is_gone(library: ScriptLibrary) -> None:
    kept = library.save(Script("count", "return 1"), by="ala")

    library.remove(kept.id)

    with pytest.raises(ScriptNotFound):
        library.find(kept.id)
    with pytest.raises(ScriptNotFound):
        library.remove(kept.id)


@pytest.mark.parametrize(
    "script", [Script("", "return 1"), Script("x" * 101, "return 1"), Script("long", "-" * 100_001)]
)
def test_what_cannot_be_kept_is_refused(script: Script, library: ScriptLibrary) -> None:
    with pytest.raises(BadEdit):
        library.save(script, by="ala")


def test_empty_rows_at_the_end_are_no_arguments() -> None:
    assert words(["a", "", "b", "", ""]) == ("a", "", "b")
