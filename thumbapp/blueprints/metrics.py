"""``/metrics``: the queue, its tasks and workers, jobs and schedules, for Prometheus.

What writes the format is loaded with the first request: most installations never have one.
"""

from flask import Blueprint, Response

from thumbapp.blueprints.context import parts

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def show() -> Response:
    """Return everything in Prometheus' text format, read from Redis now."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

    from thumbapp.jobs.metrics import JobCollector
    from thumbapp.schedules.metrics import ScheduleCollector
    from thumbapp.taskqueue.metrics import QueueCollector

    found, registry = parts(), CollectorRegistry()
    registry.register(QueueCollector(found.redis, namespace=found.settings.namespace))
    registry.register(JobCollector(found.jobs))
    registry.register(ScheduleCollector(found.schedules))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
