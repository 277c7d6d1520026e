"""FileTree: the rendered stack as data, a path -> text and mode; compared, digested and written here."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, order=True)
class File:
    """One rendered file. `path` is relative, with `/`; `mode` is 0o644, or 0o755 for a program."""

    path: str
    text: str
    mode: int = 0o644

    def __post_init__(self) -> None:
        pure = PurePosixPath(self.path)
        if pure.is_absolute() or ".." in pure.parts:
            raise ValueError(f"a rendered file must stay in its tree: {self.path}")


@dataclass(frozen=True)
class Difference:
    """What changes from one tree to another: paths, sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def touched(self) -> tuple[str, ...]:
        return tuple(sorted((*self.added, *self.changed, *self.removed)))


@dataclass(frozen=True)
class FileTree:
    """A set of files, sorted by path; two files of one path are a programming error."""

    files: tuple[File, ...] = ()

    @classmethod
    def of(cls, files: Iterable[File]) -> FileTree:
        ordered = tuple(sorted(files, key=lambda file: file.path))
        paths = [file.path for file in ordered]
        if len(set(paths)) != len(paths):
            raise ValueError(f"two files of one path: {sorted({p for p in paths if paths.count(p) > 1})}")
        return cls(ordered)

    @classmethod
    def read(cls, root: Path) -> FileTree:
        """The tree below `root` as it is on disk (empty when it is not there)."""
        found = (path for path in sorted(root.rglob("*")) if path.is_file()) if root.is_dir() else iter(())
        return cls.of(
            File(path.relative_to(root).as_posix(), path.read_text(), path.stat().st_mode & 0o777)
            for path in found
        )

    def __iter__(self) -> Iterator[File]:
        return iter(self.files)

    def __getitem__(self, path: str) -> File:
        return next(file for file in self.files if file.path == path)

    def digest(self) -> str:
        """SHA-256 over paths, modes and texts, in hex."""
        state = hashlib.sha256()
        for file in self.files:
            state.update(f"{file.path}\0{file.mode:o}\0{len(file.text.encode())}\0{file.text}".encode())
        return state.hexdigest()

    def difference(self, old: FileTree) -> Difference:
        """What it takes to come from `old` to this tree."""
        mine = {file.path: file for file in self.files}
        theirs = {file.path: file for file in old.files}
        return Difference(
            added=tuple(sorted(mine.keys() - theirs.keys())),
            changed=tuple(sorted(p for p in mine.keys() & theirs.keys() if mine[p] != theirs[p])),
            removed=tuple(sorted(theirs.keys() - mine.keys())),
        )

    def write(self, root: Path) -> None:
        """Write every file atomically (a reader sees the old or the new text), directories kept in place.

        Directories are never replaced: containers mount them, and a mount follows the inode.
        """
        for file in self.files:
            write_atomically(root / file.path, file.text, file.mode)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write by a temporary file in the same directory, fsync and rename."""
    write_bytes_atomically(path, text.encode(), mode)


def write_bytes_atomically(path: Path, data: bytes, mode: int = 0o644, uid: int | None = None) -> None:
    """The same for bytes; `uid` becomes owner and group before the file has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if uid is not None:
                os.fchown(stream.fileno(), uid, uid)
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
