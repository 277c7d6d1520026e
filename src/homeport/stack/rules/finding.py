"""Finding: what a rule has to say; `check` gives it its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from homeport.stack.keys import field_at
from homeport.stack.problem import KeyPath


@dataclass(frozen=True)
class Finding:
    """A fault at `path`. `also` names all keys that the rule looked at, when it is not `path` alone.

    A finding is dropped when one of them is broken in shape, or has an unknown key beside it: then it may
    only be an echo of that.
    """

    path: KeyPath
    fault: str
    cure: str = ""
    also: tuple[KeyPath, ...] = ()
    key: bool = False  # the place of the key, not of its value

    def echoes(self, broken: tuple[KeyPath, ...]) -> bool:
        """Whether a broken path may be the reason for this finding."""
        if any(_touches(wrong, seen) for wrong in broken for seen in self.also or (self.path,)):
            return True
        beside = {seen[:-1] for seen in self.also}
        return any(wrong[:-1] in beside and field_at(wrong) is None for wrong in broken)


Findings = Iterator[Finding]


def _touches(one: KeyPath, other: KeyPath) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
