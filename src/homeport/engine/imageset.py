"""Brings the images that the stack's own parts run on: from a registry, or the local set built here."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from pathlib import Path

from homeport.commands import docker
from homeport.engine.images import image_ids
from homeport.engine.progress import Step
from homeport.engine.runner import Runner, together
from homeport.errors import BuildError
from homeport.files import write_atomically
from homeport.images import localset
from homeport.images.sets import SetName, load

_STEP = re.compile(r"#\d+ \[(?P<what>[^\]]+)\]")
_APT = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")


def choose(runner: Runner, wanted: str, cache: Path, parts: list[str]) -> SetName:
    """`auto` keeps the choice made before; the first time it takes what is here, else asks the registry once."""
    if wanted in ("local", "upstream"):
        return "local" if wanted == "local" else "upstream"
    kept = cache / "image-set"
    if kept.exists() and kept.read_text() in ("local", "upstream"):
        return "local" if kept.read_text() == "local" else "upstream"
    upstream = [load().reference(part, "upstream") for part in parts]
    here = len(image_ids(runner, upstream)) == len(set(upstream))
    chosen: SetName = "upstream" if here or _registry_answers(runner, upstream[0]) else "local"
    write_atomically(kept, chosen)
    return chosen


def _registry_answers(runner: Runner, reference: str) -> bool:
    """One question; where the client waits too long that is a no as well."""
    from homeport.errors import HostError  # noqa: PLC0415

    try:
        return runner.run(docker.manifest(reference)).ok
    except HostError:
        return False


def ensure(
    runner: Runner, chosen: SetName, parts: list[str], stand_ins: Iterable[str], step: Step
) -> dict[str, str]:
    """Part -> reference, after every image is on this engine. `stand_ins`: bake targets for FROM lines."""
    references = {part: load().reference(part, chosen) for part in parts}
    if chosen == "upstream":
        _pull(runner, references, step)
    else:
        _build(runner, [*(load().parts[part].target for part in parts), *stand_ins], step)
    return references


def _pull(runner: Runner, references: dict[str, str], step: Step) -> None:
    have = image_ids(runner, list(references.values()))
    for part, reference in references.items():
        if reference not in have:
            step.note(f"pulling {reference.split('@')[0]}")
            result = runner.run(docker.pull(reference))
            if not result.ok:
                raise BuildError(
                    f"{part}: {reference} could not be pulled",
                    "Is there a way to the registry? Without one: --images local builds the set here.",
                    result.tail(3),
                )


def _build(runner: Runner, targets: list[str], step: Step) -> None:
    recipes = (localset.recipe(), localset.base_recipe())
    there, base_there = together(runner, *(localset.present(recipe) for recipe in recipes))
    wanted = localset.missing(there.out, base_there.out, targets)
    if not wanted:
        return
    sources = localset.Sources(*localset.mirrors(apt_texts()), ca=localset.ca_bundle())

    def show(line: str) -> None:
        if match := _STEP.match(line):
            step.note(f"building the local set: {match['what']}")

    if "base" in wanted:
        step.note("making the base image from Debian packages")
        _must(runner.stream(localset.base(sources), lambda _: None).code, "the base image", runner)
    result = runner.stream(localset.bake(wanted, sources), show)
    if not result.ok:
        raise BuildError(
            "the local image set cannot be built",
            "It needs Debian's and Python's package registries. Without them, build it on a machine that has them and "
            "bring it: docker save there, docker load here.",
            result.tail(),
        )


def _must(code: int, what: str, runner: Runner) -> None:
    if code:
        raise BuildError(
            f"{what} cannot be made on {socket.gethostname()}",
            "It takes the program mmdebstrap and root: apt-get install mmdebstrap",
        )


def apt_texts() -> list[str]:
    """The texts of this machine's apt sources; empty where there is no apt."""
    single, folder = Path(_APT[0]), Path(_APT[1])
    files = [single, *(sorted(folder.glob("*")) if folder.is_dir() else [])]
    return [file.read_text() for file in files if file.is_file() and file.suffix in (".list", ".sources")]
