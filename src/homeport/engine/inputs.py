"""What goes into a build, as one digest. BuildKit would find by itself that nothing changed, but takes a tenth of a
second for each image to say so; who knows that all that it could look at is the same need not ask.

Whatever is in doubt counts as changed. What .dockerignore surely leaves out is left out here as well; of its patterns
those with wildcards and exceptions are not believed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path

from homeport.commands.bake import BuildTarget
from homeport.files import write_atomically

_PLAIN = re.compile(r"(\*\*/)?[\w.-]+(/[\w.-]+)*")
_FETCHES = re.compile(r"^\s*ADD\s.*(://|git@|\.git\b)", re.IGNORECASE | re.MULTILINE)
_SETTLED = 1.0  # seconds: what was written a moment ago may be written again without a trace


def digest(target: BuildTarget, bases: Mapping[str, str]) -> str:
    """The definition, the ids of its base images, and path, size, times and mode of every file of its context. Empty
    when a file is so new that another change of it might not show, or the Dockerfile fetches something itself."""
    found = hashlib.sha256(json.dumps([asdict(target), dict(bases)], sort_keys=True).encode())
    for name in (target.dockerfile, f"{target.dockerfile}.dockerignore", ".dockerignore"):
        file = Path(target.context) / name
        found.update(file.read_bytes() if file.is_file() else b"")
    dockerfile = Path(target.context) / target.dockerfile
    if dockerfile.is_file() and _FETCHES.search(dockerfile.read_text(errors="replace")):
        return ""
    newest = 0
    for name, seen in _files(Path(target.context), _left_out(target)):
        newest = max(newest, seen.st_ctime_ns)
        facts = (name, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_mode)
        found.update(repr(facts).encode())
    return found.hexdigest() if newest / 1e9 < time.time() - _SETTLED else ""


def folder_digest(folder: Path) -> str:
    """The same of a folder of files, which a build has written."""
    found = hashlib.sha256()
    for name, seen in _files(folder, frozenset()):
        found.update(repr((name, seen.st_size, seen.st_mtime_ns)).encode())
    return found.hexdigest()


def _files(folder: Path, left_out: frozenset[str]) -> Iterator[tuple[str, os.stat_result]]:
    for place, folders, files in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = sorted(name for name in folders if not _is_left_out(here / name, left_out))
        for name in sorted([*files, *(one for one in folders if (Path(place) / one).is_symlink())]):
            if not _is_left_out(here / name, left_out):
                yield (here / name).as_posix(), (Path(place) / name).lstat()
        yield here.as_posix(), Path(place).lstat()


def _is_left_out(path: Path, left_out: frozenset[str]) -> bool:
    return path.as_posix() in left_out or f"**/{path.name}" in left_out


def takes_in(target: BuildTarget, name: str) -> bool:
    """Whether the context has what is called so at its top, for all that .dockerignore says."""
    context = Path(target.context)
    files = (context / f"{target.dockerfile}.dockerignore", context / ".dockerignore")
    file = next((file for file in files if file.is_file()), None)
    taken = True
    for line in file.read_text().splitlines() if file else ():
        pattern = line.strip().lstrip("!").removeprefix("./").strip("/").removeprefix("**/")
        if pattern and fnmatch(name, pattern):
            taken = line.strip().startswith("!")
    return taken


def _left_out(target: BuildTarget) -> frozenset[str]:
    """Paths, and names after `**/`, that .dockerignore takes out of the context without doubt."""
    context = Path(target.context)
    file = context / ".dockerignore"
    if (context / f"{target.dockerfile}.dockerignore").exists() or not file.is_file():
        return frozenset()
    lines = [line.strip() for line in file.read_text().splitlines()]
    if any(line.startswith("!") for line in lines):
        return frozenset()
    patterns = (line.removeprefix("/").rstrip("/") for line in lines)
    return frozenset(pattern for pattern in patterns if _PLAIN.fullmatch(pattern))


@dataclass(frozen=True)
class Builds:
    """What builds have made, in a file: name -> digest of the inputs, and the id of the image or folder."""

    path: Path

    def known(self) -> dict[str, tuple[str, str]]:
        try:
            found = json.loads(self.path.read_text())
            return {name: (str(inputs), str(made)) for name, (inputs, made) in found.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def remember(self, made: Mapping[str, tuple[str, str]]) -> None:
        """Those without a digest of their inputs are forgotten."""
        kept = {name: one for name, one in made.items() if one[0]}
        write_atomically(self.path, json.dumps(kept, sort_keys=True))
