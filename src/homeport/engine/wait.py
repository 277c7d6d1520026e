"""The one polling function: every wait has a deadline, a reason, and its last state in the message."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from homeport.errors import Interrupted

SLOWNESS = float(os.environ.get("HOMEPORT_SLOWNESS", "1"))  # multiplies every deadline, for slow machines
_speed = 1.0  # seconds of a wait in one of the clock; only `hurried` changes it


def now() -> float:
    """Seconds, as all waits count them."""
    return time.monotonic() * _speed


def pause(seconds: float) -> None:
    """Do nothing for so long."""
    time.sleep(seconds / _speed)


@contextmanager
def hurried(times: float) -> Iterator[None]:
    """All waits of this process are so many times shorter, deadlines and pauses alike: for tests in which nothing that
    takes time is started."""
    global _speed  # noqa: PLW0603 (as SLOWNESS, it is the process's)
    before, _speed = _speed, times
    try:
        yield
    finally:
        _speed = before


@dataclass
class Interruption:
    """Of this process: the signal that came, and when. What is waited for since before it is waited for no longer
    (in other threads too, which a signal does not reach); what begins after it, going back, is."""

    number: int = 0
    when: float = float("-inf")

    def came(self, number: int) -> Interrupted:
        self.number, self.when = number, time.monotonic()
        return Interrupted(number)


INTERRUPTION = Interruption()


class WaitedTooLong(Exception):  # noqa: N818 (reads as what happened)
    """The deadline passed; `state` is what was seen last."""

    def __init__(self, what: str, seconds: float, state: str) -> None:
        super().__init__(f"{what}: not within {seconds:.0f} s (last seen: {state})")
        self.state = state


@dataclass(frozen=True)
class Seen:
    """One look: whether it is good now, and the state in words."""

    good: bool
    state: str = ""


def wait_until(what: str, look: Callable[[], Seen], seconds: float, every: float = 0.05) -> float:
    """Look every `every` seconds until it is good; the seconds that took. Raises WaitedTooLong.

    The last look begins after the deadline: a process that was stopped for a while sees what came of it meanwhile.
    """
    asked, started = time.monotonic(), now()
    deadline = started + seconds * SLOWNESS
    while True:
        begun = now()
        if INTERRUPTION.when >= asked:
            raise Interrupted(INTERRUPTION.number)
        seen = look()
        if seen.good:
            return now() - started
        if begun >= deadline:
            raise WaitedTooLong(what, seconds * SLOWNESS, seen.state)
        pause(min(every, max(0.0, deadline - now())))
