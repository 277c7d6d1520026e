"""The certificate of an environment with `tls: self-signed`: made once, renewed when it is old."""

from __future__ import annotations

from homeport.engine.authority import Authority, Leaf
from homeport.engine.host import Host
from homeport.stack.model import Target


def ensure(target: Target, host: Host) -> None:
    """A leaf for the domain and its aliases, signed by the operator's own CA, is in certs/live/."""
    names = (target.env.domain, *target.env.aliases)
    text = host.machine.read(f"{host.live}/certs/live/fullchain.pem")
    renewed = Authority.open(names).renew(Leaf(text) if text else None, names)
    if renewed:
        host.write_certificate(renewed, target.image("nginx"))
