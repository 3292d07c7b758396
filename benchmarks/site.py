"""How long a small picture takes from POST to ``done``, and how fast pages are. Linux only.

``python -m benchmarks.site [--jobs 200] [--pages 300]`` starts `up` over an empty folder with an idle worker,
sends one 200x253 JPEG after the other and asks for its state until it is ``done``, then asks for pages.
Times are a client's on one kept connection: they hold the server's time and a little more.
"""

import argparse
import http.client
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.startup import Run

BOUNDARY = "benchmark"


class Site:
    """One kept connection to the site at *url*."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def get(self, path: str) -> bytes:
        """Return what *path* answers."""
        return self._ask("GET", path, b"", {})

    def upload(self, picture: bytes) -> str:
        """Send *picture* for one thumbnail; returns the path of its job."""
        head = 'Content-Disposition: form-data; name="image"; filename="a.jpg"'
        body = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return str(json.loads(self._ask("POST", "/api/v1/jobs", body, kind))["url"])

    def state(self, path: str) -> str:
        """Return the state of the job at *path*."""
        return str(json.loads(self._ask("GET", path, b"", {}))["state"])

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:200]!r}")
        return content


def timed_ms(action: Callable[[], object], times: int) -> list[float]:
    """Return how many milliseconds each of *times* calls takes."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def photo() -> bytes:
    """Return a JPEG of 200x253 px."""
    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((200, 253), 40).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def until_done(site: Site, picture: bytes) -> str:
    """Return the path of a job that was sent and is done."""
    path = site.upload(picture)
    while site.state(path) != "done":
        time.sleep(0.002)
    return path


def summary(taken: Sequence[float]) -> str:
    """Return the median and the 95th percentile as text."""
    return f"p50 {statistics.median(taken):6.1f} ms   p95 {statistics.quantiles(taken, n=20)[-1]:6.1f} ms"


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--pages", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        site, picture = Site(run.url), photo()
        job = until_done(site, picture)
        print(f"POST to done   {summary(timed_ms(lambda: until_done(site, picture), options.jobs))}")
        for path in ("/", "/jobs", job.replace("/api/v1", ""), "/healthz", "/readyz"):
            name = path if len(path) < 20 else "/jobs/<id>"
            print(f"{name:<14} {summary(timed_ms(lambda path=path: site.get(path), options.pages))}")
        run.stop()


if __name__ == "__main__":
    main()
