"""The one step that asks all parts what they add, and refuses what two of them claim, with the places of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

from homeport.components import COMPONENTS, Component
from homeport.components.contribution import Container, Contribution
from homeport.errors import StackError
from homeport.stack.model import Target
from homeport.stack.problem import KeyPath, dotted

_ALL = "0.0.0.0"  # noqa: S104


@dataclass(frozen=True)
class Claim:
    """Something that a stack has once. `by`: the place in homeport.yaml of who wants it. `address` is that of a
    published port: one of all addresses meets every other."""

    what: str
    by: KeyPath
    address: str = ""

    def meets(self, other: Claim) -> bool:
        anywhere = self.address == other.address or _ALL in (self.address, other.address)
        return self.what == other.what and self.by != other.by and anywhere


@dataclass(frozen=True)
class Clash:
    """`what` is claimed by two places."""

    what: str
    one: KeyPath
    other: KeyPath

    @property
    def fault(self) -> str:
        return f"{self.what} is claimed by {dotted(self.one)} and by {dotted(self.other)}"

    @property
    def cure(self) -> str:
        """A service can have another name; a part has the one that it has."""
        named = next((path for path in (self.other, self.one) if path[0] == "services" and path[1:]), None)
        return f"give {dotted(named)} another name" if named else "keep one of the two"


def gather(target: Target, components: Iterable[Component] = COMPONENTS) -> Contribution:
    """What all parts of the stack add in this environment, as one. Raises StackError with every clash."""
    parts = tuple(_contributions(target, components))
    if found := _clashes(parts):
        words = (f"environments.{target.environment}: {clash.fault}" for clash in found)
        raise StackError("\n".join(words), "; ".join(dict.fromkeys(clash.cure for clash in found)))
    given = [contribution for _, contribution in parts]
    return Contribution(
        containers=tuple(chain.from_iterable(one.containers for one in given)),
        files=tuple(chain.from_iterable(one.files for one in given)),
        volumes=_once(one.volumes for one in given),
        secrets=tuple(chain.from_iterable(one.secrets for one in given)),
        generated=_once(one.generated for one in given),
        folders=_once(one.folders for one in given),
    )


def clashes(target: Target, components: Iterable[Component] = COMPONENTS) -> tuple[Clash, ...]:
    """Everything that two places claim in this environment."""
    return _clashes(tuple(_contributions(target, components)))


def _contributions(target: Target, components: Iterable[Component]) -> Iterator[tuple[str, Contribution]]:
    for component in components:
        part = _part(component, target)
        if part is not None:
            yield component.part, component.contribute(part, target)


def _part(component: Component, target: Target) -> Any:
    """The typed part; of the services, those that run in this environment."""
    return target.services if component.part == "services" else getattr(target.stack, component.part)


def _once(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(names)))


def _clashes(parts: Iterable[tuple[str, Contribution]]) -> tuple[Clash, ...]:
    groups: dict[str, dict[Claim, None]] = {}
    for part, contribution in parts:
        for claim in _claims(part, contribution):
            groups.setdefault(claim.what, {})[claim] = None
    pairs = (pair for group in groups.values() for pair in combinations(group, 2))
    return tuple(dict.fromkeys(Clash(a.what, a.by, b.by) for a, b in pairs if a.meets(b)))


def _claims(part: str, given: Contribution) -> Iterator[Claim]:
    """A volume and a secret may be shared within a part (two services), all else is one container's own."""
    for container in given.containers:
        yield from _of_container(container, _place(part, container))
    yield from (Claim(f"the file {file.path}", (part,)) for file in given.files)
    yield from (Claim(f"the volume {volume}", (part,)) for volume in given.volumes)
    yield from (Claim(f"the secret {name}", (part,)) for name in given.generated)
    for file in given.secrets:
        users = (c for c in given.containers if f"./secrets/{file.folder}" in {m.source for m in c.mounts})
        by = next((_place(part, c) for c in users), (part, file.folder))
        yield Claim(f"the secret file {file.folder}/{file.name}", by)


def _of_container(container: Container, by: KeyPath) -> Iterator[Claim]:
    yield Claim(f"the container {container.name}", by)
    for published in container.ports:
        yield Claim(f"the port {published.host} of the machine", by, published.address)
    for attachment in container.networks:
        if attachment.address:
            yield Claim(f"the address {attachment.address} in {attachment.network}", by)
        for name in dict.fromkeys((container.name, *attachment.aliases)):
            yield Claim(f"the name {name} in the network {attachment.network}", by)


def _place(part: str, container: Container) -> KeyPath:
    service = dict(container.labels).get("homeport.service", "")
    return (part, service) if part == "services" and service else (part,)
