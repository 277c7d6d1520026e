"""Stack: the whole file as one frozen value, and Target: the stack as seen from one environment."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from homeport.stack.around import Notify, Registry, SecretKind
from homeport.stack.broker import RabbitMQ
from homeport.stack.part import Part
from homeport.stack.parts import (
    Edge,
    Environment,
    Postgres,
    Service,
)
from homeport.stack.smoke import Smoke
from homeport.stack.words import Identifier, Name, parse_whole

Slot = Literal["blue", "green"]
SLOTS: tuple[Slot, Slot] = ("blue", "green")
_BLOCK = 16  # addresses a service owns in the app network: two slots of up to 8 replicas


class Stack(Part):
    """The whole file. After `load()` nobody checks it again."""

    homeport: Annotated[Literal[1], BeforeValidator(parse_whole)] = Field(
        description="Version of the language."
    )
    name: Name = Field(
        description="The stack's name: the compose project, /opt/NAME on the host.", examples=["shop"]
    )
    environments: dict[Name, Environment] = Field(
        description="Where it runs.", examples=["{local: {domain: shop.localhost}}"]
    )
    edge: Edge = Field(Edge(), description="The way in.", examples=["{routes: {/: web}}"])
    services: dict[Name, Service] = Field(
        description="The programs.", examples=["{web: {build: web, port: 8000, health: /health}}"]
    )
    postgres: Postgres | None = Field(
        None, description="PostgreSQL, when a service has a database.", examples=["{version: 17}"]
    )
    rabbitmq: RabbitMQ | None = Field(None, description="RabbitMQ.", examples=["{memory: 512M}"])
    smoke: tuple[Smoke, ...] = Field(
        (),
        description="Requests that every release must answer as expected. By default the front page, and the health "
        "path of every service that the edge has a route to it for; each must answer 200.",
        examples=["[/, {path: /api/me, status: 401}]"],
    )
    notify: Notify | None = Field(
        None, description="Who is told of releases.", examples=["{to: [slack_webhook]}"]
    )
    registry: Registry | None = Field(
        None, description="By which way images reach a host.", examples=["ghcr.io/acme"]
    )
    secrets: dict[Identifier, SecretKind] = Field(
        {}, description="Secrets: generated or asked for.", examples=["{jwt_key: generate}"]
    )

    @property
    def databases(self) -> frozenset[str]:
        """Each is used by one service, or by several that are one program, such as a web server and its worker."""
        return frozenset(s.database for s in self.services.values() if s.database)


@dataclass(frozen=True)
class Target:
    """A stack in one environment, with what a release adds: image references and the version.

    `images` maps a part or service name to a full reference; a service that is missing there gets
    NAME/SERVICE:VERSION.
    """

    stack: Stack
    environment: str
    version: str = "dev"
    images: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)  # service -> the version that last changed it

    @property
    def env(self) -> Environment:
        return self.stack.environments[self.environment]

    @property
    def services(self) -> dict[str, Service]:
        """The services that run here, in the order of the file."""
        return {
            name: service
            for name, service in self.stack.services.items()
            if not service.only or self.environment in service.only
        }

    @property
    def project(self) -> str:
        """Compose project: the stack's name for the first environment of a host, NAME-ENV for the others."""
        first = next(n for n, e in self.stack.environments.items() if e.host == self.env.host)
        return self.stack.name if first == self.environment else f"{self.stack.name}-{self.environment}"

    @property
    def local(self) -> bool:
        return self.env.host == "local"

    @property
    def bind(self) -> str:
        """The address to publish on; 0.0.0.0 means all."""
        if self.env.bind:
            return self.env.bind
        return "127.0.0.1" if self.env.domain.endswith(".localhost") else "0.0.0.0"  # noqa: S104

    @property
    def url(self) -> str:
        port = "" if self.env.ports.https == 443 else f":{self.env.ports.https}"
        return f"https://{self.env.domain}{port}"

    def image(self, name: str) -> str:
        """The reference of a part (`nginx`, `postgres`, `rabbitmq`) or of a service."""
        service = self.stack.services.get(name)
        if name in self.images:
            return self.images[name]
        if service and service.image:
            return service.image
        return f"{self.stack.name}/{name}:{self.version}"

    def service_version(self, name: str) -> str:
        return self.versions.get(name, self.version)

    @cached_property
    def subnet(self) -> ipaddress.IPv4Network:
        """The app network, a /20. From the project's name, so that two stacks on a machine seldom meet."""
        if self.env.network:
            return ipaddress.IPv4Network(self.env.network)
        number = int.from_bytes(hashlib.sha256(self.project.encode()).digest()[:4], "big") % 1024
        return ipaddress.IPv4Network(f"10.{64 + number // 16}.{number % 16 * 16}.0/20")

    @property
    def dynamic_range(self) -> ipaddress.IPv4Network:
        """The upper quarter, for containers without a fixed address."""
        return list(self.subnet.subnets(new_prefix=22))[3]

    @property
    def edge_address(self) -> str:
        return str(self.subnet[10])

    @cached_property
    def _blocks(self) -> dict[str, int]:
        """Service -> block. By hash of the name, so that adding a service seldom moves another."""
        taken: dict[int, str] = {}
        blocks = (int(self.dynamic_range[0]) - int(self.subnet[0])) // _BLOCK
        for name in sorted(self.stack.services):
            at = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % (blocks - 1)
            while at in taken:
                at = (at + 1) % (blocks - 1)
            taken[at] = name
        return {name: block + 1 for block, name in taken.items()}

    def slot_address(self, service: str, slot: Slot, replica: int = 1) -> str:
        """The fixed address of a slot's replica (1..8) in the app network."""
        offset = self._blocks[service] * _BLOCK + SLOTS.index(slot) * (_BLOCK // 2) + replica - 1
        return str(self.subnet[offset])


def has_slots(service: Service) -> bool:
    """Whether a service is rolled between two slots: HTTP or a worker; not with volumes or TCP."""
    return not service.volumes and service.protocol == "http"


def is_root(user: str) -> bool:
    """Whether a user as an image, a container or the file names it (`0:0`, `root:root`, nothing at all) is root."""
    name = user.partition(":")[0].strip()
    return name in ("", "root") or (name.isdigit() and int(name) == 0)


def slot_container(service: str, slot: Slot, replica: int = 1) -> str:
    """The compose service of one replica: gateway-blue, gateway-blue-2 ..."""
    return f"{service}-{slot}" if replica == 1 else f"{service}-{slot}-{replica}"
