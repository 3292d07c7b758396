"""What the guards cost a request, and what a sign-in costs. Needs an embedded server; Linux and macOS.

``python -m benchmarks.guards [--requests 2000]`` asks the same view twice: in a bare Flask application, and
in ThumbApp, where session, role, host, origin, CSRF, headers, log line and audit are around it. The
difference, for a visitor, a signed-in user and an API token, is the guards'. Requests go through WSGI in this
process, in turns, so that a busy machine slows both. Then passwords: one at a time, and twelve at once while
somebody else asks for a page.
"""

import argparse
import io
import logging
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from thumbapp.accounts.model import Role, User
from thumbapp.accounts.service import Accounts
from thumbapp.app import create_app
from thumbapp.blueprints.access import ACCESS_LEVELS, AccessLevel
from thumbapp.blueprints.context import EXTENSION
from thumbapp.config import Settings
from thumbapp.errors import SignInBusy, SignInFailed
from thumbapp.runtime.embedded import EmbeddedServer
from thumbapp.runtime.logs import TextLine

PASSWORD = "correct horse battery"
ORIGIN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
PATH = "/nothing"


@dataclass
class Case:
    """One kind of request, and the milliseconds it took in either application."""

    name: str
    method: str
    headers: dict[str, str]
    bare_ms: list[float]
    guarded_ms: list[float]

    def line(self) -> str:
        """Return medians and their difference."""
        bare, guarded = statistics.median(self.bare_ms), statistics.median(self.guarded_ms)
        return f"{self.name:<24} {guarded:6.2f} ms, bare {bare:.2f}: the guards {guarded - bare:.2f} ms"


def add_nothing(app: Flask, need: AccessLevel = AccessLevel.USER) -> None:
    """Let *app* answer a view that does nothing."""
    ACCESS_LEVELS["nothing"] = need
    app.add_url_rule(PATH, "nothing", lambda: "nothing", methods=["GET", "POST"])


def ask(app: Flask, case: Case) -> float:
    """Return how many milliseconds one request takes; it must be answered with 200."""
    data = {"a": "b"} if case.method == "POST" else None
    environ = EnvironBuilder(path=PATH, method=case.method, headers=case.headers, data=data).get_environ()
    began = time.perf_counter()
    answer, status, _ = run_wsgi_app(app, environ, buffered=True)
    took_ms = (time.perf_counter() - began) * 1000
    if not status.startswith("200"):
        raise SystemExit(f"{case.name}: {status} {b''.join(answer)[:300]!r}")
    return took_ms


def signed_in(app: Flask, accounts: Accounts, user: User) -> dict[str, str]:
    """Return cookie and CSRF token of a browser in which *user* is signed in."""
    client, link = app.test_client(), accounts.invite(user)
    client.post(link, data={"csrf_token": token_on(client.get(link).text)}, headers=ORIGIN)
    token = token_on(client.get("/account").text)
    cookie = client.get_cookie("thumbapp_session")
    return ORIGIN | {"Cookie": f"thumbapp_session={cookie.value if cookie else ''}", "X-CSRFToken": token}


def token_on(page: str) -> str:
    """Return the CSRF token of the forms on *page*."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    return found[1] if found else ""


def measure(cases: list[Case], bare: Flask, guarded: Flask, requests: int) -> None:
    """Fill in the times of all *cases*, in turns."""
    for _ in range(requests):
        for case in cases:
            case.bare_ms.append(ask(bare, case))
            case.guarded_ms.append(ask(guarded, case))


def print_passwords(accounts: Accounts, guarded: Flask) -> None:
    """Print what a sign-in takes alone, and a page while many try to sign in."""
    wall_ms, cpu_ms = [], []
    for _ in range(20):
        began, cpu_began = time.perf_counter(), time.thread_time()
        accounts.sign_in("ala", PASSWORD, address="192.0.2.1")
        wall_ms.append((time.perf_counter() - began) * 1000)
        cpu_ms.append((time.thread_time() - cpu_began) * 1000)
    wall, cpu = statistics.median(wall_ms), statistics.median(cpu_ms)
    print(f"{'a sign-in':<24} {wall:6.1f} ms, {cpu:.1f} ms of processor time")
    is_over = threading.Event()
    threads = [threading.Thread(target=guess, args=(accounts, is_over, number)) for number in range(12)]
    for thread in threads:
        thread.start()
    beside_ms = [ask_page(guarded) for _ in range(200)]
    is_over.set()
    for thread in threads:
        thread.join()
    p95 = statistics.quantiles(beside_ms, n=20)[-1]
    print(f"{'a page beside twelve':<24} {statistics.median(beside_ms):6.1f} ms p50 {p95:6.1f} ms p95")


def ask_page(app: Flask) -> float:
    """Return how many milliseconds the sign-in page takes."""
    environ = EnvironBuilder(path="/login").get_environ()
    began = time.perf_counter()
    run_wsgi_app(app, environ, buffered=True)
    return (time.perf_counter() - began) * 1000


def guess(accounts: Accounts, is_over: threading.Event, number: int) -> None:
    """Try to sign in until it *is_over*, each time as somebody else from elsewhere."""
    tries = 0
    while not is_over.is_set():
        tries += 1
        with suppress(SignInBusy, SignInFailed):
            accounts.sign_in(f"nobody-{number}-{tries}", PASSWORD, address=f"192.0.{number}.{tries % 250}")


@contextmanager
def site() -> Iterator[Flask]:
    """Run an embedded server and yield the application over it, its log lines formatted and dropped."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(TextLine())
    logging.getLogger("thumbapp").addHandler(handler)
    logging.getLogger("thumbapp").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(Settings(), data_dir=Path(folder), min_free_mb=0).completed()
        server = EmbeddedServer(settings.data_dir)
        server.start()
        app = create_app(replace(settings, redis_url=server.url))
        add_nothing(app)
        yield app
        app.extensions[EXTENSION].hub.close()
        server.stop()


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    options = parser.parse_args()
    bare = Flask("bare")
    add_nothing(bare)
    with site() as guarded:
        accounts: Accounts = guarded.extensions[EXTENSION].accounts
        user = accounts.add("ala", role=Role.ADMIN, password=PASSWORD)
        _, secret = accounts.create_token("benchmark", role=Role.ADMIN, user=user)
        browser, bearer = signed_in(guarded, accounts, user), {"Authorization": f"Bearer {secret}"}
        cases = [
            Case("GET with a session", "GET", browser, [], []),
            Case("POST with a session", "POST", browser, [], []),
            Case("GET with an API token", "GET", bearer, [], []),
        ]
        measure(cases, bare, guarded, options.requests)
        ACCESS_LEVELS["nothing"] = AccessLevel.ADDRESS
        visitor = [Case("GET of a visitor", "GET", {}, [], [])]
        measure(visitor, bare, guarded, options.requests)
        for case in visitor + cases:
            print(case.line())
        print_passwords(accounts, guarded)


if __name__ == "__main__":
    main()
