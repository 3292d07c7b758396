"""The thread that fires what is due: one in every consumer, none of them the leader.

It sleeps until the next due time, or until somebody saves a schedule and says so on the wake-up
channel; a second at the longest, should that message be lost. Two tickers that wake for the same slot
both ask to fire it, and the server lets the first. The time is the server's throughout.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import redis

from thumbapp.schedules.dispatcher import Due, DueBatch, FireOrder
from thumbapp.schedules.firing import Firing, Missed, Run, decide, refuse
from thumbapp.schedules.keys import task_id
from thumbapp.schedules.model import Kind, Schedule, Source, to_ms
from thumbapp.schedules.service import Schedules
from thumbapp.schedules.task_queue import Envelope, TaskQueue

logger = logging.getLogger("thumbapp.schedules")

LONGEST_SLEEP_S: Final = 1.0
_SLICE_S: Final = 0.25
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0
# So long a ticker that does not know a task leaves it to one that may: a newer version of the code.
_DEFERENCE: Final = timedelta(seconds=2)
_MINUTE: Final = timedelta(minutes=1)
# So far ahead a function of the code is asked for its next minute; then again.
_PROBED: Final = timedelta(days=1)


class Ticker:
    """Fires the schedules in *client*'s server; *queue* makes tasks of them."""

    def __init__(self, client: redis.Redis, *, namespace: str, queue: TaskQueue) -> None:
        self._client: Any = client
        self._queue = queue
        self._schedules = Schedules(client, namespace=namespace, queue=queue)
        self._dispatcher = self._schedules.dispatcher
        self._known: dict[str, Schedule] = {}
        self._is_synced = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="Ticker", daemon=True)

    def start(self) -> None:
        """Begin to fire; what stands in the code is made a schedule first."""
        self._thread.start()

    def stop(self) -> None:
        """Fire nothing more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_PAUSE_S)

    def begin_anew(self) -> None:
        """Make the code's schedules once more: the server has lost what it had."""
        self._is_synced = False

    def tick(self) -> float:
        """Fire what is due now, once; return after how many seconds it is worth looking again."""
        if not self._is_synced:
            self._schedules.sync_code()
            self._is_synced = True
        batch = self._dispatcher.poll()
        if batch.has_waiting:
            self._dispatcher.release()
        known = self._load(batch.due)
        orders = [order for due in batch.due if (order := self._order(known.get(due.id), due, batch.now))]
        self._announce(self._dispatcher.fire(orders))
        if orders or batch.is_full:  # what was fired may be due again before anything else is
            return 0.0
        return min(_span(batch), _SLICE_S) if batch.due else _span(batch)

    def _announce(self, envelopes: list[Envelope]) -> None:
        """Tell who listens that *envelopes* are in the queue, all of them at once."""
        if envelopes:
            with self._queue.together():
                for envelope in envelopes:
                    envelope.announce()

    # --- the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stopped.is_set():
            try:
                with self._client.pubsub(ignore_subscribe_messages=True) as ears:
                    ears.subscribe(self._dispatcher.keys.wake)
                    self._listen(ears)
                    pause = _FIRST_PAUSE_S
                    while not self._stopped.is_set():
                        self._sleep(ears, self.tick())
            except redis.RedisError as error:
                # The consumer says that Redis is away; only what is odder than that is said here.
                is_away = isinstance(error, redis.ConnectionError | redis.TimeoutError)
                level = logging.DEBUG if is_away else logging.WARNING
                logger.log(level, "No schedule can be fired now (%s); trying again.", error)
            except Exception:
                logger.exception("The schedules could not be looked through; trying again.")
            self._stopped.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _listen(self, ears: Any) -> None:
        """Wait until the server has heard that we listen, so that no save from now on goes unheard."""
        ears.get_message(timeout=LONGEST_SLEEP_S)

    def _sleep(self, ears: Any, span: float) -> None:
        """Sleep for *span* seconds, or until somebody calls."""
        until = time.monotonic() + span
        while not self._stopped.is_set() and (left := until - time.monotonic()) > 0:
            if ears.get_message(timeout=min(left, _SLICE_S)) is not None:
                return

    # --- one schedule -------------------------------------------------------------------------------

    def _load(self, due: list[Due]) -> dict[str, Schedule]:
        """Return the schedules that are *due*, as they are in their version; read only when it is new."""
        unknown = [
            one.id
            for one in due
            if (known := self._known.get(one.id)) is None or known.version != one.version
        ]
        self._known.update({schedule.id: schedule for schedule in self._schedules.store.load(unknown)})
        return {one.id: self._known[one.id] for one in due if one.id in self._known}

    def _order(self, schedule: Schedule | None, due: Due, now: datetime) -> FireOrder | None:
        """Return what to do about *schedule*; None when that is left to others, or to later."""
        if schedule is None or schedule.version != due.version:  # changed since: the next batch has it
            return None
        if trouble := self._schedules.trouble(schedule):
            return self._passed_over(schedule, due, now, trouble)
        try:
            firing = self._decide(schedule, due, now)
            runs = [step.slot for step in firing.steps if isinstance(step, Run)]
            envelopes = [self._envelope(schedule, slot) for slot in runs]
        except Exception as error:
            logger.exception("The schedule %s cannot be fired.", schedule.name)
            return self._passed_over(schedule, due, now, f"It cannot be fired: {error}")
        missed = next((step for step in firing.steps if isinstance(step, Missed)), None)
        alert = "" if missed is None or envelopes else f"It did not run when it was due. {missed.reason}"
        if not firing.steps and firing.next_slot == due.slot:
            return None
        return FireOrder(schedule, due, firing, envelopes, alert)

    def _passed_over(self, schedule: Schedule, due: Due, now: datetime, trouble: str) -> FireOrder | None:
        """Return the order that passes over what is due; a ticker that knows the task goes first."""
        if now - due.slot < _DEFERENCE:
            return None
        if schedule.source is Source.CODE:
            self._dispatcher.park(schedule.id, version=due.version, slot=due.slot)
            return None
        return FireOrder(schedule, due, refuse(schedule, due.slot, now, reason=trouble), [], trouble)

    def _decide(self, schedule: Schedule, due: Due, now: datetime) -> Firing:
        if schedule.plan.kind is not Kind.CODE:
            return decide(schedule, due.slot, now)
        judge = partial(self._queue.is_valid, schedule.plan.task)
        steps = decide(schedule, due.slot, now, is_slot=judge).steps
        minute = start = now.replace(second=0, microsecond=0) + _MINUTE
        while minute < start + _PROBED and not judge(minute):
            minute += _MINUTE
        return Firing(steps, minute)

    def _envelope(self, schedule: Schedule, slot: datetime) -> Envelope:
        return self._queue.envelope(schedule.plan, task_id(schedule.id, to_ms(slot)), slot)


def _span(batch: DueBatch) -> float:
    """Return the seconds until the next due time after *batch*, at most a second."""
    if batch.next_at is None:
        return LONGEST_SLEEP_S
    return min((batch.next_at - batch.now).total_seconds(), LONGEST_SLEEP_S)
