"""What a server does, in numbers for Prometheus: at /metrics."""

import time
from collections.abc import Callable, Iterator, Mapping

from fastapi import FastAPI
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")  # a client may invent others, each a series of its own
BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Look = Callable[[], Mapping[str, int]]
Family = CounterMetricFamily | GaugeMetricFamily


class Metrics:
    """The numbers of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "musiq_http_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "musiq_http_request_seconds",
            "From a request's head to the end of its answer.",
            ("route", "method"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.working = Gauge("musiq_http_requests_in_flight", "Requests in work.", registry=self.registry)
        self.received = Counter("musiq_http_received_bytes", "Bytes of requests' bodies.", registry=self.registry)

    def attach(self, app: FastAPI, *, images: Look, queue: Look, jobs: Look) -> None:
        """Adds /metrics to an app and watches its requests; after `protect`, so that refused ones count.

        Args:
            images: how many were scored, known, or failed, by kind, since the start.
            queue: how many images are `waiting` and `working`, and the `limit` of those that wait.
            jobs: how many batch jobs are in each state.
        """
        self._look(CounterMetricFamily, "musiq_images", "Images by what became of them.", "outcome", images)
        self._look(GaugeMetricFamily, "musiq_queue_images", "Images in the queue, and its limit.", "place", queue)
        self._look(GaugeMetricFamily, "musiq_jobs", "Batch jobs by state.", "state", jobs)
        app.add_api_route(
            "/metrics",
            self._answer,
            tags=["status"],
            summary="Numbers for Prometheus",
            response_class=Response,
            responses={200: {"content": {"text/plain": {}}, "description": "Its numbers."}},
        )
        app.add_middleware(_Watch, metrics=self)

    def _look(self, family: type[Family], name: str, text: str, label: str, values: Look) -> None:
        self.registry.register(_Looked(lambda: family(name, text, labels=[label]), values))

    def _answer(self) -> Response:
        """Of this server, in Prometheus's text format."""
        return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE})


class _Looked(Collector):
    """Numbers that are looked up when they are asked for."""

    def __init__(self, family: Callable[[], Family], values: Look) -> None:
        self._family, self._values = family, values

    def describe(self) -> list[Metric]:
        """Nothing is looked up when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        family = self._family()
        for name, value in self._values().items():
            family.add_metric([name], value)
        yield family


class _Watch:
    """Counts and times requests by the template of their route, never by their address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0  # the client left before its answer

        async def counted() -> Message:
            message = await receive()
            self._metrics.received.inc(len(message.get("body", b"")))
            return message

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        started = time.perf_counter()
        with self._metrics.working.track_inprogress():
            try:
                await self._app(scope, counted, watched)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.seconds.labels(route, method).observe(seconds)
