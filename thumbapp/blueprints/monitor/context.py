"""What the monitor's views work with, and what they need of the site around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

import redis
from flask import current_app
from werkzeug.wrappers import Response

from thumbapp.errors import ThumbAppError
from thumbapp.live.hub import Hub
from thumbapp.taskqueue.control import Owner, TaskControl
from thumbapp.taskqueue.queue import StreamHuey
from thumbapp.taskqueue.queues import Queues
from thumbapp.taskqueue.records import TaskRecords
from thumbapp.taskqueue.results import Results
from thumbapp.taskqueue.statistics import Statistics
from thumbapp.taskqueue.workers import WorkerRegistry

EXTENSION: Final = "thumbapp.monitor"


class Host(Protocol):
    """The site around the monitor: its frame, its rights, its audit, its errors."""

    def guard(self, *, is_api: bool) -> None:
        """Let nobody through who may not; raises, or aborts."""

    def render(self, template: str, /, **shown: Any) -> str:
        """Return the page *template*, which extends ``layout``, or a part of one."""

    def note(self, action: str, target: str = "") -> None:
        """Write down, or have written down, what this request does."""

    def told(self, error: ThumbAppError | redis.RedisError) -> Response:
        """Return the answer that says *error*, in the shape the address asks for."""

    def visitor(self) -> str:
        """Return the word that live streams of one visitor are counted by."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """Everything a view of the monitor may need, made once for the application.

    *timezone* is the IANA name of the zone that times of day are shown in.
    """

    host: Host
    client: redis.Redis
    namespace: str
    huey: StreamHuey
    hub: Hub
    owners: Mapping[str, Owner] = field(default_factory=dict)
    timezone: str = "UTC"

    @property
    def records(self) -> TaskRecords:
        """The records of all tasks."""
        return TaskRecords(self.client, namespace=self.namespace)

    @property
    def workers(self) -> WorkerRegistry:
        """The heartbeats of all workers."""
        return WorkerRegistry(self.client, namespace=self.namespace)

    @property
    def queues(self) -> Queues:
        """What waits, and pausing."""
        return Queues(self.client, namespace=self.namespace)

    @property
    def statistics(self) -> Statistics:
        """What was counted."""
        return Statistics(self.client, namespace=self.namespace)

    @property
    def results(self) -> Results:
        """What tasks returned."""
        return Results(self.huey)

    @property
    def control(self) -> TaskControl:
        """What can be done to tasks."""
        return TaskControl(self.huey, owners=self.owners)


def monitor() -> Monitor:
    """Return the monitor of the current application."""
    return cast(Monitor, current_app.extensions[EXTENSION])


def render(template: str, /, **shown: Any) -> str:
    """Return the page or part *template* in the frame of the site around."""
    return monitor().host.render(template, **shown)
