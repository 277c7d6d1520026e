"""Which image each part runs on in either set, and the stand-ins for FROM lines: sets.toml, typed."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

SetName = Literal["upstream", "local"]
BASE = "homeport/base-debian:trixie"
BASE_TARGET = "base"


@dataclass(frozen=True)
class PartImage:
    """The images of one part: full references, the local one's bake target, `user` as UID:GID in both."""

    upstream: str
    local: str
    target: str
    user: str


@dataclass(frozen=True)
class StandIn:
    """What answers every image whose whole name matches `asked`; `note` says how it differs, or is empty."""

    asked: re.Pattern[str]
    local: str
    target: str
    note: str


@dataclass(frozen=True)
class Cannot:
    """Images that have no stand-in, and the reason with the cure."""

    asked: re.Pattern[str]
    reason: str


@dataclass(frozen=True)
class ImageSets:
    """All of sets.toml."""

    parts: dict[str, PartImage]
    stand_ins: tuple[StandIn, ...]
    cannot: tuple[Cannot, ...]

    def reference(self, part: str, which: SetName) -> str:
        """The reference of a part's image; KeyError where the set has no such part."""
        image = self.parts[part]
        return image.local if which == "local" else image.upstream

    def targets(self) -> dict[str, str]:
        """Bake target -> reference, for everything the local set can build (the base included)."""
        parts = {p.target: p.local for p in self.parts.values()}
        return parts | {s.target: s.local for s in self.stand_ins}


@cache
def load() -> ImageSets:
    """The sets that ship with this version of homeport."""
    data = tomllib.loads((files(__package__) / "sets.toml").read_text("utf-8"))
    return ImageSets(
        parts={name: PartImage(**part) for name, part in data["parts"].items()},
        stand_ins=tuple(
            StandIn(re.compile(s["asked"]), s["local"], s["target"], s.get("note", ""))
            for s in data["stand_ins"]
        ),
        cannot=tuple(Cannot(re.compile(c["asked"]), c["reason"]) for c in data["cannot"]),
    )
