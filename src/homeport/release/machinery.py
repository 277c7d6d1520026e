"""Whether what was built can run on this host at all: the kind of its processor, and room for what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping

from homeport.engine.disk import disk
from homeport.engine.host import Host
from homeport.engine.images import images
from homeport.engine.runner import Runner
from homeport.errors import BuildError, HostError


def check_images(runner: Runner, here: str, references: Mapping[str, str]) -> None:
    """`here`: the engine's kind of machine; `references`: service -> reference. Raises BuildError with all that are
    for another."""
    found = images(runner, references.values())
    kinds = {name: found[ref].architecture for name, ref in references.items() if ref in found}
    foreign = {name: kind for name, kind in kinds.items() if kind not in ("", here)}
    if here and foreign:
        raise BuildError(
            "; ".join(
                f"{name}: its image is for {kind}, the host is {here}" for name, kind in foreign.items()
            ),
            f"Build it for the host: FROM without --platform, or DOCKER_DEFAULT_PLATFORM=linux/{here}. "
            "Nothing was changed.",
        )


def check_room(host: Host) -> None:
    """The disk that holds releases, flags and secrets: what is written halfway helps nobody."""
    found = disk(host.runner, host.root)
    if found and found.free < found.reserve:
        raise HostError(
            f"the disk of {host.root} is full: {found.words()}",
            "Free some room on it, then run the same again.",
        )
