"""A first `smoke:`: what every release must answer, as far as the draft tells it, and lines for the rest."""

from __future__ import annotations

from pydantic import ValidationError

from homeport.importer.draft import DraftService, Work
from homeport.stack import asked
from homeport.stack.model import Stack


def text(work: Work) -> str:
    """The block of homeport.yaml; empty where nothing can be reached."""
    stack = _reachable(work)
    if stack is None:
        return ""
    known = [f"  - {path}\n" for path in asked.known_paths(stack)]
    rest = "".join(f"  # - {{path: {prefix}/PATH, status: 200}}  # {why}\n" for prefix, why in _left(stack))
    if not (known or rest):
        return ""
    head = "# What every release must answer; `homeport explain smoke` has more.\n"
    return f"{head}{'' if known else '# '}smoke:\n{''.join(known)}{rest}"


def _left(stack: Stack) -> list[tuple[str, str]]:
    """Route -> why nobody knows what to ask there."""
    return [
        (prefix.rstrip("/"), f"no route leads to the health path of {route.service}")
        for prefix, route in stack.edge.routes.items()
        if not asked.health_path(stack, route.service)
    ]


def _reachable(work: Work) -> Stack | None:
    """As much of the stack as says what is reached by which path."""
    services = {service.name: _service(service) for service in work.kept()}
    edge = {key: value for key, value in work.edge.items() if key == "frontend"}
    plain = {
        "homeport": 1,
        "name": work.name,
        "environments": {},
        "edge": {**edge, "routes": work.routes},
        "services": services,
    }
    try:
        return Stack.model_validate(plain)
    except ValidationError:
        return None


def _service(service: DraftService) -> dict[str, object]:
    health = service.keys.get("health")
    return {"image": "app:1", **({"health": health} if health else {})}
