"""Schedules that fire each second while something breaks, judged by what stands in Redis afterwards.

    python -m tests.faults.schedules                 # all, on Valkey; writes its table in docs/reliability.md
    python -m tests.faults.schedules --server redis5 "kill -9 of Redis, started again with its file"

Every slot must have been fired once, or stand in the history as missed; and nothing may begin after
switching off was answered.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.machine_faults import CannotTry, wrong_clock
from tests.faults.matrix import PAGE, SERVERS
from tests.faults.schedule_site import ScheduleSite, Verdict
from tests.faults.site import wait_until

Act = Callable[[ScheduleSite, float], None]
CONSUMERS = 4
BELLS = 20
WHOLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table: what happens, for as many seconds as it is given."""

    name: str
    act: Act
    durable: bool = False
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault."""

    fault: Fault
    verdict: Verdict
    seconds: float

    def row(self) -> str:
        """Return the line of the table."""
        slots, wrong = self.verdict.slots, self.verdict.wrong
        ran = slots["done"]
        kept = ", ".join(f"{count:,} {word}" for word, count in sorted(slots.items()) if word != "done")
        says = "nothing" if not wrong else "; ".join(wrong[:3])
        name, total = self.fault.name, slots.total()
        return f"| {name} | {total:,} | {ran:,} | {kept or 'none'} | {says} | {self.seconds:.0f} |"


FAULTS: dict[str, Fault] = {}


def fault(name: str, *, durable: bool = False, is_whole: bool = True) -> Callable[[Act], Act]:
    """Return a decorator that adds a fault to the table."""

    def add(act: Act) -> Act:
        FAULTS[name] = Fault(name, act, durable, is_whole)
        return act

    return add


@fault("four consumers, kill -9 of any of them twice a second")
def kill_consumers(site: ScheduleSite, seconds: float) -> None:
    chance = random.Random(6)
    alive = [site.consumer() for _ in range(CONSUMERS)]
    site.each_second(BELLS)
    assert wait_until(site.runs, patience_s=30)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.5)
        victim = alive.pop(chance.randrange(len(alive)))
        victim.kill()
        victim.wait(10)
        alive.append(site.consumer())


@fault("kill -9 of Redis, started again with its file", durable=True)
def kill_redis(site: ScheduleSite, seconds: float) -> None:
    for _ in range(2):
        site.consumer()
    site.each_second(BELLS)
    assert wait_until(site.runs, patience_s=30)
    time.sleep(seconds / 10)
    site.server.kill()
    time.sleep(2.5)
    site.server.start()
    before = len(site.runs())
    assert wait_until(lambda: len(site.runs()) > before + 2 * BELLS, patience_s=30)


@fault("Redis frozen for 3 s")
def freeze_redis(site: ScheduleSite, seconds: float) -> None:
    site.consumer()
    site.consumer()
    site.each_second(BELLS)
    assert wait_until(site.runs, patience_s=30)
    with site.server.frozen():
        time.sleep(3)
    time.sleep(seconds / 10)


@fault("the clock of one of two consumers a day ahead")
def clock_ahead(site: ScheduleSite, seconds: float) -> None:
    _run_with_clock(site, seconds, days=1)


@fault("the clock of one of two consumers a day behind")
def clock_behind(site: ScheduleSite, seconds: float) -> None:
    _run_with_clock(site, seconds, days=-1)


def _run_with_clock(site: ScheduleSite, seconds: float, *, days: int) -> None:
    wrong = site.consumer(**wrong_clock(site.folder, days=days))
    right = site.consumer()
    site.each_second(BELLS)
    assert wait_until(site.runs, patience_s=30)
    time.sleep(seconds / 10)
    right.kill()  # now the wrong one is alone
    time.sleep(seconds / 10)
    assert wrong.poll() is None


@fault("no consumer for 3 s, then two")
def nobody(site: ScheduleSite, seconds: float) -> None:
    site.each_second(BELLS)
    time.sleep(3)
    site.consumer()
    site.consumer()
    assert wait_until(lambda: len(site.runs()) > 4 * BELLS, patience_s=30)


@fault("switched off, edited and on again 100 times while they fire", is_whole=False)
def switch_and_edit(site: ScheduleSite, seconds: float) -> None:
    for _ in range(2):
        site.consumer()
    bells = site.each_second(BELLS)
    assert wait_until(site.runs, patience_s=30)
    late: list[str] = []
    for turn in range(max(4, int(100 * seconds / WHOLE_S))):
        bell = bells[turn % BELLS]
        late += _switch(site, bell.id, turn)
    assert late == [], late


def _switch(site: ScheduleSite, schedule_id: str, turn: int) -> list[str]:
    """Switch one off, edit it and switch it on; return the tasks that began while it was off."""
    off = site.schedules.switch(schedule_id, on=False)
    answered = site.schedules.store.now().timestamp() * 1000
    edited = site.schedules.edit(schedule_id, {"grace": turn}, version=off.version)
    time.sleep(0.12)
    asked = site.schedules.store.now().timestamp() * 1000
    site.schedules.switch(edited.id, on=True)
    return [
        f"{task} began {began - answered:.0f} ms after switching off was answered"
        for task, _, began in site.runs()
        if f".{schedule_id}." in task and answered < began < asked
    ]


def run(one: Fault, binary: Path, *, seconds: float = WHOLE_S) -> Outcome:
    """Set *one* off on a server of *binary* for so many seconds and judge what is left."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        site = ScheduleSite(Path(folder) / "site", binary=binary, durable=one.durable)
        try:
            one.act(site, seconds)
            site.consumer()
            site.settle()
            verdict = site.judge(is_whole=one.is_whole)
        finally:
            site.close()
    return Outcome(one, verdict, time.monotonic() - began)


def write_table(rows: list[str], server: str) -> None:
    """Put *rows* into the page of what happens when something breaks."""
    head = "| fault | slots | done | not run | wrong | seconds |\n|---|---|---|---|---|---|"
    begin, end = f"<!-- schedules {server}: begin -->\n", f"<!-- schedules {server}: end -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    told = f"{SERVERS[server]}, 2 cores, {time.strftime('%d %B %Y').lstrip('0')}:\n\n{head}\n" + "\n".join(
        rows
    )
    PAGE.write_text(f"{before}{begin}{told}\n{end}{after}", encoding="utf-8")


def main() -> int:
    """Run what the arguments name; exit code 1 when anything was not as promised."""
    parser = argparse.ArgumentParser(description="Break what fires schedules, and judge what is left.")
    parser.add_argument("names", nargs="*", help="faults to set off; all when none is named")
    parser.add_argument("--server", default="valkey", choices=SERVERS, help="what to run it on")
    options = parser.parse_args()
    from tests.servers import KINDS

    binary = KINDS[options.server][0]()
    if binary is None:
        parser.error(KINDS[options.server][1])
    outcomes = []
    for name in options.names or FAULTS:
        try:
            outcomes.append(run(FAULTS[name], binary))
        except CannotTry as reason:
            print(f"{name}: not tried, {reason}")
            continue
        print(outcomes[-1].row(), *outcomes[-1].verdict.wrong[3:20], sep="\n  ", flush=True)
    if not options.names:
        write_table([outcome.row() for outcome in outcomes], options.server)
    return 1 if any(outcome.verdict.wrong for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
