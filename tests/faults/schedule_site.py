"""Schedules and the consumers that fire them, for faults: started, killed, and judged by what Redis holds."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import redis

from tests.faults import schedule_consumer
from tests.faults.site import LEASE_S, Server, wait_until
from tests.runtime.up_process import ROOT, clean_environment
from thumbapp.config import Settings
from thumbapp.schedules.model import Schedule
from thumbapp.taskqueue.scheduling import schedules_of

NAMESPACE = "thumbapp:v1:"
STEP_MS = 1000


@dataclass
class Verdict:
    """What was found in Redis when all was over: the slots by outcome, and what is not as promised."""

    slots: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    wrong: list[str] = field(default_factory=list)


class ScheduleSite:
    """A server, schedules each second, and consumers over *folder*."""

    def __init__(self, folder: Path, *, binary: Path, durable: bool = False) -> None:
        (folder / "redis").mkdir(parents=True)
        self.folder = folder
        self.server = Server(binary, folder / "redis", durable=durable)
        made = Settings().completed()
        self.settings = replace(
            made, redis_url=self.server.url, data_dir=folder / "data", secret_key="test-secret", lease=LEASE_S
        )
        self._huey = schedule_consumer.build(self.settings)
        self.schedules = schedules_of(self._huey, self._huey.client, namespace=NAMESPACE)
        self._consumers: list[subprocess.Popen[bytes]] = []

    def consumer(self, **more: str) -> subprocess.Popen[bytes]:
        """Start a consumer with four threads; what it logs goes to a file."""
        ours = {
            "THUMBAPP_REDIS_URL": self.server.url,
            "THUMBAPP_DATA_DIR": str(self.settings.data_dir),
            "THUMBAPP_SECRET_KEY": self.settings.secret_key,
            "THUMBAPP_LEASE": str(LEASE_S),
        }
        with (self.folder / f"consumer{len(self._consumers)}.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.schedule_consumer", "-k", "thread", "-w", "2"],
                cwd=ROOT,
                env=clean_environment() | ours | more,
                stdout=out,
                stderr=out,
            )
        self._consumers.append(process)
        return process

    def each_second(self, count: int) -> list[Schedule]:
        """Save *count* schedules that are due each second."""
        plan = {"task": "ring", "kind": "interval", "every": 1, "misfire": "run_all"}
        return [self.schedules.create(plan | {"name": f"bell {number}"}) for number in range(count)]

    def runs(self) -> list[tuple[str, str, int]]:
        """Return each run that has begun: its task, the entry of its message, and when, in ms."""
        found: list[bytes] = self.server.client.lrange(schedule_consumer.RUNS, 0, -1)
        told = (line.decode().split() for line in found)
        return [(task, entry, int(began)) for task, entry, began in told]

    def settle(self, *, patience_s: float = 60) -> bool:
        """Switch everything off and wait until no slot is open; False if that never comes."""
        for one in self.schedules.store.all():
            self.schedules.switch(one.id, on=False)
        return wait_until(self._is_quiet, patience_s=patience_s)

    def judge(self, *, is_whole: bool = True) -> Verdict:
        """Return what is wrong: a slot that stands there twice or was queued twice, or (*is_whole*) misses.

        A schedule that was switched off meanwhile has no slots of that time.
        """
        found = Verdict(runs=len(self.runs()))
        if not self._is_quiet():
            found.wrong.append("slots are open")
        for key in sorted(self.server.client.scan_iter(f"{NAMESPACE}schedule:*:history")):
            slots = Counter(dict(_slots(self.server.client, key, found.slots)))
            twice = [slot for slot, times in slots.items() if times > 1]
            span = range(min(slots), max(slots) + 1, STEP_MS) if is_whole else ()
            missing = set(span) - set(slots)
            found.wrong += [f"{key.decode()}: {slot} stands there twice" for slot in twice]
            found.wrong += [f"{key.decode()}: {slot} is missing" for slot in sorted(missing)]
        entries: dict[str, set[str]] = {}
        for task, entry, _ in self.runs():
            entries.setdefault(task, set()).add(entry)
        found.wrong += [f"{task} was fired twice" for task, seen in entries.items() if len(seen) > 1]
        return found

    def close(self) -> None:
        """End everything."""
        for process in self._consumers:
            process.kill()
            process.wait(10)
        self._huey.close()
        self.server.close()

    def _is_quiet(self) -> bool:
        try:
            keys = self.server.client.scan_iter(f"{NAMESPACE}schedule:*:open")
            return not any(True for _ in keys)
        except redis.RedisError:
            return False


def _slots(client: redis.Redis, key: bytes, outcomes: Counter[str]) -> Iterator[tuple[int, int]]:
    """Yield each slot in the history *key* with how often it is there; counts what became of it."""
    seen: Counter[int] = Counter()
    for _, fields in client.xrange(key):
        told = {name.decode(): value.decode() for name, value in fields.items()}
        for number in range(int(told["slots"] or 1)):
            seen[int(told["due"]) + number * STEP_MS] += 1
            outcomes[told["outcome"]] += 1
    yield from seen.items()
