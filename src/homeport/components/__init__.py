"""One folder a kind of part; each turns its typed part into a Contribution and touches nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeport.components import edge, postgres, rabbitmq, service
from homeport.components.contribution import Contribution
from homeport.stack.model import Target


@dataclass(frozen=True)
class Component:
    """`part` is the field of Stack that it turns into containers; a part that is not in the file is None."""

    part: str
    contribute: Callable[[Any, Target], Contribution]


# By hand, in the order of the compose file.
COMPONENTS: tuple[Component, ...] = (
    Component("edge", edge.contribute),
    Component("services", service.contribute),
    Component("postgres", postgres.contribute),
    Component("rabbitmq", rabbitmq.contribute),
)


def contributions(target: Target) -> tuple[Contribution, ...]:
    """What each part of the stack adds in this environment."""
    given = ((component, _part(component, target)) for component in COMPONENTS)
    return tuple(component.contribute(part, target) for component, part in given if part is not None)


def _part(component: Component, target: Target) -> Any:
    """The typed part; of the services, those that run in this environment."""
    return target.services if component.part == "services" else getattr(target.stack, component.part)
