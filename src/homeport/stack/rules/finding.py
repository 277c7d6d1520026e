"""Finding: what a rule has to say; `check` gives it its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from homeport.stack.problem import KeyPath


@dataclass(frozen=True)
class Finding:
    """A fault at `path`. A rule about something that is not there names the part around it.

    It is dropped when something at, below or around `path` or a path of `also` is broken in shape: then
    it may only be an echo of that.
    """

    path: KeyPath
    fault: str
    cure: str = ""
    also: tuple[KeyPath, ...] = ()
    key: bool = False  # the place of the key, not of its value

    def echoes(self, broken: tuple[KeyPath, ...]) -> bool:
        """Whether a broken path touches what this finding looked at."""
        return any(_touches(wrong, looked_at) for wrong in broken for looked_at in (self.path, *self.also))


Findings = Iterator[Finding]


def _touches(one: KeyPath, other: KeyPath) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
