"""What live pages cost the web process: 48 that have a stream, 452 that ask every few seconds. Linux only.

``python -m benchmarks.explorer_pages [--streams 48] [--polling 452] [--seconds 30]`` starts `up`
over an empty folder, signs nine browsers in, and opens pages of what is published: each that polls does it as
the page does, asking for messages and for how the server is, on a kept connection, when the answer says. A
message is published every second. Measured are memory and processor time of the web process from /proc,
then how long other pages take.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import redis

from benchmarks.administrator import site_of_its_own
from benchmarks.figures import Figure, share_of_a_core
from benchmarks.startup import Run, resident_mb

CHANNELS = "db=0&channels=benchmark"
STREAM, POLL = f"/redis/pubsub/stream?{CHANNELS}", f"/redis/pubsub/messages?{CHANNELS}"
STATUS = "/redis/status?db=0"
OTHER_PAGES = ("/", "/jobs", "/tasks", "/schedules", "/redis?db=0", "/redis/console?db=0")
STREAMS_A_BROWSER = 6
USUAL_S = 5.0
SETTLE_S = 20.0


@dataclass
class Asking:
    """A page that polls on a kept connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cookie: str
    answers: Counter[str]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def repeat(self, path: str) -> None:
        """Ask for *path* again and again, with what the answer before said."""
        await asyncio.sleep(random.uniform(0, USUAL_S))  # pages are not opened at once
        tag = after = ""
        while True:
            async with self.turn:
                tags = {"If-None-Match": tag} if tag else {}
                self.writer.write(request_for(path + after, self.cookie, **tags))
                status, headers = await head_of(self.reader)
                body = await self.reader.readexactly(int(headers.get("content-length", 0)))
            self.answers[f"poll {status}"] += 1
            self.answers["messages heard"] += body.count(b'"at"')
            tag = headers.get("etag", "")
            if path == POLL and status == 200:
                after = f"&after={json.loads(body)['id']}"
            wait_s = max(USUAL_S, float(headers["poll-after"]))
            await asyncio.sleep(wait_s * random.uniform(0.9, 1.1))  # as the page spreads them


@dataclass
class Crowd:
    """Pages that are open at the site *host*; what they were answered is counted."""

    host: str
    answers: Counter[str] = field(default_factory=Counter)

    async def stream(self, cookie: str) -> None:
        """Keep a page that hears: its stream ends each minute and is opened again."""
        position = ""
        while True:
            reader, writer = await self._connected()
            writer.write(request_for(STREAM, cookie, **{"Last-Event-ID": position} if position else {}))
            status, _ = await head_of(reader)
            self.answers[f"stream {status}"] += 1
            async for line in reader:
                if line.startswith(b"id: "):
                    position = line[4:].decode().strip()
                self.answers["messages heard"] += line.startswith(b"event: messages")
            writer.close()
            await asyncio.sleep(1)

    async def poll(self, cookie: str) -> None:
        """Keep a page that asks: for messages, and for how the server is, each when it may."""
        page = Asking(*await self._connected(), cookie=cookie, answers=self.answers)
        await asyncio.gather(page.repeat(POLL), page.repeat(STATUS))

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self.host.partition(":")
        return await asyncio.open_connection(host, int(port))


def request_for(path: str, cookie: str, **headers: str) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {cookie}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Return status and headers of an answer, names in small letters."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def other_pages_ms(host: str, cookie: str, seconds: float) -> list[float]:
    """Return how many milliseconds pages take that somebody else opens meanwhile, one after the other."""
    reader, writer = await asyncio.open_connection(*host.split(":"))
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for path in OTHER_PAGES:
            began = time.perf_counter()
            writer.write(request_for(path, cookie))
            status, headers = await head_of(reader)
            await reader.readexactly(int(headers["content-length"]))
            taken.append((time.perf_counter() - began) * 1000)
            if status != 200:
                raise SystemExit(f"{path}: {status}")
            await asyncio.sleep(0.05)
    writer.close()
    return taken


async def publish(server: redis.Redis) -> None:
    """Publish a message every second."""
    number = 0
    while True:
        number += 1
        server.publish("benchmark", f"message {number}")
        await asyncio.sleep(1)


async def measure(
    run: Run, server: redis.Redis, cookies: list[str], asked: argparse.Namespace
) -> list[Figure]:
    """Return what the crowd costs, and what others notice of it."""
    crowd, web = Crowd(urlsplit(run.url).netloc), run.pids["web"]
    await other_pages_ms(crowd.host, cookies[-1], 2)  # what is loaded once
    alone = await other_pages_ms(crowd.host, cookies[-1], asked.seconds / 3)
    before_mb, before = resident_mb(web), share_of_a_core(web)
    await asyncio.sleep(asked.seconds / 3)
    idle = next(before)
    keep = [asyncio.create_task(publish(server))]
    for number in range(asked.streams):
        keep.append(asyncio.create_task(crowd.stream(cookies[number // STREAMS_A_BROWSER])))
    for number in range(asked.polling):
        keep.append(asyncio.create_task(crowd.poll(cookies[number % len(cookies)])))
    await asyncio.sleep(SETTLE_S)
    crowd.answers.clear()
    share = share_of_a_core(web)
    await asyncio.sleep(asked.seconds)
    used = next(share)
    taken = await other_pages_ms(crowd.host, cookies[-1], asked.seconds)
    after_mb = resident_mb(web)
    for task in keep:
        if task.done():
            task.result()
        task.cancel()
    return list(_figures(asked, (before_mb, after_mb), (idle, used), alone, taken))


def _figures(
    asked: argparse.Namespace,
    memory: tuple[float, float],
    cpu: tuple[float, float],
    alone: list[float],
    taken: list[float],
) -> Iterator[Figure]:
    what = f"{asked.streams} live streams and {asked.polling} pages that poll"
    yield Figure(f"{what}: memory", "60 MB", f"{memory[1] - memory[0]:.0f} MB more than {memory[0]:.0f} MB")
    yield Figure(f"{what}: CPU", "15 % of a core", f"{cpu[1]:.1f} % (without them {cpu[0]:.1f} %)")
    words = f"median {part(taken, 0.5):.1f} ms, p95 {part(taken, 0.95):.1f} ms, of {len(taken)}"
    yield Figure("other pages meanwhile", "p95 100 ms", f"{words} (alone {part(alone, 0.95):.1f} ms)")


def part(numbers: list[float], share: float) -> float:
    """Return what *share* of *numbers* do not exceed."""
    return sorted(numbers)[int(len(numbers) * share)]


def figures(asked: argparse.Namespace) -> list[Figure]:
    """Return what was measured on a site of its own."""
    with site_of_its_own() as site:
        server = redis.Redis.from_url(re.sub(r"/15$", "/0", site.server_url), protocol=2)
        browsers = -(-asked.streams // STREAMS_A_BROWSER) + 1
        cookies = [site.sign_in().cookie for _ in range(browsers)]
        return asyncio.run(measure(site.run, server, cookies, asked))


def options(words: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says, or *words*."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=48)
    parser.add_argument("--polling", type=int, default=452)
    parser.add_argument("--seconds", type=float, default=30)
    return parser.parse_args(words)


if __name__ == "__main__":
    for figure in figures(options()):
        sys.stdout.write(f"{figure.row()}\n")
