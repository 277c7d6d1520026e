"""The prober: asks the stack through its edge during a whole deploy, as a visitor would, and counts."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from homeport.engine import https
from homeport.release import expected
from homeport.stack.model import Target
from homeport.stack.smoke import Smoke

EVERY = 0.1  # seconds between questions, or as many as the edge's rate limit has room for


@dataclass(frozen=True)
class Count:
    """Of answers that were as expected, and of those that were not (`failed`). `longest_gap`: seconds between two good
    answers, at most. `first_fault`: what was seen at the first failure. `requests`: what was asked."""

    asked: int = 0
    failed: int = 0
    longest_gap: float = 0.0
    first_fault: str = ""
    requests: tuple[str, ...] = ()

    def words(self) -> str:
        if not self.asked:
            return "nothing was asked through the edge; `homeport check` says what to write"
        said = f"{self.asked} asked through the edge, {self.asked - self.failed} as expected, {self.failed} failed"
        first = f"; the first: {self.first_fault}" if self.first_fault else ""
        return f"{said}, longest gap {self.longest_gap * 1000:.0f} ms{first}"


class Prober:
    """Runs in a thread of its own from `start()` to `stop()`. Nothing is asked twice: a failure is a failure.

    A request that what runs now answers otherwise, and not with a server's error, may be for the release that
    comes: it counts from its first good answer on.
    """

    def __init__(self, target: Target, requests: tuple[Smoke, ...]) -> None:
        self._target = target
        self._requests = tuple(request for request in requests if request.repeatable)
        self._known: set[str] = set()  # requests that were answered as expected
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="prober")
        self._count = Count()

    def start(self) -> None:
        if self._requests:
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
        while True:
            for request in self._requests:
                if self._stop.is_set():
                    return
                answer = https.ask(self._target, request)
                fault, now = expected.fault(request, answer), time.monotonic()
                if self._counts(request, fault, answer.status):
                    self._add(request, fault, now - last_good)
                    last_good = last_good if fault else now
                self._stop.wait(EVERY)

    def _counts(self, request: Smoke, fault: str, status: int) -> bool:
        if not fault:
            self._known.add(request.model_dump_json())
        return request.model_dump_json() in self._known or not 0 < status < 500

    def _add(self, request: Smoke, fault: str, gap: float) -> None:
        old = self._count
        named = old.requests if request.name in old.requests else (*old.requests, request.name)
        self._count = replace(
            old,
            asked=old.asked + 1,
            failed=old.failed + bool(fault),
            longest_gap=max(old.longest_gap, gap),
            first_fault=old.first_fault or (fault and f"{request.name}: {fault}"),
            requests=named,
        )
