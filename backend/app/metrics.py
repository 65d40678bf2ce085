"""Figures for Prometheus, summed over the web processes of one machine."""

import os

from litestar import MediaType, Response, get
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
    multiprocess,
)

from backend.directory.access import public

REQUESTS = Histogram(
    "xunge_request_seconds",
    "Requests by route template and status; time from the first byte read to the last one sent",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


@get(
    "/metrics",
    guards=[public],
    media_type=MediaType.TEXT,
    include_in_schema=False,
    sync_to_thread=True,
)
def metrics() -> Response[bytes]:
    """Answer in Prometheus' text format; not to be published beyond the operator's network."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
