"""Steps: what was done, in order, and the one that goes wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from signal import SIGINT
from threading import RLock
from typing import Literal

from homeport.engine.wait import INTERRUPTION
from homeport.errors import HostError

Kind = Literal["fails", "interrupted", "killed", "gone"]
KINDS: tuple[Kind, ...] = ("fails", "interrupted", "killed", "gone")
_IDS = (
    (re.compile(r"\d{8}-\d{6}-\d{3}"), "ID"),
    (re.compile(r"gen-[0-9a-f]+"), "gen-N"),
    (re.compile(r"set-\d+"), "set-N"),
)
OFTEN = (
    "watch",
)  # phases that look again and again until a time is over: only the first look of a kind is a step


class Killed(BaseException):
    """As SIGKILL: nothing that this process would still do is done."""


@dataclass(frozen=True)
class Fault:
    """`fails`: the step itself, once. `interrupted`: Ctrl-C there. `killed`: nothing is done from there on. `gone`:
    the host does not answer from there on."""

    step: str
    kind: Kind


@dataclass
class Script:
    """`steps`: PHASE: WHAT, with its number where it is done several times in a phase."""

    steps: list[str] = field(default_factory=list)
    fault: Fault | None = None
    happened: bool = False  # the fault
    phase: str = "begin"
    _done: Counter[str] = field(default_factory=Counter)
    _lock: RLock = field(default_factory=RLock, repr=False)
    _ended: Kind | None = None

    def step(self, what: str, phase: str = "") -> bool:
        """Whether this one is done as it should be. Raises where the fault is more than a failing command."""
        with self._lock:
            self._over()
            name = self._named(what, phase or self.phase)
            if name not in self.steps:
                self.steps.append(name)
            if self.happened or self.fault is None or self.fault.step != name:
                return True
            self.happened = True
            if self.fault.kind == "fails":
                return False
            if self.fault.kind == "interrupted":
                raise INTERRUPTION.came(SIGINT)
            self._ended = self.fault.kind
            self._over()
            return True

    def alive(self) -> None:
        """Raise where nothing can be done any more."""
        with self._lock:
            self._over()

    def _over(self) -> None:
        if self._ended == "killed":
            raise Killed
        if self._ended == "gone":
            raise HostError("the played host is gone", "It is only played.")

    def _named(self, what: str, phase: str) -> str:
        for pattern, word in _IDS:
            what = pattern.sub(word, what)
        name = f"{phase}: {what}"
        self._done[name] += 1
        count = self._done[name]
        return name if count == 1 or phase in OFTEN else f"{name} ({count})"

    # -- as a Progress: it tells in which phase we are -----------------------------------------------

    @contextmanager
    def step_of(self, name: str) -> Iterator[Told]:
        before, self.phase = self.phase, name
        try:
            yield Told(self, name)
        finally:
            self.phase = f"after {name}" if before == "begin" or before.startswith("after") else before


@dataclass
class Told:
    """A step of the Progress: its outcome is kept. Level by level, one that starts services watches them as well."""

    script: Script
    phase: str
    outcome: str = ""

    def note(self, text: str) -> None:
        self.script.phase = "watch" if text.startswith("watching") else self.phase

    def done(self, text: str) -> None:
        self.outcome = text


@dataclass
class Listener:
    """The Progress of a played release."""

    script: Script
    lines: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, text: str = "") -> Iterator[Told]:
        del text
        with self.script.step_of(name) as told:
            yield told
        self.lines.append(f"{name}: {told.outcome}")

    def line(self, text: str = "") -> None:
        self.lines.append(text)
