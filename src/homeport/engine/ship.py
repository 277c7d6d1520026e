"""Brings images to a host without a registry: only the layers that the host lacks travel over ssh.

`docker save` writes each layer as a file named by its content; `docker load` looks a layer up by the chain of
contents below it before it opens that file (moby, image/tarexport/load.go). So a layer that the host has in the
same chain may be left out of the archive. Where a host's image store works otherwise, the whole is sent.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, cast

from homeport.commands import docker
from homeport.engine.runner import LocalRunner, Runner
from homeport.engine.ssh import SshRunner
from homeport.errors import BuildError, HostError

Chain = tuple[str, ...]  # digests of layers, lowest first


@dataclass(frozen=True)
class Shipped:
    """What travelled: bytes on the wire, layers sent and layers that were there already."""

    images: int
    bytes: int
    sent: int
    kept: int


def ship(references: Iterable[str], host: SshRunner, note: Callable[[str], None]) -> Shipped:
    """Send the images that the host has not. The local engine must have them all."""
    wanted = sorted(set(references))
    mine, theirs = images(LocalRunner(), wanted), images(host, None)
    missing = [ref for ref in wanted if ref not in theirs or theirs[ref].id != mine[ref].id]
    if not missing:
        return Shipped(0, 0, 0, 0)
    there = {one.layers[:n] for one in theirs.values() for n in range(1, len(one.layers) + 1)}
    keep = _layers_there([mine[ref].layers for ref in missing], there)
    try:
        return _send(missing, keep, host, note)
    except BuildError:
        if not keep:
            raise
        note("the host takes whole images only; sending them again in full")
        return _send(missing, frozenset(), host, note)


@dataclass(frozen=True)
class Image:
    """An image on an engine: its id and its layers."""

    id: str
    layers: Chain


def images(runner: Runner, references: list[str] | None) -> dict[str, Image]:
    """Reference -> image, for these or for all of the engine's."""
    if references is None:
        references = [r for r in runner.run(docker.image_names()).out.split() if "<none>" not in r]
    if not references:
        return {}
    found: dict[str, Image] = {}
    for one in json.loads(runner.run(docker.image_ids(*references)).out or "[]"):
        image = Image(one["Id"], tuple(one["RootFS"].get("Layers") or ()))
        found |= dict.fromkeys(one["RepoTags"] or (), image)
    return found


def _layers_there(chains: list[Chain], there: set[Chain]) -> frozenset[str]:
    """Digests that may be left out: those at the host in the same chain, for every image that has them."""
    kept: set[str] = set()
    needed: set[str] = set()
    for chain in chains:
        for n in range(1, len(chain) + 1):
            (kept if chain[:n] in there else needed).add(chain[n - 1])
    return frozenset(kept - needed)


def _send(
    references: list[str], keep: frozenset[str], host: SshRunner, note: Callable[[str], None]
) -> Shipped:
    save = subprocess.Popen(["docker", "save", *references], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    load = subprocess.Popen(
        host.words("docker load -q"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with save, load:
        assert save.stdout and load.stdin and load.stdout  # noqa: S101 (Popen with PIPE has them)
        counter = _Counter(load.stdin)
        try:
            sent = _filter(save.stdout, counter, keep, lambda text: note(f"{text} ({counter.megabytes})"))
            load.stdin.close()
        except OSError:
            save.kill()
        said = load.stdout.read().decode(errors="replace")
        if load.wait() == 255:
            raise HostError(
                f"the connection to {host.destination} was lost while images travelled", "Run it again."
            )
        if load.returncode:
            raise BuildError(
                f"{host.destination}: docker load failed", "Its own words are above.", said[-500:]
            )
    return Shipped(len(references), counter.count, sent, len(keep))


class _Counter:
    """Counts what goes to the wire."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.count = stream, 0

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self.count += len(data)
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    @property
    def megabytes(self) -> str:
        return f"{self.count / 1e6:.1f} MB"


def _filter(source: IO[bytes], sink: _Counter, keep: frozenset[str], note: Callable[[str], None]) -> int:
    """Copy the archive, gzipped, without the layers in `keep`; how many layers went."""
    sent = 0
    names = {f"blobs/sha256/{digest.removeprefix('sha256:')}" for digest in keep}
    with gzip.GzipFile(fileobj=cast(IO[bytes], sink), mode="wb", compresslevel=1) as packed:
        with (
            tarfile.open(fileobj=source, mode="r|") as old,
            tarfile.open(fileobj=cast(IO[bytes], packed), mode="w|") as new,
        ):
            for entry in old:
                if entry.name in names:
                    continue
                new.addfile(entry, old.extractfile(entry) if entry.isfile() else None)
                if entry.isfile() and entry.size > 4096:
                    sent += 1
                    note(f"layer {sent}, {entry.size / 1e6:.1f} MB")
        while source.read(65536):
            pass
    return sent
