"""One folder per kind of part; each turns its typed part into a Contribution and touches nothing."""

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
