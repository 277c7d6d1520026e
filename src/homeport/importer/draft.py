"""Draft: homeport.yaml while it is being made; every pass of the importer adds to it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from homeport.importer.finding import Findings
from homeport.importer.images import Role
from homeport.importer.project import Project
from homeport.importer.value import Value
from homeport.stack.problem import Place

Plain = Any  # what YAML can hold: str, int, float, bool, list, dict


@dataclass
class DraftService:
    """One service on its way. `keys` are the keys of homeport.yaml, `notes` a comment for some of them."""

    origin: str
    name: str
    value: Value
    role: Role = "service"
    keys: dict[str, Plain] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    env: dict[str, Value] = field(default_factory=dict)
    secret_variables: dict[str, str] = field(
        default_factory=dict
    )  # a variable that is a secret now -> its name
    published: list[int] = field(default_factory=list)  # container ports that the host could reach
    exposed: list[int] = field(default_factory=list)
    stage: str | None = None  # the stage for production that is built instead of the one for development
    dev: bool = False  # its source code is mounted: it runs in development form
    names: set[str] = field(default_factory=set)  # every name by which others reach it
    kept: bool = True

    def at(self, key: str) -> str:
        """The path of a key in the compose file, for a finding."""
        return f"services.{self.origin}.{key}"

    @property
    def image(self) -> str:
        return self.value.string("image")

    @property
    def builds(self) -> bool:
        return self.value.get("build") is not None


@dataclass
class Secret:
    """A secret that the stack declares."""

    name: str
    generate: bool
    ask: str = ""


@dataclass
class Work:
    """Everything that the passes share."""

    project: Project
    findings: Findings
    name: str
    domain: str = ""
    services: dict[str, DraftService] = field(default_factory=dict)  # by the name in the compose file
    postgres: dict[str, Plain] | None = None
    rabbitmq: dict[str, Plain] | None = None
    secrets: dict[str, Secret] = field(default_factory=dict)
    secret_values: dict[str, list[str]] = field(
        default_factory=dict
    )  # value -> names of secrets; never written
    volume_sources: dict[str, str] = field(default_factory=dict)  # volume -> folder of the host, and back
    local_env: dict[str, Plain] = field(default_factory=dict)  # of the environment `local`
    edge: dict[str, Plain] = field(default_factory=dict)
    routes: dict[str, Plain] = field(default_factory=dict)
    route_notes: dict[str, str] = field(default_factory=dict)
    suggested_routes: list[str] = field(default_factory=list)

    def kept(self) -> list[DraftService]:
        """The services that homeport.yaml will have, in the order of the compose file."""
        return [service for service in self.services.values() if service.kept]

    def of_role(self, *roles: Role) -> list[DraftService]:
        return [service for service in self.services.values() if service.role in roles]

    def called(self, host: str) -> DraftService | None:
        """The service that answers to a name on the compose network."""
        return next((s for s in self.services.values() if host in s.names), None)

    def place(self, service: DraftService, key: str = "") -> Place:
        found = service.value.get(key) if key else None
        return found.place if found else service.value.place


def name_of(text: str, fallback: str = "app") -> str:
    """The nearest name that homeport.yaml allows: a-z, 0-9 and -, a letter first, at most 40."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    if words and not words[0].isalpha():
        words = f"{fallback}-{words}"
    return (words or fallback)[:40].strip("-")


def identifier_of(text: str, fallback: str = "secret") -> str:
    """The nearest identifier: a-z, 0-9 and _, a letter first."""
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if words and not words[0].isalpha():
        words = f"{fallback}_{words}"
    return (words or fallback)[:60].strip("_")
