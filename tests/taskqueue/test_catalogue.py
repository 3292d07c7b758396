"""Every task with what it is called with."""

from thumbapp.taskqueue.catalogue import Argument, catalogue
from thumbapp.taskqueue.queue import StreamHuey


def test_a_task_is_described_by_its_arguments(huey: StreamHuey) -> None:
    found = {kind.name: kind for kind in catalogue(huey)}

    assert found["nap"].signature == "(seconds: float, mark: str = 'naps') -> str"
    assert found["nap"].arguments == (
        Argument("seconds", "float", required=True),
        Argument("mark", "str", required=False, default="'naps'"),
    )


def test_what_it_was_registered_with_is_told(huey: StreamHuey) -> None:
    @huey.task(name="careful", retries=3, priority=5)
    def careful() -> None:
        """Be careful.

        Very.
        """

    [kind] = [kind for kind in catalogue(huey) if kind.name == "careful"]

    assert (kind.about, kind.retries, kind.priority, kind.is_periodic) == ("Be careful.", 3, 5, False)
