"""Whether what was built can run on this host at all: the kind of its processor, and room for what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from homeport.commands import docker
from homeport.engine.disk import disk
from homeport.engine.host import Host
from homeport.engine.runner import Runner
from homeport.errors import BuildError, HostError


def check_images(runner: Runner, images: Mapping[str, str]) -> None:
    """`images`: service -> reference. Raises BuildError with all that are for another kind of machine."""
    here = runner.run(docker.engine_architecture()).out.strip()
    found = json.loads(runner.run(docker.image_ids(*sorted(set(images.values())))).out or "[]")
    kinds = {tag: one.get("Architecture", "") for one in found for tag in one.get("RepoTags") or ()}
    foreign = {name: kinds[ref] for name, ref in images.items() if kinds.get(ref, here) not in ("", here)}
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
