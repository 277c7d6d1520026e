"""Problem: one fault in homeport.yaml, with its place, its path in the file, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

KeyPath = tuple[str | int, ...]  # ("services", "web", "depends", 0)


@dataclass(frozen=True, order=True)
class Place:
    """Where in a file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """`fault` says what is wrong, `cure` what to do; `path` is empty when the file as a whole is wrong."""

    place: Place
    path: KeyPath
    fault: str
    cure: str = ""

    def __str__(self) -> str:
        words = [str(self.place)]
        if self.path:
            words.append(dotted(self.path))
        words.append(f"{self.fault}; {self.cure}" if self.cure else self.fault)
        return printable(": ".join(words))


def printable(text: str) -> str:
    """One line without control characters: what is typed into the file cannot draw on a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def dotted(path: KeyPath) -> str:
    """`services.web.depends[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "port"?`, or the list of what is known, or nothing when nothing is."""
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.63)
    near = near or [name for name in names if name.replace("_", "") == word.replace("-", "").lower()]
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known are {', '.join(names)}" if names else ""
