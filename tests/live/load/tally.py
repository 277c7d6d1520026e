"""What a load run has seen: a request is good or failed, never something between."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Report:
    """Seconds, except `p50`, `p99`, `slowest` and `late`: milliseconds. `late`: how far the generator itself was
    behind its schedule at most. `lost_posts`: answered, but unknown to the app's ledger."""

    asked: int = 0
    failed: int = 0
    posts: int = 0
    duplicates: int = 0
    lost_posts: int = 0
    longest_gap: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    slowest: float = 0.0
    late: float = 0.0
    seconds: float = 0.0
    cpu: float = 0.0
    connections: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Report:
        return cls(**json.loads(text))

    @property
    def calls_asked(self) -> int:
        return sum(sum(counts.values()) for counts in self.calls.values())

    @property
    def calls_failed(self) -> int:
        return self.calls_asked - sum(counts.get("ok", 0) for counts in self.calls.values())


class Tally:
    """Counts while it runs; `report()` at the end."""

    def __init__(self) -> None:
        self.start()
        self.acknowledged = self.connections = 0
        self._asked = self._posts = 0
        self._gap = self._late = 0.0
        self._ended = False
        self._quick: list[float] = []
        self.faults: Counter[str] = Counter()

    def start(self) -> float:
        """Everything before was preparation; the time."""
        self.started = self._last_good = time.monotonic()
        self._cpu = time.process_time()
        return self.started

    def asking(self, method: str, late: float) -> None:
        self._asked += 1
        self._posts += method == "POST"
        self._late = max(self._late, late)

    def good(self, method: str, seconds: float, *, quick: bool) -> None:
        """`quick`: whether its time says something (not for what is slow on purpose)."""
        now = time.monotonic()
        if not self._ended:
            self._gap, self._last_good = max(self._gap, now - self._last_good), now
        self.acknowledged += method == "POST"
        if quick:
            self._quick.append(seconds)

    def stop_gap(self) -> None:
        """From now on fewer are asked: the time between two answers says nothing any more."""
        self._gap = max(self._gap, time.monotonic() - self._last_good)
        self._ended = True

    def bad(self, what: str) -> None:
        self.faults[what] += 1

    def report(self, audit: dict[str, Any]) -> Report:
        """`audit`: what the app knows: posts, duplicates, calls."""
        seconds, quick = time.monotonic() - self.started, sorted(self._quick) or [0.0]
        return Report(
            asked=self._asked,
            failed=sum(self.faults.values()),
            posts=self._posts,
            duplicates=audit.get("duplicates", 0),
            lost_posts=max(0, self.acknowledged - audit.get("posts", self.acknowledged)),
            longest_gap=round(self._gap, 3),
            p50=_milliseconds(quick[len(quick) // 2]),
            p99=_milliseconds(quick[len(quick) * 99 // 100]),
            slowest=_milliseconds(quick[-1]),
            late=_milliseconds(self._late),
            seconds=round(seconds, 1),
            cpu=round((time.process_time() - self._cpu) / seconds, 2),
            connections=self.connections,
            faults=dict(self.faults.most_common(20)),
            calls=audit.get("calls", {}),
        )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
