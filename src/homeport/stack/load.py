"""homeport.yaml -> Stack. After `load()` nobody checks again and nobody sees a dict."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from homeport.errors import StackError
from homeport.stack.model import Stack
from homeport.stack.problem import KeyPath, Problem, dotted
from homeport.stack.rules import check, noticed, problem
from homeport.stack.rules.finding import Finding
from homeport.stack.shape import shape
from homeport.stack.source import Source, read_bytes

NAME = "homeport.yaml"
_LARGEST = 1024 * 1024  # bytes


def find(start: Path | None = None) -> Path:
    """The homeport.yaml of a folder (default: the current one) or of the nearest folder above it.

    Raises StackError when there is none.
    """
    folder = (start or Path.cwd()).absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / NAME).is_file():
            return candidate / NAME
    raise StackError(
        f"no {NAME} in {folder} or above it", hint="`homeport init` writes one from a compose file"
    )


@dataclass(frozen=True)
class Examined:
    """What came of reading a file: problems sorted by place, and as much of a Stack as could be understood.
    `notices` refuse nothing; there are none while there are problems."""

    file: str
    stack: Stack | None
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...] = ()  # what is allowed and worth a look; only where there is no problem
    source: Source | None = field(default=None, repr=False)

    def text(self) -> str:
        """All problems, one per line, and their count."""
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return "\n".join([*map(str, self.problems), f"{count} in {self.file}"])

    def adding(self, findings: Iterable[Finding]) -> Examined:
        """The same with what was found afterwards, each at its place in the file."""
        assert self.source is not None  # noqa: S101 (examine() gives it)
        found = {problem(finding, self.source) for finding in findings}
        return replace(self, problems=_sorted({*self.problems, *found}))


def examine(path: Path) -> Examined:
    """Read a file and find all that is wrong with it. Raises StackError only when it cannot be read."""
    shown = _shown(path)
    source = read_bytes(_content(path), shown)
    shaped = shape(source)
    problems = set(shaped.problems)
    if shaped.stack is not None:
        problems.update(check(shaped.stack, source, shaped.broken, path.absolute().parent))
    seen = noticed(shaped.stack, source) if shaped.stack and not problems else ()
    return Examined(shown, shaped.stack, _sorted(problems), _sorted(set(seen)), source)


def _sorted(problems: set[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.place, str(problem))))


def place(path: Path, keys: KeyPath) -> str:
    """`homeport.yaml:12:5: services.web.user`, for a fault that only a release can see."""
    source = read_bytes(_content(path), _shown(path))
    return f"{source.locate(keys)}: {dotted(keys)}"


def load(path: Path) -> Stack:
    """Read and check a file. Raises StackError with all its problems, one per line, sorted by place."""
    examined = examine(path)
    if examined.problems or examined.stack is None:
        raise StackError(examined.text())
    return examined.stack


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise StackError(
            f"{_shown(path)}: {reason}", hint="`homeport init` writes one from a compose file"
        ) from fault
    if len(content) > _LARGEST:
        raise StackError(f"{_shown(path)}: larger than 1 MB", hint="is this the right file?")
    return content


def _shown(path: Path) -> str:
    """The path as a person would type it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
