"""Demo data: the `seed` command of a service, run once in a local environment after it is up."""

from __future__ import annotations

from homeport.commands import compose
from homeport.engine.host import LocalHost
from homeport.engine.progress import Progress
from homeport.errors import ReleaseError
from homeport.files import write_atomically
from homeport.stack.model import Target

_SECONDS = 300.0


def seed(host: LocalHost, target: Target, progress: Progress) -> list[str]:
    """What the seeds said (the demo account), from now or from the first time. Empty without any seed."""
    said: list[str] = []
    for name, service in target.services.items():
        if not service.seed:
            continue
        kept = host.root / "state" / f"seed-{name}.txt"
        if not kept.exists():
            with progress.step("seed", f"{name}: {service.seed}") as step:
                result = host.runner.run(compose.run_once(str(host.live), f"{name}-seed", _SECONDS))
                if not result.ok:
                    raise ReleaseError(
                        f"services.{name}.seed failed; the stack itself is up",
                        "Mend it and run `homeport up` again, or leave it out with --no-seed.",
                        result.tail(),
                    )
                write_atomically(kept, result.out, 0o600)
                step.done(f"{name} has its demo data")
        said += [line for line in kept.read_text().splitlines() if line.strip()]
    return said
