"""The jobs in numbers for Prometheus: a collector for any registry of ``prometheus_client``."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from thumbapp.jobs.service import JobService


class JobCollector(Collector):
    """How many of the jobs of *service* wait, and how many bytes the files of all take."""

    def __init__(self, service: JobService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Yield both as they are now; raises redis.RedisError when the server is away."""
        waiting, stored = self._service.waiting(), self._service.stored_bytes()
        yield GaugeMetricFamily("thumbapp_jobs_waiting", "Jobs that wait for a worker.", value=waiting)
        says = "Bytes of the files of all jobs: originals, thumbnails and zips."
        yield GaugeMetricFamily("thumbapp_job_bytes", says, value=stored)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering asks no server."""
        return ()
