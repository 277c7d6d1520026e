"""Demo data: the `seed` command of a service, run once in a local environment after it is up."""

from __future__ import annotations

from homeport.commands import compose
from homeport.engine.host import Host
from homeport.engine.machine import Put
from homeport.engine.progress import Progress
from homeport.errors import ReleaseError
from homeport.stack.model import Target

_SECONDS = 300.0


def seed(host: Host, target: Target, progress: Progress, kept: bool = False) -> list[str]:
    """What the seeds said (the demo account), from now or from the first time. Empty without any seed.

    `kept`: the data is an earlier checkout's, which had its seeds.
    """
    said: list[str] = []
    for name, service in target.services.items():
        if not service.seed:
            continue
        said_before = f"{host.root}/state/seed-{name}.txt"
        if kept and host.machine.read(said_before) is None:
            host.machine.write([Put(said_before, b"", 0o600)])
        if host.machine.read(said_before) is None:
            with progress.step("seed", f"{name}: {service.seed}") as step:
                result = host.runner.run(compose.run_once(host.live, f"{name}-seed", _SECONDS))
                if not result.ok:
                    raise ReleaseError(
                        f"services.{name}.seed failed; the stack itself is up",
                        "Mend it and run `homeport up` again, or leave it out with --no-seed.",
                        result.tail(),
                    )
                host.machine.write([Put(said_before, result.out.encode(), 0o600)])
                step.done(f"{name} has its demo data")
        said += [line for line in (host.machine.read(said_before) or "").splitlines() if line.strip()]
    return said
