"""Jobs in Redis: one hash a job, an index an owner, and the queue's order. Knows no files.

Every change of state goes through one Lua call that looks at the state first, so two workers, a
cancel and a retry can never overwrite each other. Keys, all under the namespace:

- ``job:<id>`` hash, `model.to_record`'s fields and ``token``, the execution that may write
- ``jobs`` and ``jobs:of:<owner>`` zsets, id by creation number
- ``jobs:queued`` zset, id by place drawn; ``jobs:expiring`` zset, id by the second it may go
- ``batch:<id>`` hash and ``batch:<id>:jobs`` zset; ``gone:<id>`` tombstone of an expired job
- ``removed:<id>`` for an hour after a removal; ``restoring:<id>`` while one heals
- ``jobs:number`` counter; ``jobs:bytes`` counter of the bytes of all jobs
- ``load:<payer>`` set of a payer's jobs that wait or run; ``stored:<payer>`` counter of bytes
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import redis

from thumbapp.errors import BadParameter, JobExpired, JobNotFound, StoreFull, TooManyJobs
from thumbapp.jobs import model
from thumbapp.jobs.model import Batch, Job, JobState, Page

TOMBSTONE_S: Final = 7 * 24 * 3600
_CHUNK: Final = 500
_CURSOR: Final = re.compile(r"[0-9]{1,15}")
_RESTORING_S: Final = 60
_REMOVED_S: Final = 3600

# Adds what the record says to the sum of all and to its payer's usage (sign 1), or takes it away (-1).
# Called before and after each change of a record, within the same script, so both are always the sum of
# the records.
_COUNT_USAGE: Final = """
local function count_usage(namespace, key, id, sign)
  local payer, state, stored = unpack(redis.call('HMGET', key, 'payer', 'state', 'stored'))
  local change, all = sign * (tonumber(stored) or 0), namespace .. 'jobs:bytes'
  if change ~= 0 and redis.call('INCRBY', all, change) <= 0 then redis.call('DEL', all) end
  if not payer or payer == '' then return end
  local load, bytes = namespace .. 'load:' .. payer, namespace .. 'stored:' .. payer
  if sign > 0 and (state == 'queued' or state == 'running') then redis.call('SADD', load, id)
  else redis.call('SREM', load, id) end
  if redis.call('INCRBY', bytes, change) <= 0 then redis.call('DEL', bytes) end
end
"""
# KEYS: load, stored, job, then sorted sets. ARGV: namespace, id, most jobs, most bytes (0: no limit),
# bytes of this one, how many sorted sets, a score for each, then field, value ...
# Returns 1, or 0 and -1 when the payer has as many jobs or bytes as there may be.
_ADD: Final = (
    _COUNT_USAGE
    + """
local jobs, bytes, sets = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6])
if jobs > 0 and redis.call('SCARD', KEYS[1]) >= jobs then return 0 end
if bytes > 0 and (tonumber(redis.call('GET', KEYS[2])) or 0) + ARGV[5] > bytes then return -1 end
redis.call('HSET', KEYS[3], unpack(ARGV, 7 + sets))
for i = 1, sets do redis.call('ZADD', KEYS[3 + i], ARGV[6 + i], ARGV[2]) end
count_usage(ARGV[1], KEYS[3], ARGV[2], 1)
return 1
"""
)
# KEYS: job. ARGV: namespace, id.
_DROP: Final = (
    _COUNT_USAGE
    + """
count_usage(ARGV[1], KEYS[1], ARGV[2], -1)
redis.call('DEL', KEYS[1])
"""
)
# KEYS: job, queued, expiring. ARGV: id, allowed states (",a,b,"), token that must match or "",
# place in the queue or "", second of expiry or "", namespace, then field, value ...
_CHANGE: Final = (
    _COUNT_USAGE
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state or not string.find(ARGV[2], ',' .. state .. ',', 1, true) then return 0 end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], 'token') ~= ARGV[3] then return 0 end
count_usage(ARGV[6], KEYS[1], ARGV[1], -1)
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
count_usage(ARGV[6], KEYS[1], ARGV[1], 1)
local now = redis.call('HGET', KEYS[1], 'state')
if now == state and ARGV[4] == '' then return 1 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1]) end
if ARGV[5] ~= '' then redis.call('ZADD', KEYS[3], ARGV[5], ARGV[1]) end
return 1
"""
)
# KEYS: an index of jobs. ARGV: namespace, state, number to stay under, how many to look at, how many to find.
# Returns the ids that are in that state, newest first, and the last number that was looked at.
_FILTER: Final = """
local ids = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local found = {}
for at = 1, #ids, 2 do
  if redis.call('HGET', ARGV[1] .. 'job:' .. ids[at], 'state') == ARGV[2] then found[#found + 1] = ids[at] end
  if #found == tonumber(ARGV[5]) then return {found, ids[at + 1]} end
end
return {found, ids[#ids] or ''}
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one payer has, or may have at most: jobs that wait or run, and bytes on the disk."""

    jobs: int = 0
    bytes: int = 0


NO_LIMIT: Final = Usage()


class JobStore:
    """The records of all jobs; *retention_s* is how long a finished one is kept."""

    def __init__(self, client: redis.Redis, *, namespace: str, retention_s: int) -> None:
        self._redis: Any = client
        self._namespace = namespace
        self._retention_s = retention_s
        scripts = (_ADD, _DROP, _CHANGE, _FILTER)
        self._add, self._drop, self._change, self._filter = map(client.register_script, scripts)

    def draw_number(self) -> int:
        """Return the next number: the order of creation, and of the queue."""
        return int(self._redis.incr(self._key("jobs:number")))

    def add(self, job: Job, *, most: Usage = NO_LIMIT) -> None:
        """Write a new job and all its indexes at once.

        Raises:
            TooManyJobs, StoreFull: its payer would have more than *most* (0: no limit); nothing is written.
        """
        scores = self._scores(job)
        flat = [part for pair in model.to_record(job).items() for part in pair]
        limits = [most.jobs if job.payer else 0, most.bytes if job.payer else 0, job.stored]
        pipe = self._redis.pipeline(transaction=True)
        self._add(
            keys=[*self._usage_keys(job.payer), self._key("job", job.id), *scores],
            args=[self._namespace, job.id, *limits, len(scores), *scores.values(), *flat],
            client=pipe,
        )
        if job.batch:
            for key in (self._key("batch", job.batch), self._key("batch", job.batch, "jobs")):
                pipe.expire(key, self._retention_s + TOMBSTONE_S)
        added = pipe.execute()[0]
        if added == 0:
            raise TooManyJobs(most.jobs)
        if added < 0:
            raise StoreFull(most.bytes)

    def usage(self, payer: str) -> Usage:
        """Return what *payer* has now."""
        load, stored = self._usage_keys(payer)
        pipe = self._redis.pipeline(transaction=False)
        pipe.scard(load)
        pipe.get(stored)
        jobs, stored_bytes = pipe.execute()
        return Usage(jobs, int(stored_bytes or 0))

    def stored_bytes(self) -> int:
        """Return how many bytes the files of all jobs take."""
        return int(self._redis.get(self._key("jobs:bytes")) or 0)

    def find(self, job_id: str) -> Job:
        """Return the job.

        Raises:
            JobNotFound: no such job, now or in the last seven days.
            JobExpired: its files were removed after the retention time.
        """
        found = self._load([job_id])
        if found:
            return found[0]
        gone = self._redis.get(self._key("gone", job_id))
        if gone is None:
            raise JobNotFound
        raise JobExpired(datetime.fromisoformat(gone.decode()))

    def claim_restoring(self, job_id: str) -> bool:
        """Return whether the caller is the first in a minute to restore the job's record."""
        return bool(self._redis.set(self._key("restoring", job_id), 1, nx=True, ex=_RESTORING_S))

    def exists(self, job_id: str) -> bool:
        """Whether there is a record of the job."""
        return bool(self._redis.exists(self._key("job", job_id)))

    def was_removed(self, job_id: str) -> bool:
        """Whether somebody removed the job within the hour; one that Redis lost was not removed."""
        return bool(self._redis.exists(self._key("removed", job_id)))

    def token(self, job_id: str) -> str:
        """Return the token of the execution that may write the job now, "" when none may."""
        return (self._redis.hget(self._key("job", job_id), "token") or b"").decode()

    def change(
        self,
        job_id: str,
        allowed: Iterable[JobState],
        *,
        fields: Mapping[str, str],
        token: str = "",
        place: int | None = None,
        finished_at: datetime | None = None,
    ) -> bool:
        """Write *fields* when the job is in one of the *allowed* states; False when it is not.

        With *token* only that execution may write. *place* puts the job into the queue's order,
        *finished_at* starts its retention time; any other change of state takes it out of both.
        """
        flat = [part for pair in fields.items() for part in pair]
        states = "".join(f",{state}" for state in allowed) + ","
        order = "" if place is None else str(place)
        expiry = "" if finished_at is None else str(self._expiry(finished_at))
        keys = [self._key("job", job_id), self._key("jobs:queued"), self._key("jobs:expiring")]
        about = [job_id, states, token, order, expiry, self._namespace]
        return bool(self._change(keys=keys, args=[*about, *flat]))

    def place(self, job_id: str) -> int:
        """Return the job's place in the queue, 1 being next, 0 when it does not wait; O(log n)."""
        rank = self._redis.zrank(self._key("jobs:queued"), job_id)
        return 0 if rank is None else int(rank) + 1

    def waiting(self) -> int:
        """Return how many jobs wait."""
        return int(self._redis.zcard(self._key("jobs:queued")))

    def queued_ids(self) -> list[str]:
        """Return the ids of the waiting jobs, the next one first."""
        return [item.decode() for item in self._redis.zrange(self._key("jobs:queued"), 0, -1)]

    def expired_ids(self, when: datetime, *, limit: int = 1000) -> list[str]:
        """Return ids of jobs whose retention time had passed at *when*, the oldest first."""
        found = self._redis.zrangebyscore(self._key("jobs:expiring"), "-inf", when.timestamp(), 0, limit)
        return [item.decode() for item in found]

    def page(self, owner: str | None, *, state: JobState | None, cursor: str | None, limit: int) -> Page:
        """Return jobs of *owner* (None: of everybody), newest first, from *cursor* on.

        Raises:
            BadParameter: no page gave that *cursor*.
        """
        index = self._key("jobs") if owner is None else self._key("jobs:of", owner)
        if cursor and not _CURSOR.fullmatch(cursor):
            raise BadParameter("cursor", cursor, "what the last page gave")
        below = f"({cursor}" if cursor else "+inf"
        found: list[Job] = []
        while (wanted := limit + 1 - len(found)) > 0:
            ids, last = self._below(index, below, state=state, count=wanted)
            if not last:
                break
            below = f"({last}"
            found += self._load(ids)
        more = len(found) > limit
        return Page(found[:limit], str(found[limit - 1].number) if more else None)

    def _below(self, index: str, below: str, *, state: JobState | None, count: int) -> tuple[list[str], str]:
        """Return ids of *index* under the number *below*, and the last number that was looked at, or ""."""
        if state is None:
            pairs = self._redis.zrevrangebyscore(index, below, "-inf", 0, count, withscores=True)
            return [job_id.decode() for job_id, _ in pairs], str(int(pairs[-1][1])) if pairs else ""
        ids, last = self._filter(keys=[index], args=[self._namespace, state, below, _CHUNK, count])
        return [job_id.decode() for job_id in ids], last.decode()

    def add_batch(self, batch_id: str, *, owner: str, created_at: datetime) -> None:
        """Write an empty batch."""
        record = {"owner": owner, "created_at": created_at.isoformat()}
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._key("batch", batch_id), mapping=record)
        pipe.expire(self._key("batch", batch_id), self._retention_s + TOMBSTONE_S)
        pipe.execute()

    def batch(self, batch_id: str) -> Batch:
        """Return the batch with those of its jobs that are still there.

        Raises:
            JobNotFound: no such batch.
            JobExpired: all its jobs were removed after the retention time.
        """
        record = self._redis.hgetall(self._key("batch", batch_id))
        if not record:
            raise JobNotFound
        ids = self._redis.zrange(self._key("batch", batch_id, "jobs"), 0, -1)
        jobs = self._load([item.decode() for item in ids])
        if ids and not jobs:
            raise JobExpired
        created_at = datetime.fromisoformat(record[b"created_at"].decode())
        return Batch(batch_id, record[b"owner"].decode(), created_at, tuple(jobs))

    def expire(self, job: Job, when: datetime) -> None:
        """Remove the job's record; a tombstone says for seven days that it was there until *when*."""
        pipe = self._redis.pipeline(transaction=True)
        self._remove(pipe, job)
        pipe.set(self._key("gone", job.id), when.isoformat(), ex=TOMBSTONE_S)
        pipe.execute()

    def forget(self, *jobs: Job, batch: str = "", was_removed: bool = False) -> None:
        """Remove the records of *jobs*, and of *batch*, as if they had never been.

        With *was_removed* a run of theirs is told by `was_removed` that this was meant.
        """
        pipe = self._redis.pipeline(transaction=True)
        for job in jobs:
            self._remove(pipe, job)
            if was_removed:
                pipe.set(self._key("removed", job.id), 1, ex=_REMOVED_S)
            if job.batch:
                pipe.zrem(self._key("batch", job.batch, "jobs"), job.id)
        if batch:
            pipe.delete(self._key("batch", batch), self._key("batch", batch, "jobs"))
        pipe.execute()

    def _remove(self, pipe: Any, job: Job) -> None:
        self._drop(keys=[self._key("job", job.id)], args=[self._namespace, job.id], client=pipe)
        for index in ("jobs", "jobs:queued", "jobs:expiring"):
            pipe.zrem(self._key(index), job.id)
        if job.owner:
            pipe.zrem(self._key("jobs:of", job.owner), job.id)

    def _scores(self, job: Job) -> dict[str, int]:
        """Return the sorted sets that a new job stands in, and where."""
        scores = {self._key("jobs"): job.number}
        if job.owner:
            scores[self._key("jobs:of", job.owner)] = job.number
        if job.batch:
            scores[self._key("batch", job.batch, "jobs")] = job.number
        if job.state is JobState.QUEUED:
            scores[self._key("jobs:queued")] = job.number
        if job.state.is_final:
            scores[self._key("jobs:expiring")] = self._expiry(job.finished_at or job.created_at)
        return scores

    def _usage_keys(self, payer: str) -> list[str]:
        return [self._key("load", payer), self._key("stored", payer)]

    def _load(self, ids: list[str]) -> list[Job]:
        """Return the jobs of *ids* that exist, in that order, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in ids:
            pipe.hgetall(self._key("job", job_id))
        records = [{key.decode(): value.decode() for key, value in raw.items()} for raw in pipe.execute()]
        return [model.from_record(record) for record in records if "id" in record]

    def _expiry(self, finished_at: datetime) -> int:
        return int(finished_at.timestamp()) + self._retention_s

    def _key(self, *parts: str) -> str:
        return self._namespace + ":".join(parts)
