"""A Progress that nobody watches and that keeps what was said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Quiet:
    said: list[str] = field(default_factory=list)

    def line(self, text: str = "") -> None:
        self.said.append(text)

    @contextmanager
    def step(self, name: str, text: str = "") -> Iterator[Quiet]:
        self.said.append(f"{name}: {text}")
        yield self

    def note(self, text: str) -> None:
        self.said.append(text)

    def done(self, text: str) -> None:
        self.said.append(text)
