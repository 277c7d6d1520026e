"""The smoke test: the stack as a visitor finds it, through the edge, over TLS."""

from __future__ import annotations

from homeport.engine import https
from homeport.engine.wait import Seen, WaitedTooLong, wait_until
from homeport.errors import ReleaseError
from homeport.stack.model import Target

_SECONDS = 15.0


def smoke(target: Target) -> str:
    """Ask the front page and every route; what was seen, in words. A gateway error or no answer is a failure."""
    paths = (["/"] if target.stack.edge.frontend else []) + sorted(target.stack.edge.routes)
    seen: list[str] = []
    for path in paths:
        state = ""

        def look(path: str = path) -> Seen:
            nonlocal state
            status, state = https.get(target, path)
            good = status == 200 if path == "/" and target.stack.edge.frontend else 0 < status < 500
            return Seen(good, state)

        try:
            wait_until(f"{path} answers", look, _SECONDS, every=0.2)
        except WaitedTooLong as fault:
            raise ReleaseError(
                f"the smoke test failed: {target.url}{path}: {fault.state}",
                "Look at the edge and the service behind it: homeport logs nginx",
            ) from fault
        seen.append(f"{path} {state.split()[1]}")
    return ", ".join(seen)
