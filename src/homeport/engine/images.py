"""What images an engine has. Two kinds of image store give one image two ids, and a rebuild may give it a third."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from homeport.commands import docker
from homeport.engine.runner import Runner
from homeport.errors import HostError

Chain = tuple[str, ...]  # digests of layers, lowest first
_RUNS = (
    "Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes", "Labels", "StopSignal", "Healthcheck",
)  # fmt: skip


@dataclass(frozen=True)
class Image:
    """An image on an engine: its id, its layers, when it was made, how it runs (JSON) and on which processor."""

    id: str
    layers: Chain
    created: str = ""
    runs: str = ""
    architecture: str = ""

    @property
    def user(self) -> str:
        """As the image names it; empty means root."""
        return str(json.loads(self.runs or "{}").get("User", ""))

    def same(self, other: Image) -> bool:
        """Whether it is the same image, perhaps under the id of another store."""
        return self.id == other.id or replace(self, id=other.id) == other


def images(runner: Runner, references: Iterable[str]) -> dict[str, Image]:
    """Reference -> image, for those that are on this engine. HostError when it does not answer."""
    unique = sorted(set(references))
    if not unique:
        return {}
    result = runner.run(docker.inspect_images(*unique))
    if not result.ok and "no such" not in result.err.lower():
        raise HostError(
            "the engine did not say which images it has", "Does `docker image ls` answer?", result.tail(3)
        )
    found = {
        name: _image(one)
        for one in json.loads(result.out or "[]")
        for name in (*(one["RepoTags"] or ()), *(one["RepoDigests"] or ()))
    }
    return {ref: found[_full(ref)] for ref in unique if _full(ref) in found}


def names(runner: Runner) -> list[str]:
    """What images are called on this engine: NAME:TAG, or NAME@DIGEST for one that was pulled by its digest."""
    listed = (line.split() for line in runner.run(docker.image_names()).out.splitlines())
    found = [
        f"{repository}:{tag}" if tag != "<none>" else f"{repository}@{digest}"
        for repository, tag, digest in listed
        if repository != "<none>"
    ]
    return [name for name in dict.fromkeys(found) if not name.endswith("@<none>")]


def all_images(runner: Runner) -> dict[str, Image]:
    """The same as `images` for everything that has a name."""
    return images(runner, names(runner))


def image_ids(runner: Runner, references: Iterable[str]) -> dict[str, str]:
    """Reference -> image id, for those that are on this engine."""
    return {reference: image.id for reference, image in images(runner, references).items()}


def _image(one: dict[str, Any]) -> Image:
    config = one.get("Config") or {}
    runs = {key: config[key] for key in _RUNS if config.get(key)}
    return Image(
        one["Id"],
        tuple(one["RootFS"].get("Layers") or ()),
        one.get("Created", ""),
        json.dumps(runs, sort_keys=True),
        one.get("Architecture", ""),
    )


def _full(reference: str) -> str:
    """As the engine lists it: with a tag."""
    last = reference.rsplit("/", 1)[-1]
    return reference if ":" in last or "@" in last else f"{reference}:latest"
