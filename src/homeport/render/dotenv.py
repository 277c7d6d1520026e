""".env and compose.yaml, by which plain `docker compose` in the folder does the right thing; .env.prod."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from homeport.components.contribution import Container
from homeport.files import File, FileTree
from homeport.stack.model import Target

COMPOSE_FILE = "docker-compose.prod.yml"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@,+-]*")

_ENV = """\
# Read by `docker compose` in this folder; not given to any container.
COMPOSE_PROJECT_NAME={project}
COMPOSE_FILE={file}
# One slot of each service. The other one is started by a release; see README.md, "Roll by hand".
COMPOSE_PROFILES={profiles}
# Below: the image and version of each service that runs another one than {file} was rendered with.
"""
# Compose looks for a file of this name here and in every folder above, and takes .env from where it found it: the
# app's own compose.yaml would be found where this tree lies below it. COMPOSE_FILE in .env still has the last word.
_HERE = f"""\
# Here, so that `docker compose` looks no further up. What runs is in the file below; .env names it.
include: [{COMPOSE_FILE}]
"""
_ENV_PROD = """\
# Given to every service: the `env` of environment {environment} in homeport.yaml. Never a secret;
# secrets are files in ./secrets.
"""


def files(target: Target, containers: Iterable[Container]) -> tuple[File, ...]:
    """.env, compose.yaml and .env.prod."""
    blue = dict.fromkeys(p for c in containers if _is_blue(c) for p in c.profiles)
    env = _ENV.format(project=target.project, file=COMPOSE_FILE, profiles=",".join(blue))
    given = "".join(f"{key}={quote(value)}\n" for key, value in sorted(target.env.env.items()))
    return (
        File(".env", env),
        File("compose.yaml", _HERE),
        File(".env.prod", _ENV_PROD.format(environment=target.environment) + given),
    )


def variables(service: str) -> tuple[str, str]:
    """The variables of .env that name a service's image and version. Names have no `_`, so that no two share one."""
    word = service.upper().replace("-", "_")
    return f"IMAGE_{word}", f"VERSION_{word}"


def as_it_runs(
    tree: FileTree, slots: Mapping[str, str], overrides: Mapping[str, tuple[str, str]]
) -> FileTree:
    """The tree with an .env by which a plain `docker compose up -d` starts what serves, and changes nothing that runs.

    `slots`: service -> the slot that serves. `overrides`: service -> image and version, where these are not the ones
    that the tree was rendered with.
    """
    return FileTree(tuple(_as_it_runs(f, slots, overrides) if f.path == ".env" else f for f in tree))


def _as_it_runs(file: File, slots: Mapping[str, str], overrides: Mapping[str, tuple[str, str]]) -> File:
    profiles = ",".join(f"{service}-{slot}" for service, slot in sorted(slots.items()))
    lines = [
        f"COMPOSE_PROFILES={profiles}" if line.startswith("COMPOSE_PROFILES=") else line
        for line in file.text.splitlines()
    ]
    for name, pair in sorted(overrides.items()):
        lines += [f"{key}={quote(value)}" for key, value in zip(variables(name), pair, strict=True)]
    return replace(file, text="\n".join(lines) + "\n")


def _is_blue(container: Container) -> bool:
    return ("homeport.slot", "blue") in container.labels


def quote(value: str) -> str:
    """A value, which is one line, as Compose's env files have it: single quotes keep `$` and `#` as they are."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'
