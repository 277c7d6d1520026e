"""docker buildx bake: all images of a stack in one parallel build with shared layers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from homeport.commands.command import Command


@dataclass(frozen=True)
class BuildTarget:
    """One image or one folder of files to build. `tag` and `output` exclude each other; paths are absolute."""

    name: str
    context: str
    dockerfile: str = "Dockerfile"
    stage: str | None = None
    args: dict[str, str] = field(default_factory=dict)
    tag: str = ""
    output: str = ""
    contexts: dict[str, str] = field(default_factory=dict)  # image name in FROM -> docker-image://LOCAL
    text: str = ""  # the Dockerfile's own text, instead of the file
    labels: dict[str, str] = field(default_factory=dict)


def bake(targets: list[BuildTarget], ca_bundle: str = "", timeout: float = 3600) -> Command:
    """Build them all; the definition goes in by stdin. `ca_bundle` is given to each as the secret `ca`."""
    definition = {
        "group": {"default": {"targets": [target.name for target in targets]}},
        "target": {target.name: _definition(target, ca_bundle) for target in targets},
    }
    return Command(
        ("docker", "buildx", "bake", "--progress", "plain", "-f", "-"),
        stdin=json.dumps(definition).encode(),
        timeout=timeout,
        env=(
            ("BUILDX_NO_DEFAULT_ATTESTATIONS", "1"),
            ("BUILDX_GIT_INFO", "0"),  # it would run git for each target, for attestations that are not made
            (
                "BUILDX_BAKE_ENTITLEMENTS_FS",
                "0",
            ),  # contexts and the CA bundle lie anywhere; newer ones would ask
        ),
    )


def _definition(target: BuildTarget, ca_bundle: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "context": target.context,
        "dockerfile": None if target.text else target.dockerfile,
        "dockerfile-inline": target.text,
        "target": target.stage,
        "args": target.args,
        "contexts": target.contexts,
        "labels": target.labels,
        "tags": [target.tag] if target.tag else [],
        "output": [f"type=local,dest={target.output}"] if target.output else ["type=docker"],
        "secret": [f"id=ca,src={ca_bundle}"] if ca_bundle else [],
    }
    return {key: _escaped(value) for key, value in found.items() if value}


def _escaped(value: Any) -> Any:
    """Bake expands ${...} and %{...} in every string of its definition; ours are meant as they are."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    return {key: _escaped(one) for key, one in value.items()} if isinstance(value, dict) else value
