"""Tasks that run as long as the service: restarted with backoff when they fail, ended with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger("coachlib.loops")

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
STOP_SECONDS = 2.0


def pause_after(failures: int) -> float:
    """Seconds to wait after that many failures in a row: 0.2, 0.4, 0.8 ... at most 5."""
    return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** max(0, failures - 1)))


async def sleep_or(stopping: asyncio.Event, seconds: float) -> bool:
    """Sleep, but not longer than until `stopping` is set; True when it is set."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return False
    return True


async def keep_running(name: str, work: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Call `work` until `stopping` is set. A failure is logged and followed by a growing pause."""
    loop = asyncio.get_running_loop()
    failures = 0
    while not stopping.is_set():
        started = loop.time()
        try:
            await work()
            failures = 0
        except Exception as error:
            # Work that went well for a while and then failed starts again with the short pause.
            failures = 1 if loop.time() - started > 30 else failures + 1
            _report(name, error, failures)
            await sleep_or(stopping, pause_after(failures))


def _report(name: str, error: Exception, failures: int) -> None:
    # A dependency that is away is an expected state: one line says so, a traceback would only be noise.
    if isinstance(error, OSError) or type(error).__module__.startswith(("aiormq", "aio_pika")):
        log.warning("%s: %s: %s (attempt %d)", name, type(error).__name__, error, failures)
    else:
        log.error("%s failed (attempt %d)", name, failures, exc_info=error)


async def stop(tasks: list[asyncio.Task[None]], seconds: float = STOP_SECONDS) -> None:
    """Give `tasks` some seconds to end by themselves, then cancel them."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
