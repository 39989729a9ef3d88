"""What a process measures about itself. No tenant, venue, event or person appears in any name or label."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from data.live_redis import LiveStore, RedisUnavailable

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_QUEUE_OUTCOMES = (("accepted", "accepted"), ("duplicate", "duplicates"), ("rejected", "rejected"))

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Telemetry:
    """One registry with every measure of one process; two may live side by side."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        route = ("method", "route")
        self.request_seconds = Histogram(
            "analytics_request_duration_seconds",
            "Time to answer a request",
            route,
            buckets=_FAST,
            registry=registry,
        )
        self.requests = Counter(
            "analytics_requests", "Requests answered", (*route, "status"), registry=registry
        )
        self.errors = Counter(
            "analytics_errors", "Requests that failed with 5xx", (*route, "status"), registry=registry
        )
        self.cache_hits = Counter(
            "analytics_cache_hits", "Answers found in Redis", ("cache",), registry=registry
        )
        self.cache_misses = Counter(
            "analytics_cache_misses", "Answers read from PostgreSQL", ("cache",), registry=registry
        )
        self.ingest_lag = Histogram(
            "analytics_ingest_lag_seconds",
            "From the arrival of messages at the REST door to the answer after their commit",
            buckets=_FAST,
            registry=registry,
        )
        self.publish_lag = Histogram(
            "analytics_publish_lag_seconds",
            "From the commit of a change to its publication",
            buckets=_FAST,
            registry=registry,
        )
        self.sockets = Gauge("analytics_sockets", "Open live sockets", registry=registry)
        self.socket_messages = Counter(
            "analytics_socket_messages", "Messages sent to sockets", registry=registry
        )
        self.socket_drops = Counter(
            "analytics_socket_drops", "Times a slow reader was dropped to snapshots", registry=registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` must be one of few; any method that we do not know counts as `other`,
        because a stranger can invent as many as there is memory for their series."""
        method = method if method in _METHODS else "other"
        self.request_seconds.labels(method, route).observe(seconds)
        self.requests.labels(method, route, status).inc()
        if status >= 500:
            self.errors.labels(method, route, status).inc()

    def count_jobs_of(self, store: LiveStore) -> None:
        """Also report the outcomes of jobs and what came by queues, which other processes count in Redis."""
        self.registry.register(_Jobs(store))
        self.registry.register(_Queues(store))


class _Jobs(Collector):
    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("analytics_jobs", "Jobs finished", labels=("job", "outcome"))
        try:
            for (job, outcome), count in sorted(self._store.jobs().items()):
                family.add_metric([job, outcome], count)
        except RedisUnavailable:
            pass  # The series has a gap while Redis is away, as it should.
        yield family


class _Queues(Collector):
    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        try:
            counted = self._store.queues()
        except RedisUnavailable:
            return  # As above.
        messages = CounterMetricFamily(
            "analytics_queue_messages",
            "Messages committed or refused that came by queues",
            labels=("outcome",),
        )
        for label, name in _QUEUE_OUTCOMES:
            messages.add_metric([label], counted.get(name, 0))
        yield messages
        yield CounterMetricFamily(
            "analytics_queue_errors",
            "Times a queue could not be read or a batch not be written",
            counted.get("errors", 0),
        )
        yield SummaryMetricFamily(
            "analytics_queue_lag_seconds",
            "From the arrival of a batch's first message to its acknowledgement after the commit",
            counted.get("batches", 0),
            counted.get("lag_milliseconds", 0) / 1000,
        )
