"""What of a folder the edge would show to everybody, and what must not lie in it: the rule that `check` reads, and what
a release is copied by."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

CURE = "name a folder that holds nothing but what visitors may read; put a file in the place of a link"
_PRIVATE = ("homeport.yaml", ".homeport", ".git", ".env*")
_HIDDEN_BUT = ".well-known"  # all else that begins with a dot is never served (nginx: frontend.conf)
_SHOWN = 5
_ANY = 0o170777  # no mode is without one of these: the kind of a file is among them


@dataclass(frozen=True)
class Published:
    """`files`: path of a visitor -> the file on the disk. `faults`: what must not be there, in words."""

    files: dict[str, Path] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def words(self) -> str:
        """The faults, as one line."""
        more = len(self.faults) - _SHOWN
        return ", ".join(self.faults[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def look_through(folder: Path, *, built: bool = False) -> Published:
    """Every file below a folder. Links that stay in it stand for what they lead to; those that leave it are faults.

    Modes say what is private, but for what was `built`: there they are an accident of the build.
    """
    found = Published()
    top = folder.resolve()
    if folder.is_dir():
        _Walk(top, found, _ANY if built else _open_bits(top)).folder(top, PurePosixPath(), ())
    return found


def is_private(name: str) -> bool:
    """Whether a file or folder of this name is never for visitors."""
    return any(fnmatch(name, pattern) for pattern in _PRIVATE)


def _open_bits(top: Path) -> int:
    """What a file must have one of. Where others may read index.html, one that they may not read is private; a umask
    of 077 makes all of them so, and then only what not even its owner may write is."""
    index = top / "index.html"
    mode = index.stat().st_mode if index.is_file() else 0
    return next((bit for bit in (0o004, 0o040) if mode & bit), 0o244)


@dataclass(frozen=True)
class _Walk:
    top: Path
    found: Published
    bits: int

    def folder(self, folder: Path, at: PurePosixPath, above: tuple[Path, ...]) -> None:
        """`folder` is a real path, `above` those it was reached through."""
        try:
            entries = sorted(os.scandir(folder), key=lambda one: one.name)
        except OSError as fault:
            self.found.faults.append(f"{at} ({fault.strerror})")
            return
        for entry in entries:
            path = at / entry.name
            if is_private(entry.name) or self._is_secrets(entry):
                self.found.faults.append(f"{path}{'/' if entry.is_dir() else ''}")
            elif not entry.name.startswith(".") or str(path) == _HIDDEN_BUT:
                self._entry(Path(entry.path), path, (*above, folder))

    @staticmethod
    def _is_secrets(entry: os.DirEntry[str]) -> bool:
        """homeport's own folder, or one like it; a page of that name has an index.html."""
        return entry.name == "secrets" and entry.is_dir() and not (Path(entry.path) / "index.html").is_file()

    def _entry(self, place: Path, path: PurePosixPath, above: tuple[Path, ...]) -> None:
        link = place.is_symlink()
        if link and (fault := self._leads_astray(place, above)):
            self.found.faults.append(f"{path} ({fault})")
            return
        real = place.resolve() if link else place
        mode = real.stat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            self.found.faults.append(f"{path} (neither a file nor a folder)")
        elif not mode & self.bits:
            self.found.faults.append(f"{path} (mode {mode & 0o777:04o}: not for everybody)")
        elif stat.S_ISDIR(mode):
            self.folder(real, path, above)
        else:
            self.found.files[str(path)] = real

    def _leads_astray(self, link: Path, above: tuple[Path, ...]) -> str:
        """What is wrong with a link; empty when it leads to something that is published anyway."""
        try:
            real = link.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a circle of links
            return "a link that leads nowhere"
        if not real.is_relative_to(self.top):
            return f"a link out of the folder: {link.readlink()}"
        if any(part.startswith(".") or is_private(part) for part in real.relative_to(self.top).parts):
            return "a link to what is not published"
        return "a link back to a folder above it" if real in above else ""
