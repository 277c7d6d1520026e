"""Brings images to a host without a registry: only the layers that the host lacks travel over ssh.

`docker save` writes each layer as a file named by its content; `docker load` looks a layer up by the chain of
contents below it before it opens that file (moby, image/tarexport/load.go). So a layer that the host has in the
same chain may be left out of the archive. Where a host's image store works otherwise, the whole is sent.
"""

from __future__ import annotations

import gzip
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, cast

from homeport.commands import docker
from homeport.engine.disk import disk
from homeport.engine.images import Chain, Image, all_images, images
from homeport.engine.runner import LocalRunner
from homeport.engine.ssh import SshRunner
from homeport.engine.ssh_faults import lost
from homeport.errors import BuildError, HostError


@dataclass(frozen=True)
class Shipped:
    """What travelled: bytes on the wire, layers sent and layers that were there already."""

    images: int
    bytes: int
    sent: int
    kept: int


def ship(references: Iterable[str], host: SshRunner, note: Callable[[str], None]) -> Shipped:
    """Send the images that the host has not. The local engine must have them all; the host must have room."""
    mine, missing, there = _missing(references, host)
    if not missing:
        return Shipped(0, 0, 0, 0)
    layers = _layers([mine[ref].layers for ref in missing], there)
    _check_room(host, _size({mine[ref].layers: ref for ref in missing}, there))
    try:
        return _send(missing, layers, host, note)
    except _LacksLayer:
        note("the host takes whole images only; sending them again in full")
        return _send(missing, _Layers(frozenset(), layers.all), host, note)


def check_room(references: Iterable[str], host: SshRunner) -> None:
    """HostError when these images of the local engine do not find room on the host, whichever way they come."""
    mine, missing, there = _missing(references, host)
    _check_room(host, _size({mine[ref].layers: ref for ref in missing}, there))


def _missing(references: Iterable[str], host: SshRunner) -> tuple[dict[str, Image], list[str], set[Chain]]:
    """The images as they are here, those that the host has not, and the chains of layers that it has."""
    wanted = sorted(set(references))
    mine, theirs = images(LocalRunner(), wanted), all_images(host)
    missing = [ref for ref in wanted if ref not in theirs or not theirs[ref].same(mine[ref])]
    return mine, missing, {one.layers[:n] for one in theirs.values() for n in range(1, len(one.layers) + 1)}


class _LacksLayer(Exception):  # noqa: N818 (reads as what happened)
    """The host asked for a layer that was left out."""


@dataclass(frozen=True)
class _Layers:
    """Digests of the layers of the images that travel: those that may be left out, and all."""

    there: frozenset[str]
    all: frozenset[str]


def _layers(chains: list[Chain], there: set[Chain]) -> _Layers:
    """A layer may be left out when the host has it in the same chain, for every image that has it."""
    kept: set[str] = set()
    needed: set[str] = set()
    for chain in chains:
        for n in range(1, len(chain) + 1):
            (kept if chain[:n] in there else needed).add(chain[n - 1])
    return _Layers(frozenset(kept - needed), frozenset(kept | needed))


def _size(chains: dict[Chain, str], there: set[Chain]) -> int:
    """Bytes that the missing layers take on the host: from the history of each image, newest layer first."""
    sizes: dict[Chain, int] = {}
    for chain, reference in chains.items():
        listed = LocalRunner().run(docker.layer_sizes(reference)).out.split()
        for n, size in enumerate(size for size in map(int, listed) if size):
            sizes[chain[: max(0, len(chain) - n)]] = size
    return sum(size for chain, size in sizes.items() if chain and chain not in there)


def _check_room(host: SshRunner, needed: int) -> None:
    """HostError when the disk of the host's engine would be left too full. While images are unpacked they lie
    there twice."""
    root = host.run(docker.root()).out.strip()
    found = disk(host, root)
    if found and found.free < max(needed + found.reserve, 2 * needed):
        raise HostError(
            f"{host.destination}: {needed / 1e9:.2f} GB of images would not leave 10 % of the disk of {root} "
            f"({found.words()}); nothing was changed",
            f"Free some: `ssh {host.destination} docker system df` shows what Docker holds.",
        )


def _send(references: list[str], layers: _Layers, host: SshRunner, note: Callable[[str], None]) -> Shipped:
    pipe = subprocess.PIPE
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 (below; a pipe that nobody reads would fill)
    save = subprocess.Popen(
        ["docker", "save", *references], stdout=pipe, stderr=complaints, start_new_session=True
    )
    load = subprocess.Popen(
        host.words("docker load -q"),
        stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, bufsize=0, start_new_session=True,
    )  # fmt: skip
    with complaints, save, load:
        assert save.stdout and load.stdin and load.stdout  # noqa: S101 (Popen with PIPE has them)
        counter, sent, whole = _Counter(load.stdin), 0, False
        try:
            sent = _filter(save.stdout, counter, layers, lambda text: note(f"{text} ({counter.words})"))
            whole = True
        except (OSError, tarfile.TarError):
            save.kill()
        except BaseException:
            save.kill()
            load.kill()
            raise
        load.stdin.close()
        said = load.stdout.read().decode(errors="replace")
        _judge(load.wait(), said, host.destination)
        if save.wait() or not whole:
            raise _not_saved(complaints)
    return Shipped(len(references), counter.count, sent, len(layers.there))


def _not_saved(complaints: IO[bytes]) -> BuildError:
    complaints.seek(0)
    said = complaints.read().decode(errors="replace").strip()
    return BuildError(
        "docker save failed on this machine; nothing was changed on the host",
        "The engine's own words are above. Run the same again: what has gone is built anew.",
        said[-500:],
    )


def _judge(code: int, said: str, destination: str) -> None:
    """Raise what the end of `docker load` on the host means."""
    if code == 255:
        raise lost(destination, said[-500:])
    if "no space left" in said:
        cure = f"Free some: `ssh {destination} docker system df` shows what Docker holds."
        raise HostError(f"{destination}: the disk became full while images came in", cure, said[-500:])
    if code and ("no such file" in said or "not found" in said):
        raise _LacksLayer(said)
    if code:
        raise BuildError(f"{destination}: docker load failed", "Its own words are above.", said[-500:])


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
    def words(self) -> str:
        return size(self.count)


def size(count: int) -> str:
    """12.3 kB, 4.5 MB."""
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _filter(source: IO[bytes], sink: _Counter, layers: _Layers, note: Callable[[str], None]) -> int:
    """Copy the archive, gzipped, without the layers that are there; how many layers went."""
    sent = 0
    with gzip.GzipFile(fileobj=cast(IO[bytes], sink), mode="wb", compresslevel=1) as packed:
        with (
            tarfile.open(fileobj=source, mode="r|") as old,
            tarfile.open(fileobj=cast(IO[bytes], packed), mode="w|") as new,
        ):
            for entry in old:
                digest = f"sha256:{PurePosixPath(entry.name).name}"
                if digest in layers.there:
                    continue
                if entry.isfile() and digest in layers.all:
                    sent += 1
                    note(f"layer {sent}, {size(entry.size)}")
                new.addfile(entry, old.extractfile(entry) if entry.isfile() else None)
        while source.read(65536):
            pass
    return sent
