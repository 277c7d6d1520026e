"""The rendered compose file as Compose takes it: with what .env says filled in."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = "docker-compose.prod.yml"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@dataclass(frozen=True)
class Document:
    """`services`: compose name -> its block; `profiles`: those that a plain `docker compose up` starts."""

    project: str
    services: dict[str, dict[str, Any]]
    profiles: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> Document:
        env = folder / ".env"
        return _read((folder / FILE).read_text(), env.read_text() if env.is_file() else "")

    def with_depends(self, names: list[str]) -> list[str]:
        needed = [d for name in names for d in self.services[name].get("depends_on") or ()]
        return list(dict.fromkeys((*needed, *names)))

    def spec(self, name: str) -> str:
        """By this Compose knows whether a container is as its block says."""
        return hashlib.sha256(json.dumps(self.services[name], sort_keys=True).encode()).hexdigest()

    def volumes(self, name: str) -> list[str]:
        """The named volumes of a service, as the engine calls them."""
        mounts = (str(one).partition(":")[0] for one in self.services[name].get("volumes") or ())
        return [f"{self.project}_{mount}" for mount in mounts if not mount.startswith((".", "/"))]

    def plain(self) -> list[str]:
        """What a plain `docker compose up -d` starts."""
        every = ((name, set(block.get("profiles") or ())) for name, block in self.services.items())
        return [name for name, profiles in every if not profiles or profiles & self.profiles]


@cache
def _read(text: str, env: str) -> Document:
    lines = (line.partition("=") for line in env.splitlines() if line and not line.startswith("#"))
    told = {key: value.strip("'\"") for key, _, value in lines}
    data = yaml.safe_load(_VARIABLE.sub(lambda match: told.get(match[1]) or match[2], text))
    profiles = frozenset(filter(None, told.get("COMPOSE_PROFILES", "").split(",")))
    return Document(data["name"], data["services"], profiles)
