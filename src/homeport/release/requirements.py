"""Whether what was built can run on this host at all: the kind of its processor, its user, and room."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from homeport.engine.disk import disk
from homeport.engine.host import Host
from homeport.engine.images import images
from homeport.engine.runner import Runner
from homeport.errors import BuildError, HostError
from homeport.stack.model import Target, is_root
from homeport.stack.problem import KeyPath


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


def check_users(runner: Runner, target: Target, place: Callable[[KeyPath], str]) -> None:
    """`user: image` of an image whose user is root is a fault like `user: root`. Raises BuildError with all of them;
    `place` says where a key is written."""
    own = {n: target.image(n) for n, s in target.services.items() if s.user == "image" and not s.allow_root}
    found = images(runner, own.values())
    users = {name: found[ref].user for name, ref in own.items() if ref in found}
    faults = [
        f"{place(('services', name, 'user'))}: the user of its image is root ({user or 'no USER in it'})"
        for name, user in users.items()
        if is_root(user)
    ]
    if faults:
        raise BuildError(
            "\n".join(faults),
            "Write `user: UID:GID` (an image of yours: USER in its Dockerfile), or say why it must be root: "
            "`allow_root: REASON`. Nothing was changed.",
        )


def check_room(host: Host) -> None:
    """The disk that holds releases, flags and secrets: what is written halfway helps nobody."""
    found = disk(host.runner, host.root)
    if found and found.free < found.reserve:
        raise HostError(
            f"the disk of {host.root} is full: {found.words()}",
            "Free some room on it, then run the same again.",
        )
