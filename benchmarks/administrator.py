"""An administrator's browser, a kept connection signed in by a link, in edit mode; and a site for it."""

import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.startup import Run

CONSOLE = "/redis/console?db=0"


class Administrator:
    """One kept connection to the site at *url*, signed in by a link."""

    def __init__(self, url: str, link: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=90)
        self._origin = url.rstrip("/")
        self.cookie = ""
        self._csrf = ""
        path = urlsplit(link).path
        self._csrf = _csrf(self.ask("GET", path))
        self.ask("POST", path)
        self._csrf = _csrf(self.ask("GET", CONSOLE))
        self.ask("POST", "/redis/mode", mode="edit")

    def ask(self, method: str, path: str, **fields: str) -> str:
        """Return what *path* answers."""
        headers = {"Cookie": self.cookie, "Origin": self._origin}
        body = urlencode(fields | {"csrf_token": self._csrf}) if method == "POST" else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookie = value.partition(";")[0]
        text = answer.read().decode()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:200]}")
        return text

    def arrivals(self, path: str, seen: dict[str, float]) -> None:
        """Write into *seen* when each message of the stream at *path* was there."""
        stream = http.client.HTTPConnection(self._connection.host, self._connection.port, timeout=90)
        stream.request("GET", path, headers={"Cookie": self.cookie})
        for line in stream.getresponse():
            if line.startswith(b"data:"):
                now = time.perf_counter()
                seen.update({message["text"]: now for message in json.loads(line[5:])["messages"]})


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise SystemExit(f"no form: {page[:200]}")
    return found[1]


def link(folder: Path) -> str:
    """Return a link that signs the administrator of the site over *folder* in once."""
    command = [sys.executable, "-m", "thumbapp", "users", "link", "admin"]
    env = {"THUMBAPP_DATA_DIR": str(folder)}
    told = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=True).stdout
    return re.findall(r"https?://\S+", told)[0]


@dataclass(frozen=True, slots=True)
class Site:
    """A running site over *folder*, and the address of its server."""

    run: Run
    folder: Path
    server_url: str

    def sign_in(self) -> Administrator:
        """Return another administrator's browser."""
        return Administrator(self.run.url, link(self.folder))


@contextmanager
def site_of_its_own() -> Iterator[Site]:
    """Yield a site that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        run = Run(Path(name))
        try:
            url = json.loads((Path(name) / "server.json").read_text("utf-8"))["url"]
            yield Site(run, Path(name), url)
        finally:
            run.stop()
