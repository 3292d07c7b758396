"""What a benchmark has measured, as plain values, as a chart, and read back from what was handed out."""

import statistics
from typing import Any, Final

import orjson

from thumbapp.charts import Chart, Look, Series, draw
from thumbapp.errors import BadParameter
from thumbapp.explorer.bench import MOST_COMMANDS, MOST_ROUNDS, WAYS, Plan, Progress, Timing

LONGEST_TEXT: Final = 20_000
_BY_NAME: Final = {way.name: way for way in WAYS}


def told(plan: Plan, progress: Progress) -> dict[str, Any]:
    """Return *progress* as plain values: seconds, rate and ratio to "one by one" of each way."""
    base = progress.timings[0] if progress.timings else None
    return {
        "count": plan.count,
        "command": str(plan.command),
        "rounds": plan.rounds,
        "part": round(progress.part, 3),
        "is_cut_short": progress.is_cut_short,
        "ways": [_way_told(timing, base) for timing in progress.timings],
    }


def _way_told(timing: Timing, base: Timing | None) -> dict[str, Any]:
    ratios = timing.ratios(base) if base else ()
    return {
        "way": timing.way.name,
        "count": timing.count,
        "seconds": list(timing.seconds),
        "median_s": round(timing.median_s, 6),
        "per_second": round(timing.per_second, 1),
        "ratio": round(statistics.median(ratios), 2) if ratios else None,
        "ratio_low": round(ratios[0], 2) if ratios else None,
        "ratio_high": round(ratios[-1], 2) if ratios else None,
    }


def chart_of(plan: Plan, progress: Progress) -> Chart:
    """Return the rates as bars."""
    columns = [timing.way.short for timing in progress.timings]
    rates = [timing.per_second / 1000 for timing in progress.timings]
    title = f"Thousands a second, {plan.count:,} times {plan.command}"
    return draw("bench", title, columns, Series("commands", rates, Look.BAR), over="a trip")


def read_back(text: str) -> tuple[Plan, Progress]:
    """Return what `told` has made the JSON *text* of; raises BadParameter for anything else."""
    try:
        if len(text) > LONGEST_TEXT:
            raise ValueError(text[:20])
        found = orjson.loads(text)
        plan = Plan.parse(str(found["count"]), str(found["command"]), str(found["rounds"]))
        timings = tuple(_timing(row, plan.count) for row in found["ways"])
        return plan, Progress(timings, float(found["part"]), bool(found["is_cut_short"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadParameter("result", text[:20], "what a benchmark has answered") from error


def _timing(row: dict[str, Any], count: int) -> Timing:
    seconds = tuple(float(one) for one in row["seconds"])
    if not 0 < len(seconds) <= MOST_ROUNDS or not all(0 < one < MOST_COMMANDS for one in seconds):
        raise ValueError(seconds)
    return Timing(_BY_NAME[row["way"]], seconds, count)
