"""Folder: the files around a compose file, read through one small window, so that the rest stays pure."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

_LARGEST = 1_000_000  # bytes; a configuration file is smaller

_PASSED_OVER = {"node_modules", ".git", ".venv", "venv", "__pycache__", "vendor", ".homeport"}

Kind = Literal["file", "folder", "missing"]


@dataclass(frozen=True)
class Folder:
    """Paths are relative to `root`, with `/`. What lies outside of it, or is no text, is as if it were not there."""

    root: Path

    def kind(self, path: str) -> Kind:
        real = self._real(path)
        if real is None or not real.exists():
            return "missing"
        return "folder" if real.is_dir() else "file"

    def bytes(self, path: str) -> bytes | None:
        """The content of a file of at most 1 MB, or None."""
        real = self._real(path)
        try:
            if real is None or not real.is_file() or real.stat().st_size > _LARGEST:
                return None
            return real.read_bytes()
        except OSError:
            return None

    def text(self, path: str) -> str | None:
        content = self.bytes(path)
        return None if content is None else content.decode("utf-8", errors="replace")

    def find(self, path: str, *patterns: str, most: int = 40) -> list[str]:
        """Files below `path` whose name matches one of the patterns, folder by folder, at most `most`."""
        real = self._real(path)
        if real is None or not real.is_dir():
            return []
        found: list[str] = []
        for folder, inner, names in os.walk(real):
            inner[:] = sorted(set(inner) - _PASSED_OVER)
            wanted = (name for name in sorted(names) if any(fnmatch(name, pattern) for pattern in patterns))
            found += [Path(folder, name).relative_to(self.root.resolve()).as_posix() for name in wanted]
            if len(found) >= most:
                break
        return found[:most]

    def _real(self, path: str) -> Path | None:
        root = self.root.resolve()
        try:
            real = (root / path).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        return real if real == root or root in real.parents else None


def join(folder: str, path: str) -> str:
    """`path` as seen from `folder`, normalised: `./a/../b` -> `b`; the folder itself is `.`."""
    return posixpath.normpath(posixpath.join(folder, path))
