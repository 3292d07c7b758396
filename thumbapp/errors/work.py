"""Jobs, their rendering, and the queue that carries them."""

from collections.abc import Iterable
from datetime import datetime

from thumbapp.errors.base import Refused, ThumbAppError


class JobNotFound(ThumbAppError):
    """No job or batch has that id."""

    code = "not-found"

    def __init__(self) -> None:
        super().__init__("There is no such job. Check the address.")


class JobExpired(ThumbAppError):
    """The job was there, and its files were removed after the retention time."""

    code = "expired"

    def __init__(self, when: datetime | None = None) -> None:
        since = f" on {when:%Y-%m-%d}" if when else ""
        super().__init__(f"This job's pictures were removed{since}. Upload the picture again.")


class NotYourJob(ThumbAppError):
    """Only the owner may change a job."""

    code = "not-owner"

    def __init__(self) -> None:
        super().__init__("Only the one who made this job can change it.")


class WrongState(ThumbAppError):
    """The job is not in a state in which that can be done."""

    code = "wrong-state"

    def __init__(self, action: str, state: str) -> None:
        super().__init__(f"A job that is {state} cannot be {action}.")


class FileNotThere(ThumbAppError):
    """The job has no such file."""

    code = "file-not-found"

    def __init__(self) -> None:
        super().__init__("The job has no such file.")


class UnknownQueue(ThumbAppError):
    """No queue has that name."""

    code = "unknown-queue"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"No queue is called {name!r}. There are: {', '.join(known)}.")


class WorkerNotFound(ThumbAppError):
    """No worker that lives has that id."""

    code = "worker-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such worker; it may have stopped.")


class RenderFailed(ThumbAppError):
    """The picture was accepted, but making the thumbnails failed."""

    code = "render-failed"


class RenderTimeout(RenderFailed):
    """Decoding and resizing took longer than a job may."""

    code = "render-timeout"

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"Making the thumbnails took longer than {limit_s:g} s and was stopped.")


class RenderOutOfMemory(RenderFailed):
    """Decoding needed more memory than a job may."""

    code = "render-memory"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The picture needs more than {limit_bytes // 2**20:,} MB of memory to be read.")


class RenderCrashed(RenderFailed):
    """The decoder took its process down."""

    code = "render-crashed"

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"The decoder crashed on this picture (exit code {exit_code}).")


class RenderCancelled(RenderFailed):
    """Somebody cancelled the job while it ran."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("The job was cancelled.")


class RenderStopped(RenderFailed):
    """The worker stopped while the job ran; the job may run again."""

    code = "stopped"

    def __init__(self) -> None:
        super().__init__("The worker stopped before the thumbnails were made.")


class MessageRefused(ThumbAppError):
    """A queue item or result is not JSON signed with our key."""

    code = "message-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"A message was refused: {reason}.")


class NotJson(Refused):
    """A task argument or result is of a type that JSON cannot carry."""

    code = "not-json"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} cannot travel through the task queue; pass text, numbers, lists, mappings, times, bytes."
        )


class BadTask(ThumbAppError):
    """A function cannot be registered as a task as it is declared."""

    code = "bad-task"

    def __init__(self, function: str, reason: str) -> None:
        super().__init__(f"The function {function} cannot become a task: {reason}.")


class MessageTooLarge(Refused):
    """A task's arguments make a message that is too large for the queue."""

    code = "message-too-large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The task's message has {size:,} bytes; at most {limit:,} travel through the queue. "
            "Keep what is large in a file or under a key, and pass its name."
        )


class TaskDied(ThumbAppError):
    """Workers died, or were killed, each time they ran a task."""

    code = "task-died"

    def __init__(self, attempts: int) -> None:
        super().__init__(
            f"It was begun {attempts} times and never ended: its worker died, fell silent or could not go on."
        )


class TaskExited(ThumbAppError):
    """A task's code tried to end the worker."""

    code = "task-exited"

    def __init__(self, how: str) -> None:
        super().__init__(f"The task raised {how}; a task ends by returning or raising an error.")


class TaskNotFound(ThumbAppError):
    """No task has that id, or its record was removed after the retention time."""

    code = "task-not-found"

    def __init__(self, task_id: str) -> None:
        super().__init__(
            f"There is no record of a task {task_id[:80]!r}; records go after the retention time."
        )


class ArgumentsMisfit(Refused):
    """A task cannot be called with such arguments."""

    code = "arguments-misfit"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The task was not queued. {reason}.")


class WrongTaskState(ThumbAppError):
    """The task is not in a state in which that can be done."""

    code = "wrong-task-state"

    def __init__(self, action: str, state: str) -> None:
        super().__init__(f"A task that is {state} cannot be {action}.")


class TaskNotKept(ThumbAppError):
    """What the task was called with is not known whole any more."""

    code = "task-not-kept"

    def __init__(self) -> None:
        super().__init__(
            "Its arguments were too long to be kept whole, so it cannot be run again from here. "
            "Run it anew with the arguments."
        )


class LetterNotFound(ThumbAppError):
    """No dead letter has that id: it was put back or purged."""

    code = "letter-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such dead letter any more; it was put back or purged.")


class BodyNotJson(Refused):
    """The body of the request is not the JSON object that is wanted."""

    code = "body-not-json"

    def __init__(self, wanted: str) -> None:
        super().__init__(f"The body is not understood; wanted is a JSON object such as {wanted}.")
