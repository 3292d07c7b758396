"""A publisher of 50,000 messages a second, and one without a limit, while somebody watches. Linux only.

``python -m benchmarks.explorer_storm [--seconds 10] [--a-second 50000]`` starts `up` over an empty folder,
opens a page of what is published, and publishes from another process, 500 messages a packet. Each must
have been sent to the page or counted in "dropped"; memory and processor time are the web process's.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import sys
import time
from urllib.parse import urlsplit

from benchmarks.administrator import site_of_its_own
from benchmarks.explorer_pages import STREAM, head_of, other_pages_ms, part, request_for
from benchmarks.figures import Figure, share_of_a_core
from benchmarks.startup import Run, resident_mb
from thumbapp.explorer.resp import pack

PACKET = 500
QUIET_S = 3.0


class Watched:
    """What one page was told: messages that came, those counted as dropped, frames, and why nothing comes."""

    def __init__(self) -> None:
        self.shown = self.dropped = self.frames = self.bytes = self.lost = 0
        self.troubles: set[str] = set()

    async def follow(self, host: str, cookie: str) -> None:
        """Read the page's stream, again when it ends."""
        position = ""
        while True:
            reader, writer = await asyncio.open_connection(*host.split(":"), limit=2**22)
            writer.write(request_for(STREAM, cookie, **{"Last-Event-ID": position} if position else {}))
            await head_of(reader)
            async for line in reader:
                self.bytes += len(line)
                if line.startswith(b"id: "):
                    position = line[4:].decode().strip()
                elif line.startswith(b"data: "):
                    self._take(json.loads(line[6:]))
            writer.close()

    def _take(self, told: dict[str, list[object] | int | str]) -> None:
        self.frames += 1
        self.lost += bool(told["lost"])
        self.shown += len(list(told["messages"]))  # type: ignore[arg-type]  # of JSON
        self.dropped += int(told["dropped"])  # type: ignore[arg-type]  # of JSON
        if told["trouble"]:
            self.troubles.add(str(told["trouble"]))


def publish(port: int, password: str, a_second: float, seconds: float) -> None:
    """Publish *a_second* messages for so long; 0: as many as the server takes. Runs in its own process."""
    packet = pack([("PUBLISH", "benchmark", "a message of a sensor, 21.5 degrees")]) * PACKET
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(pack([("AUTH", password)]) if password else b"PING\r\n")
        wire.recv(100)
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            wire.sendall(packet)
            sent += PACKET
            answers = 0
            while answers < PACKET:
                answers += wire.recv(65_536).count(b"\n")
            if a_second:
                time.sleep(max(0.0, began + sent / a_second - time.monotonic()))


async def storm(run: Run, url: str, cookie: str, a_second: float, seconds: float) -> Figure:
    """Return what the page and others notice of a storm."""
    host, web = urlsplit(run.url).netloc, run.pids["web"]
    address, watched = urlsplit(url), Watched()
    following = asyncio.create_task(watched.follow(host, cookie))
    await asyncio.sleep(1)
    before_mb, share = resident_mb(web), share_of_a_core(web)
    work = (address.port, address.password or "", a_second, seconds)
    publisher = multiprocessing.get_context("spawn").Process(target=publish, args=work)
    publisher.start()
    taken = await other_pages_ms(host, cookie, seconds)
    used, most_mb = next(share), resident_mb(web)
    publisher.join()
    await asyncio.sleep(QUIET_S)
    following.cancel()
    told = watched.shown + watched.dropped
    name = f"{a_second:,.0f} messages a second" if a_second else "a publisher without a limit"
    found = (
        f"{told / seconds:,.0f} a second heard, {watched.shown:,} shown, {watched.dropped:,} dropped, "
        f"{watched.bytes / seconds / 1000:,.0f} kB/s to the page; {used:.0f} % of a core, "
        f"{most_mb - before_mb:+.0f} MB; other pages p95 {part(taken, 0.95):.0f} ms"
        + (
            f"; {watched.lost} gaps, {', '.join(sorted(watched.troubles))}"
            * bool(watched.lost or watched.troubles)
        )
    )
    return Figure(name, "page usable, memory bounded", found)


def figures(asked: argparse.Namespace) -> list[Figure]:
    """Return what was measured on a site of its own."""
    with site_of_its_own() as site:
        cookie = site.sign_in().cookie
        rates = (asked.a_second, 0)
        return [asyncio.run(storm(site.run, site.server_url, cookie, rate, asked.seconds)) for rate in rates]


def options(words: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says, or *words*."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--a-second", type=float, default=50_000)
    return parser.parse_args(words)


if __name__ == "__main__":
    for figure in figures(options()):
        sys.stdout.write(f"{figure.row()}\n")
