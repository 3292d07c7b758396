"""The benchmark of pipelining: what to send, live bars while it runs, ratios, and what they mean."""

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Blueprint, Response, render_template, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.frame import frame
from thumbapp.blueprints.explorer.where import where
from thumbapp.charts import Chart, Look, Series, draw
from thumbapp.errors import ThumbAppError
from thumbapp.explorer.bench import MOST_COMMANDS, MOST_ROUNDS, Benchmark, Command, Plan, Progress, told

bp = Blueprint("explorer_bench", __name__, url_prefix="/redis/bench")


@bp.get("")
def show() -> str:
    """Show what can be measured."""
    modes.note_use()
    return _page(Plan())


@bp.post("")
def run() -> str:
    """Measure, and show the result; for browsers without scripts."""
    plan = Plan()
    trail.left_to_the_gate()
    try:
        plan = _plan()
        *_, last = _benchmark(plan).run()
    except ThumbAppError as error:
        return _page(plan, error=error)
    return _page(plan, progress=last)


@bp.post("/run")
def stream() -> AnyResponse:
    """Measure, and stream each result as the HTML of the figure so far, as JSON in a line."""
    trail.left_to_the_gate()
    benchmark = _benchmark(_plan())
    seat = parts().hub.subscribe([], session=modes.caller().binding)
    left = request.environ.get("waitress.client_disconnected", lambda: False)

    def frames() -> Iterator[bytes]:
        with seat:
            for progress in benchmark.run(lambda: seat.is_over or left()):
                html = render_template("explorer/_bench.html", **_shown(progress))
                yield orjson.dumps({"html": html, **told(progress)}) + b"\n"

    found = stream_with_context(frames())
    return Response(found, mimetype="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


def _page(plan: Plan, *, progress: Progress | None = None, error: ThumbAppError | None = None) -> str:
    limits = {"most_commands": MOST_COMMANDS, "most_rounds": MOST_ROUNDS, "commands": list(Command)}
    shown = _shown(progress) if progress else {"progress": None}
    return render_template("explorer/bench.html", plan=plan, error=error, **limits, **shown, **frame(where()))


def _shown(progress: Progress) -> dict[str, Any]:
    return {"progress": progress, "told": told(progress), "chart_of": _chart(progress)}


def _chart(progress: Progress) -> Chart:
    columns = [timing.way.short for timing in progress.timings]
    rates = [timing.per_second / 1000 for timing in progress.timings]
    return draw("bench", "Thousands a second", columns, Series("commands", rates, Look.BAR), over="a trip")


def _benchmark(plan: Plan) -> Benchmark:
    place = where()
    return Benchmark(place.gate, plan, caller=modes.caller(), db=place.db)


def _plan() -> Plan:
    form = request.form
    return Plan.parse(form.get("count", ""), form.get("command", ""), form.get("rounds", ""))
