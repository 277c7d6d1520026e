"""The app factory: FastAPI with health, metrics, logs, errors, database, events and background tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from coachlib.errors import add_error_handlers
from coachlib.metrics import metrics_page
from coachlib.observe import Observe
from coachlib.runtime import Resource, Runtime, Worker, event_workers
from coachlib.settings import Settings
from coachlib.topology import read_by

if TYPE_CHECKING:
    from coachlib.consumer import Handler

_health = APIRouter()


def create_app(
    *routers: APIRouter,
    prefix: str = "/api/v1",
    database: bool = True,
    publishes: bool = False,
    consumes: Mapping[str, Handler] | None = None,
    workers: Mapping[str, Worker] | None = None,
    resources: Sequence[Resource] = (),
) -> FastAPI:
    """The app of one service.

    `publishes`: it calls `emit`, so the relay runs. `consumes`: a handler for each event type it reads,
    exactly those of the topology (else ValueError). `workers`: its background tasks by name.
    `resources`: what is open as long as the service runs.
    """
    settings = Settings.from_env()
    handlers = dict(consumes or {})
    _check_handlers(settings.service, handlers)
    tasks = {**event_workers(publishes, handlers), **(workers or {})}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        runtime = Runtime(settings, database=database, broker=bool(publishes or handlers))
        app.state.runtime = runtime
        async with runtime.running(tasks, resources):
            yield

    app = FastAPI(title=settings.service, lifespan=lifespan, openapi_url=None)
    for router in routers:
        app.include_router(router, prefix=prefix)
    app.include_router(_health)
    add_error_handlers(app)
    if database:
        from coachlib.session import add_database_handlers

        add_database_handlers(app)
    app.add_middleware(Observe, version=settings.version, prefix=prefix)
    return app


def _check_handlers(service: str, handlers: Mapping[str, Handler]) -> None:
    if handlers and set(handlers) != read_by(service):
        raise ValueError(
            f"{service} must handle exactly {sorted(read_by(service))}, it handles {sorted(handlers)}"
        )


def runtime_of(request: Request) -> Runtime:
    """The running service behind `request`."""
    runtime: Runtime = request.app.state.runtime
    return runtime


@_health.get("/health/live")
async def live() -> dict[str, str]:
    """The process runs; nothing else is asked."""
    return {"status": "ok"}


@_health.get("/health/ready")
async def ready(request: Request) -> Response:
    """200 when everything this service needs answers, else 503 with what is missing."""
    missing = await runtime_of(request).problems()
    body = {"status": "unavailable" if missing else "ok", "missing": missing}
    return JSONResponse(body, status_code=503 if missing else 200)


@_health.get("/metrics")
async def metrics() -> Response:
    """The Prometheus exposition."""
    return metrics_page()
