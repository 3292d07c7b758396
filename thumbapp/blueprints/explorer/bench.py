"""The benchmark of pipelining: what to send, live bars while it runs, ratios, and what they mean."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson
from flask import Blueprint, Response, render_template, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from thumbapp.blueprints import audit_trail
from thumbapp.blueprints.context import parts
from thumbapp.blueprints.explorer import modes
from thumbapp.blueprints.explorer.location import current_location
from thumbapp.blueprints.explorer.page_context import page_context
from thumbapp.chart_files import as_png, as_svg
from thumbapp.errors import BadParameter, ThumbAppError
from thumbapp.explorer.bench import MOST_COMMANDS, MOST_ROUNDS, Benchmark, Command, Plan, Progress
from thumbapp.explorer.bench_results import chart_of, read_back, told

_FILES: Final[dict[str, tuple[str, Callable[[Plan, Progress], bytes]]]] = {
    "json": ("application/json", lambda plan, progress: orjson.dumps(told(plan, progress))),
    "svg": ("image/svg+xml", lambda plan, progress: as_svg(chart_of(plan, progress))),
    "png": ("image/png", lambda plan, progress: as_png(chart_of(plan, progress))),
}

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
    audit_trail.left_to_the_gate()
    try:
        plan = _plan()
        *_, last = _benchmark(plan).run()
    except ThumbAppError as error:
        return _page(plan, error=error)
    return _page(plan, progress=last)


@bp.post("/file")
def save() -> Response:
    """Return a result as a file: its numbers as JSON, or its chart."""
    audit_trail.changes_nothing()
    kind, text = request.form.get("kind", ""), request.form.get("result", "")
    if kind not in _FILES:
        raise BadParameter("kind", kind, " ".join(_FILES))
    mime, write = _FILES[kind]
    name = {"Content-Disposition": f'attachment; filename="redis-benchmark.{kind}"'}
    return Response(write(*read_back(text)), mimetype=mime, headers=name)


@bp.post("/run")
def stream() -> AnyResponse:
    """Measure, and stream each result as the HTML of the figure so far, as JSON in a line."""
    audit_trail.left_to_the_gate()
    location, plan = current_location(), _plan()
    benchmark = _benchmark(plan)
    seat = parts().hub.subscribe([], session=modes.caller().binding)
    left = request.environ.get("waitress.client_disconnected", lambda: False)

    def frames() -> Iterator[bytes]:
        with seat:
            try:
                for progress in benchmark.run(lambda: seat.is_over or left()):
                    shown = _shown(plan, progress)
                    html = render_template("explorer/_bench.html", location=location, **shown)
                    yield orjson.dumps({"html": html, **shown["told"]}) + b"\n"
            except ThumbAppError as error:
                yield orjson.dumps({"error": str(error), "code": error.code}) + b"\n"

    found = stream_with_context(frames())
    return Response(found, mimetype="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


def _page(plan: Plan, *, progress: Progress | None = None, error: ThumbAppError | None = None) -> str:
    limits = {"most_commands": MOST_COMMANDS, "most_rounds": MOST_ROUNDS, "commands": list(Command)}
    shown = _shown(plan, progress) if progress else {"progress": None}
    return render_template(
        "explorer/bench.html", plan=plan, error=error, **limits, **shown, **page_context(current_location())
    )


def _shown(plan: Plan, progress: Progress) -> dict[str, Any]:
    return {"progress": progress, "told": told(plan, progress), "chart_of": chart_of(plan, progress)}


def _benchmark(plan: Plan) -> Benchmark:
    location = current_location()
    return Benchmark(location.gate, plan, caller=modes.caller(), db=location.db)


def _plan() -> Plan:
    form = request.form
    return Plan.parse(form.get("count", ""), form.get("command", ""), form.get("rounds", ""))
