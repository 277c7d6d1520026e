"""Where a secret could leak to, as bytes to search: each source gives (place, content)."""

from __future__ import annotations

import contextlib
import gzip
import subprocess
import tarfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from tests.live.engine import docker

Source = Iterable[tuple[str, bytes]]
_OFTEN = 0.2  # seconds between two looks at all processes


def leaks(secrets: Mapping[str, str], *sources: Source) -> list[str]:
    """`PLACE holds NAME` for each secret that is found."""
    values = {name: value.encode() for name, value in secrets.items()}
    return [
        f"{place} holds {name}"
        for source in sources
        for place, content in source
        for name, value in values.items()
        if value in content
    ]


def containers(names: Iterable[str]) -> Source:
    """What the engine tells of each container, and all it has said."""
    for name in names:
        yield f"docker inspect {name}", docker("inspect", name).encode()
        yield f"docker logs {name}", docker("logs", name, ok=False).encode()


def images(references: Iterable[str]) -> Source:
    """Configuration, history, and every file of every layer."""
    wanted = sorted(references)
    for reference in wanted:
        yield f"docker image inspect {reference}", docker("image", "inspect", reference).encode()
        yield f"docker history {reference}", docker("history", "--no-trunc", reference).encode()
    saved = subprocess.Popen(("docker", "save", *wanted), stdout=subprocess.PIPE)
    assert saved.stdout
    with saved.stdout as stream:
        yield from _members(stream)
    assert saved.wait() == 0, f"docker save {wanted}"


def _members(stream: IO[bytes]) -> Source:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            if file := tar.extractfile(member):
                content = file.read()
                packed = content.startswith(b"\x1f\x8b")
                yield f"docker save: {member.name}", gzip.decompress(content) if packed else content


def files(folder: Path, paths: Iterable[Path] | None = None) -> Source:
    """Every file below a folder, or the given ones; links are looked at where they lead."""
    for path in sorted(folder.rglob("*")) if paths is None else paths:
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path.read_bytes()


def processes() -> Source:
    """Command line and environment of every process of the machine, containers' included."""
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            # A process may end at any time, and another user's environment is not ours to read.
            with contextlib.suppress(OSError):
                yield (
                    f"/proc/PID/{name} of {(folder / 'comm').read_text().strip()}",
                    (folder / name).read_bytes(),
                )


class Watch:
    """Looks at all processes again and again while the block runs; `seen` is each content once, with its place."""

    def __init__(self) -> None:
        self.seen: dict[bytes, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(_OFTEN):
            for place, content in processes():
                self.seen.setdefault(content, place)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return ((place, content) for content, place in self.seen.items())
