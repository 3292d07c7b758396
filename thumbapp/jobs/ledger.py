"""Where a job is written down: its record in Redis, the copy in its folder, the word to listeners.

The copy, ``job.json``, lets a Redis that came back empty be healed. Knows neither how pictures
are made nor who asks.
"""

import logging
from contextlib import suppress
from typing import Final

import orjson
import redis

from thumbapp.config import MEGA, Settings
from thumbapp.errors import ThumbAppError
from thumbapp.jobs import model
from thumbapp.jobs.model import Job
from thumbapp.jobs.store import JobStore
from thumbapp.live.events import EventLog
from thumbapp.media.folder import MediaFolder

SOURCE: Final = "source"
RECORD: Final = "job.json"
ARCHIVE: Final = "archive.zip"

_log = logging.getLogger(__name__)


class Ledger:
    """The store of records, the store of files and the event log, kept in step."""

    def __init__(self, *, store: JobStore, media: MediaFolder, events: EventLog) -> None:
        self.store = store
        self.media = media
        self._events = events

    @classmethod
    def from_settings(cls, settings: Settings, client: redis.Redis) -> "Ledger":
        """Return the ledger over *client* and the settings' media folder."""
        return cls(
            store=JobStore(client, namespace=settings.namespace, retention_s=settings.retention_s),
            media=MediaFolder(settings.media_dir, min_free_bytes=settings.min_free_mb * MEGA),
            events=EventLog(client, namespace=settings.namespace),
        )

    def announce(self, job: Job, word: str = "") -> None:
        """Write the log line of a new state (or *word*) and tell whoever watches the job."""
        facts = {
            "job": job.id,
            "batch": job.batch,
            "state": word or str(job.state),
            "ms": _took_ms(job),
            "code": job.error.code if job.error else "",
        }
        why = f": {job.error.message}" if job.error else ""
        how_long = f" in {facts['ms']} ms" if facts["ms"] is not None and not word else ""
        _log.info("job %s %s%s%s", job.id, facts["state"], how_long, why, extra={"facts": facts})
        self.tell(job, word)

    def tell(self, job: Job, word: str = "") -> None:
        """Tell whoever watches the job or its batch how far it is.

        A listener that misses it polls, so an outage here fails no job.
        """
        payload: dict[str, object] = {"id": job.id, "state": word or job.state, "done": job.done}
        topics = [f"job:{job.id}", f"batch:{job.batch}"] if job.batch else [f"job:{job.id}"]
        try:
            self._events.publish(topics, "job", payload)
        except redis.RedisError as error:
            _log.warning("job %s: event not sent (%s)", job.id, error)

    def keep(self, job: Job) -> None:
        """Write the copy of the record into the job's folder; nothing for a job deleted meanwhile."""
        self.media.write_text(job.id, RECORD, orjson.dumps(model.to_record(job)).decode())
        with suppress(redis.RedisError):  # it is away; upkeep looks again
            if self.store.was_removed(job.id):
                self.media.remove(job.id)

    def kept(self, job_id: str) -> Job | None:
        """Return the job as its folder has it; None when there is no copy or it cannot be read."""
        text = self.media.read_text(job_id, RECORD)
        if text is None:
            return None
        try:
            return model.from_record(orjson.loads(text))
        except (ValueError, KeyError, TypeError, ThumbAppError):
            _log.warning("job %s: %s cannot be read", job_id, RECORD)
            return None


def _took_ms(job: Job) -> int | None:
    """Return how long the job worked, None when it has not begun or not ended."""
    if not job.started_at or not job.finished_at:
        return None
    return round((job.finished_at - job.started_at).total_seconds() * 1000)
