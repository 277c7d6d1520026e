"""Whether a migration can have anything to do at all, without running it: its files, its command, and what its tool has
written down in the database, as one fingerprint. The release that serves has recorded its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from homeport.commands import postgres
from homeport.engine.host import Host
from homeport.stack.model import Target


def files_digest(folder: Path, places: Iterable[str]) -> str:
    """Paths and contents of what is at these places below `folder`, without what Python compiled."""
    digest = hashlib.sha256()
    for path in sorted(path for place in places for path in _files(folder / place)):
        contents = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {contents}\n".encode())
    return digest.hexdigest()


def _files(place: Path) -> list[Path]:
    found = [place] if place.is_file() else list(place.rglob("*"))
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def fingerprints(host: Host, live: str, target: Target, files: Mapping[str, str]) -> dict[str, str]:
    """Service -> fingerprint. `files`: service -> digest of its files; `live`: id of the PostgreSQL that serves.

    A service whose migration tool keeps its record in no table that is known has no fingerprint: its migration is
    always asked.
    """
    databases = {name: target.services[name].database or "" for name in files}
    if not databases:
        return {}
    said = host.runner.run(postgres.tool_tables(live, sorted(set(databases.values()))))
    rows = (line.partition("|") for line in said.out.splitlines())
    books = {database: digest for database, _, digest in rows if digest}
    return {
        name: _joined(digest, target.services[name].migrate or "", books[databases[name]])
        for name, digest in files.items()
        if databases[name] in books
    }


def _joined(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
