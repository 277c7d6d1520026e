"""What a running service holds: settings, database, broker, background tasks; how it starts and stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from coachlib.broker import Broker
from coachlib.loops import keep_running, stop
from coachlib.settings import Settings, SettingsError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from coachlib.consumer import Handler
    from coachlib.db import Sessions

log = logging.getLogger("coachlib.runtime")

Worker = Callable[["Runtime"], Awaitable[None]]
"""A background task: it runs until `runtime.stopping` is set; if it raises, it is called again."""

Resource = Callable[["Runtime"], AbstractAsyncContextManager[None]]
"""Something open as long as the service runs, such as a client; it may add to `runtime.resources`."""


class Runtime:
    """`sessions` makes database sessions (with database=True); `stopping` is set when the end has come."""

    engine: AsyncEngine
    sessions: Sessions

    def __init__(self, settings: Settings, *, database: bool, broker: bool) -> None:
        self.settings = settings
        self.broker = Broker(settings)
        self.stopping = asyncio.Event()
        self.resources: dict[str, Any] = {}
        self.uses_database = database
        self.uses_broker = broker
        self._tasks: list[asyncio.Task[None]] = []
        if database:
            from coachlib.db import make_engine, make_sessions

            self.engine = make_engine(settings)
            self.sessions = make_sessions(self.engine)

    @asynccontextmanager
    async def running(
        self, workers: Mapping[str, Worker], resources: Sequence[Resource]
    ) -> AsyncIterator[None]:
        """Open the resources and run the background tasks for the time of the `async with`."""
        async with AsyncExitStack() as stack:
            await self._open(stack, [*self._needs(), *resources])
            self._start(workers)
            try:
                yield
            finally:
                await self._stop()

    async def _open(self, stack: AsyncExitStack, resources: Sequence[Resource]) -> None:
        """Open them all; SettingsError names everything that is missing at once."""
        missing = []
        for resource in resources:
            try:
                await stack.enter_async_context(resource(self))
            except SettingsError as error:
                missing.append(str(error))
        if missing:
            raise SettingsError("\n".join(missing))

    def _needs(self) -> list[Resource]:
        # A service that lacks one shall say so and end, not start and fail at each request.
        wanted = {"database_url": self.uses_database, "rabbitmq_url": self.uses_broker}
        return [partial(need_secret, name=name) for name, is_used in wanted.items() if is_used]

    def _start(self, workers: Mapping[str, Worker]) -> None:
        for name, worker in workers.items():
            work = keep_running(name, partial(worker, self), self.stopping)
            self._tasks.append(asyncio.create_task(work, name=name))
        log.info("started")

    async def _stop(self) -> None:
        # The tasks end after what they are at; only then may the connections go.
        self.stopping.set()
        await stop(self._tasks)
        await self.broker.close()
        if self.uses_database:
            await self.engine.dispose()
        log.info("stopped")

    async def problems(self) -> list[str]:
        """What this service needs and does not have right now; empty when it is ready."""
        missing = []
        if self.uses_database:
            from coachlib.db import database_answers

            if not await database_answers(self.engine):
                missing.append("database")
        if self.uses_broker and not self.broker.connected:
            missing.append("broker")
        return missing


@asynccontextmanager
async def need_secret(runtime: Runtime, name: str) -> AsyncIterator[None]:
    """A resource: without the secret `name` the service does not start."""
    runtime.settings.secret(name)
    yield


def event_workers(publishes: bool, handlers: Mapping[str, Handler]) -> dict[str, Worker]:
    """The relay and the consumer, where the service needs them."""
    workers: dict[str, Worker] = {}
    if publishes:
        from coachlib.outbox import relay

        workers["outbox relay"] = relay
    if handlers:
        from coachlib.consumer import consume
        from coachlib.housekeeping import forget_processed_events

        workers["consumer"] = partial(consume, handlers=handlers)
        workers["processed events"] = forget_processed_events
    return workers
