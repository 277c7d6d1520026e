"""The prober: asks the stack through its edge during a whole deploy, as a visitor would, and counts."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from homeport.engine import https
from homeport.stack.model import Target

EVERY = 0.1  # seconds between questions


@dataclass(frozen=True)
class Count:
    """`longest_gap`: seconds between two good answers, at most. `first_fault`: what was seen at the first failure."""

    asked: int = 0
    failed: int = 0
    longest_gap: float = 0.0
    first_fault: str = ""

    def words(self) -> str:
        gap = f"longest gap {self.longest_gap * 1000:.0f} ms"
        return f"{self.asked} asked through the edge, {self.failed} failed, {gap}"


class Prober:
    """Runs in a thread of its own from `start()` to `stop()`. Nothing is asked twice: a failure is a failure."""

    def __init__(self, target: Target, path: str) -> None:
        self._target, self._path = target, path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="prober")
        self._count = Count()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> Count:
        """End it and give what was counted."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        return self._count

    @property
    def count(self) -> Count:
        return self._count

    def _run(self) -> None:
        last_good = time.monotonic()
        while not self._stop.is_set():
            status, seen = https.get(self._target, self._path)
            now, good = time.monotonic(), 0 < status < 500
            old = self._count
            self._count = Count(
                old.asked + 1,
                old.failed + (not good),
                max(old.longest_gap, now - last_good),
                old.first_fault or ("" if good else seen),
            )
            last_good = now if good else last_good
            self._stop.wait(EVERY)


def path_of(target: Target) -> str:
    """What to ask: the first route (it goes through a service), else the front page."""
    routes = target.stack.edge.routes
    return min(routes, key=lambda path: (len(path), path)) if routes else "/"
