"""Judges a site after a fault by what is in Redis and on the disk. Imports nothing of thumbapp.

    python tests/faults/verdict.py redis://127.0.0.1:6379/0 MEDIA ACKNOWLEDGED.json

``ACKNOWLEDGED.json`` is the list of ids that the site answered 202 for. Prints one line for each
thing that is wrong, and how the jobs ended; exit code 1 when anything is wrong.
"""

import hashlib
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import redis

NAMESPACE = "thumbapp:v1:"
RANKS = ("high", "normal", "low")
FINAL = {"done", "failed", "cancelled"}
UNFINISHED = (".tmp", ".part")


@dataclass
class Verdict:
    """How the acknowledged jobs ended, and what is wrong."""

    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def unfinished(client: redis.Redis, acknowledged: list[str]) -> list[str]:
    """Return those of *acknowledged* that have not come to an end."""
    with client.pipeline(transaction=False) as pipe:
        for job in acknowledged:
            pipe.hget(f"{NAMESPACE}job:{job}", "state")
        states = pipe.execute()
    return [job for job, state in zip(acknowledged, states, strict=True) if _text(state) not in FINAL]


def judge(url: str, media: Path, acknowledged: list[str]) -> Verdict:
    """Return the verdict on the site whose Redis is at *url* and whose pictures are in *media*."""
    verdict = Verdict()
    with redis.Redis.from_url(url, protocol=2, socket_timeout=5) as client:
        for job in acknowledged:
            record = {
                _text(key): _text(value) for key, value in client.hgetall(f"{NAMESPACE}job:{job}").items()
            }
            verdict.states[record.get("state", "lost")] += 1
            found = [*_job_faults(record, media / job), *_time_faults(record, client.time()[0])]
            verdict.wrong += [f"job {job}: {text}" for text in found]
        verdict.wrong += [*_queue_faults(client), *_told_twice(client), *_orphans(client, media)]
    return verdict


def _job_faults(record: dict[str, str], folder: Path) -> Iterator[str]:
    """Yield what is wrong with one job by its record and its folder."""
    state = record.get("state", "lost")
    if state not in FINAL:
        yield f"is {state}"
    elif state == "failed" and not json.loads(record.get("error") or "null"):
        yield "failed without a reason"
    elif state == "done":
        yield from _archive_faults(record, folder)


def _time_faults(record: dict[str, str], now_s: int) -> Iterator[str]:
    """Yield the end of a job when it was not within the last hour, by the server's clock."""
    if finished := record.get("finished_at"):
        age_s = now_s - datetime.fromisoformat(finished).timestamp()
        if not -2 <= age_s <= 3600:
            yield f"ended {age_s:.0f} s ago"


def _archive_faults(record: dict[str, str], folder: Path) -> Iterator[str]:
    thumbnails = json.loads(record["thumbnails"])
    expected = {record["filename"], *(item["name"] for item in thumbnails)}
    if len(thumbnails) != int(record["total"]):
        yield f"has {len(thumbnails)} of {record['total']} thumbnails"
    try:
        with zipfile.ZipFile(folder / "archive.zip") as archive:
            found = archive.namelist()
            if archive.testzip() or len(found) > len(set(found)) or not expected <= set(found):
                yield f"has an archive with {sorted(found)} instead of {sorted(expected)}"
            for item in thumbnails:
                packed = archive.read(item["name"])
                if packed != (folder / item["file"]).read_bytes() or _sha256(packed) != item["sha256"]:
                    yield f"has another {item['name']} than its record says"
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        yield f"has no whole archive ({error})"


def _queue_faults(client: redis.Redis) -> Iterator[str]:
    """Yield what is left in the queue that should not be."""
    for rank in RANKS:
        for _, fields in client.xrange(f"{NAMESPACE}queue:{rank}", count=1000):
            if b'"make_thumbnails"' in fields.get(b"m", b""):
                yield f"the queue {rank} still has a job"
    for member in client.zrange(f"{NAMESPACE}schedule", 0, 1000):
        if b'"make_thumbnails"' in member:
            yield "the schedule has a job"


def _told_twice(client: redis.Redis) -> Iterator[str]:
    """Yield the jobs whose end was told to those who watch more than once."""
    told: Counter[tuple[str, str]] = Counter()
    for _, fields in client.xrange(f"{NAMESPACE}events"):
        if fields.get(b"kind") == b"job":
            data = json.loads(fields[b"data"])
            told[data["id"], data["state"]] += 1
    for (job, state), times in told.items():
        if state in FINAL and times > 1:
            yield f"job {job}: was told {times} times that it is {state}"


def _orphans(client: redis.Redis, media: Path) -> Iterator[str]:
    """Yield files and folders that belong to no job, or to a run that was cut off."""
    for folder in media.iterdir():
        if folder.name in {".incoming", ".trash"}:
            yield from (f"{folder.name} holds {path.name}" for path in folder.iterdir())
        elif not client.exists(f"{NAMESPACE}job:{folder.name}"):
            yield f"{folder.name} is no job's folder"
        elif client.hget(f"{NAMESPACE}job:{folder.name}", "state") == b"done":
            left = [path.name for path in folder.iterdir() if path.name.endswith(UNFINISHED)]
            yield from (f"job {folder.name}: left {name}" for name in left)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()


def main() -> int:
    """Judge what the arguments name."""
    url, media, acknowledged = sys.argv[1:]
    verdict = judge(url, Path(media), json.loads(Path(acknowledged).read_text(encoding="utf-8")))
    for line in verdict.wrong:
        print(line)
    print(json.dumps({"states": verdict.states, "wrong": len(verdict.wrong)}))
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
