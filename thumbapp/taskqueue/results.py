"""What tasks returned: whole for one, the beginning for many, so that no list fetches megabytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from huey.utils import Error

from thumbapp.errors import MessageRefused
from thumbapp.taskqueue.messages import MessageHuey

_HEAD: Final = len("tq1:") + 64 + len(":v")
_SHOWN: Final = 4_000


@dataclass(frozen=True, slots=True)
class Result:
    """What a task returned: its JSON as text, shortened when it is long, and the value when it is whole."""

    text: str
    is_whole: bool
    value: Any = None


class Results:
    """The results that *huey* keeps."""

    def __init__(self, huey: MessageHuey) -> None:
        self._huey = huey
        self._redis: Any = huey.storage.conn

    def of(self, ids: Iterable[str], *, longest: int = _SHOWN) -> dict[str, Result]:
        """Return the result of each of *ids* that has one, up to *longest* bytes of its text."""
        wanted = list(ids)
        with self._redis.pipeline(transaction=False) as pipe:
            for task_id in wanted:
                pipe.getrange(self._huey.storage.result_key(task_id), 0, _HEAD + longest)
            raw = pipe.execute() if wanted else []
        return {i: self._result(data, longest) for i, data in zip(wanted, raw, strict=True) if data}

    def whole(self, task_id: str) -> Result | None:
        """Return the whole result of a task; None when there is none."""
        return self.of([task_id], longest=2**29).get(task_id)

    def _result(self, data: bytes, longest: int) -> Result:
        text = data[_HEAD : _HEAD + longest].decode("utf-8", "replace")
        if len(data) > _HEAD + longest:
            return Result(text, is_whole=False)
        try:
            value = self._huey.serializer.deserialize(data)
        except MessageRefused as error:
            return Result(str(error), is_whole=False)
        return Result(text, is_whole=True, value=None if isinstance(value, Error) else value)
