"""One folder a kind of part; each turns its typed part into a Contribution and touches nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeport.components import postgres, rabbitmq, service
from homeport.components.contribution import Contribution
from homeport.stack.model import Target


@dataclass(frozen=True)
class Component:
    """`part` is the field of Stack that it turns into containers; a part that is not in the file is None."""

    part: str
    contribute: Callable[[Any, Target], Contribution]


# By hand, in the order of the compose file.
COMPONENTS: tuple[Component, ...] = (
    Component("services", service.contribute),
    Component("postgres", postgres.contribute),
    Component("rabbitmq", rabbitmq.contribute),
)


def contributions(target: Target) -> tuple[Contribution, ...]:
    """What each part of the stack adds in this environment."""
    parts = {
        c.part: target.services if c.part == "services" else getattr(target.stack, c.part) for c in COMPONENTS
    }
    return tuple(c.contribute(parts[c.part], target) for c in COMPONENTS if parts[c.part] is not None)
