"""The certificate of an environment with `tls: self-signed`: made once, renewed when it is old."""

from __future__ import annotations

from homeport.engine.authority import Authority, Leaf
from homeport.engine.host import Host
from homeport.errors import ReleaseError
from homeport.stack.model import Target


def names_of(target: Target) -> tuple[str, ...]:
    """What its certificate is for: the domain and its aliases."""
    return (target.env.domain, *target.env.aliases)


def refuse_foreign(target: Target, own: Target) -> None:
    """The operator's CA signs only for names that the operator's own file, which `own` is of, has now. Raises
    ReleaseError with those that it lacks."""
    lacking = [name for name in names_of(target) if name not in names_of(own)]
    if lacking:
        raise ReleaseError(
            f"environments.{own.environment} of homeport.yaml does not have {', '.join(lacking)}, which that release "
            "answers to; nothing was changed",
            "Add what it lacks to `aliases` there, or deploy that version again from its tag.",
        )


def ensure(target: Target, host: Host) -> None:
    """A leaf for the domain and its aliases, signed by the operator's own CA, is in certs/live/."""
    names = names_of(target)
    text = host.machine.read(f"{host.live}/certs/live/fullchain.pem")
    renewed = Authority.open(names).renew(Leaf(text) if text else None, names)
    if renewed:
        host.write_certificate(renewed, target.image("nginx"))
