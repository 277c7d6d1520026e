"""Finding: what became of one key of a compose file. Every key has one; nothing is dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from homeport.stack.problem import Place

NOWHERE = Place("compose", 1, 1)


class Fate(StrEnum):
    """What happened to a key: the same in homeport.yaml, in another form, or not there."""

    CARRIED = "carried"
    CHANGED = "changed"
    DROPPED = "not carried"


@dataclass(frozen=True)
class Finding:
    """`why` says what happened and for what reason, `cure` what to do (empty: nothing).

    `asks` marks the few that only a person can answer: `homeport check` refuses the file until then.
    """

    place: Place
    path: str
    fate: Fate
    why: str
    cure: str = ""
    asks: bool = False

    def __str__(self) -> str:
        words = f"{self.place.file}:{self.place.line}: {self.path}: {self.fate}: {self.why}"
        return f"{words}; {self.cure}" if self.cure else words


@dataclass
class Findings:
    """The list that grows while a file is read; a finding is kept once."""

    items: list[Finding] = field(default_factory=list)

    def carried(self, place: Place, path: str, why: str = "as it is", cure: str = "") -> None:
        self._add(Finding(place, path, Fate.CARRIED, why, cure))

    def changed(self, place: Place, path: str, why: str, cure: str = "") -> None:
        self._add(Finding(place, path, Fate.CHANGED, why, cure))

    def dropped(self, place: Place, path: str, why: str, cure: str = "") -> None:
        self._add(Finding(place, path, Fate.DROPPED, why, cure))

    def asks(self, place: Place, path: str, why: str, cure: str) -> None:
        self._add(Finding(place, path, Fate.DROPPED, why, cure, asks=True))

    def _add(self, finding: Finding) -> None:
        if finding not in self.items:
            self.items.append(finding)

    def sorted(self) -> tuple[Finding, ...]:
        return tuple(sorted(self.items, key=lambda f: (f.place.file, f.place.line, f.path, f.fate, f.why)))
