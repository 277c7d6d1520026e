"""The Prometheus metrics that every service has, and /metrics."""

from __future__ import annotations

from fastapi import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

# The time at which a counter began doubles the number of series, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

REQUESTS = Counter("http_requests", "HTTP requests answered.", ["method", "route", "status"])
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from the request's head to the last byte of the answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
PUBLISHED = Counter("events_published", "Events the broker has confirmed.", ["type"])
CONSUMED = Counter("events_consumed", "Events handled, by outcome.", ["type", "outcome"])
OUTBOX = Gauge("outbox_waiting", "Events written and not yet confirmed by the broker.")


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Record one answered request; `route` is the template, never the path, so the label stays bounded."""
    labels = (method, route, str(status))
    REQUESTS.labels(*labels).inc()
    DURATION.labels(*labels).observe(seconds)


def metrics_page() -> Response:
    """The exposition that Prometheus scrapes."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
