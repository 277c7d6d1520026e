"""Progress: how the rooms that act tell what they do, without knowing who listens."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    """One step under way."""

    def note(self, text: str) -> None: ...

    def done(self, text: str) -> None: ...


class Progress(Protocol):
    """Opens steps; cli/say.py is the one that prints them."""

    def step(self, name: str, text: str = "") -> AbstractContextManager[Step]: ...

    def line(self, text: str = "") -> None: ...
