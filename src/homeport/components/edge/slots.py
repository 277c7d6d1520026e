"""upstreams.conf, live/, late/ and to/: where the slots are, and how a request finds the live one."""

from __future__ import annotations

from collections.abc import Iterator

from homeport.files import File
from homeport.stack.model import SLOTS, Slot, Target, has_slots, slot_container
from homeport.stack.parts import Service

_HEAD = """\
# The slots of each service. Their addresses are fixed, so nothing is ever looked up, and an empty slot does
# not keep nginx from starting. nginx closes idle connections after a second, before any service does.
# The other slot is the backup: if a new version breaks down while the old one still runs, the old one answers.
"""
# With one server there is nobody else to turn to; with several, one that fails is left alone for a moment.
_ALONE, _AMONG_OTHERS = "max_fails=0", "max_fails=2 fail_timeout=2s"


def reachable(target: Target) -> dict[str, Service]:
    """The services that nginx can send a request to."""
    return {n: s for n, s in target.services.items() if s.port and s.protocol == "http"}


def files(target: Target) -> tuple[File, ...]:
    """upstreams.conf, and for each service one file in live/, late/ and to/."""
    services = reachable(target)
    blocks = "\n".join(_upstream(n, slot, s, target) for n, s in services.items() for slot in slots(s))
    return (
        File("nginx/upstreams.conf", f"{_HEAD}{blocks}"),
        *(File(f"nginx/to/{name}.conf", _to(name, s)) for name, s in services.items()),
        *(File(f"nginx/live/{name}.conf", _live(name)) for name, s in services.items() if has_slots(s)),
        *(File(f"nginx/late/{name}.conf", _late(name)) for name, s in services.items() if has_slots(s)),
    )


def slots(service: Service) -> tuple[Slot, ...]:
    """A service that owns a volume is one container; blue's address is kept for it."""
    return SLOTS if has_slots(service) else ("blue",)


def containers(target: Target) -> Iterator[tuple[str, str]]:
    """(address:port, name of the container there), for the access log."""
    for name, service in reachable(target).items():
        for slot in slots(service):
            for replica in range(1, service.replicas + 1):
                where = f"{target.slot_address(name, slot, replica)}:{service.port}"
                yield where, slot_container(name, slot, replica) if has_slots(service) else name


def _upstream(name: str, slot: Slot, service: Service, target: Target) -> str:
    checks = _ALONE if service.replicas == 1 else _AMONG_OTHERS
    servers = _servers(name, slot, service, target, checks)
    if has_slots(service):
        servers += _servers(name, other(slot), service, target, f"{_AMONG_OTHERS} backup")
    return (
        f"upstream {name}_{slot} {{\n    zone {name}_{slot} 64k;\n{servers}"
        "    keepalive 32;\n    keepalive_timeout 1s;\n    keepalive_requests 10000;\n}\n"
    )


def _servers(name: str, slot: Slot, service: Service, target: Target, words: str) -> str:
    addresses = (target.slot_address(name, slot, r) for r in range(1, service.replicas + 1))
    return "".join(f"    server {address}:{service.port} {words};\n" for address in addresses)


def other(slot: Slot) -> Slot:
    return "blue" if slot == "green" else "green"


def _live(name: str) -> str:
    """For a server block: nginx's `if` is only sound there, and with nothing but `set` in it."""
    return (
        f"# {name}: green while its flag is there, otherwise blue.\n"
        f"{choose(name, 'blue')}\nif (-f {_flag(name)}) {{\n    {choose(name, 'green')}\n}}\n"
    )


def _late(name: str) -> str:
    """For a location, where `if` is only sound with nothing but `return` in it."""
    return (
        f"# {name}: blue, but on to $then while green's flag is there.\n"
        f"recursive_error_pages on;\n{choose(name, 'blue')}\n"
        f"if (-f {_flag(name)}) {{\n    return 418;\n}}\n"
    )


def choose(name: str, slot: Slot) -> str:
    """The directive that makes to/NAME.conf mean this slot."""
    return f"set ${_variable(name)} {name}_{slot};"


def _flag(name: str) -> str:
    return f"/etc/nginx/slots/current/{name}.green"


def _to(name: str, service: Service) -> str:
    if has_slots(service):
        # Every replica that has gone may cost its connect timeout before one of the other slot is asked.
        tries, seconds = service.replicas + 1, service.replicas + 2
        return (
            f"proxy_pass http://${_variable(name)};\n"
            f"proxy_next_upstream_tries {tries};\nproxy_next_upstream_timeout {seconds}s;\n"
        )
    return f"# {name} owns a volume: one container.\nproxy_pass http://{name}_blue;\n"


def _variable(name: str) -> str:
    """nginx's variables have no dash; a name has no underscore, so two never meet."""
    return f"to_{name.replace('-', '_')}"
