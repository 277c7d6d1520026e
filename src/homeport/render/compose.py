"""docker-compose.prod.yml: every container in one form, so that none misses a limit or a hardening point."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from homeport.components.contribution import NETWORKS, Attachment, Container, HealthCheck, Mount
from homeport.render import dotenv
from homeport.render.yaml import Anchor, Flow, Note, Raw, dump, quoted
from homeport.stack import inside
from homeport.stack.model import Target

PROBE = Mount("./health", inside.PROBE)
_UNITS = ((1024**3, "g"), (1024**2, "m"), (1024, "k"))

_HEAD = """\
{name}, environment {environment}: the whole stack for `docker compose`, made by `homeport render`.
It needs nothing but this folder and the images. README.md says how to start, watch and restore it.

Change homeport.yaml rather than this file: the next rendering replaces it."""

_SERVICES = """\
The containers. Where a service has several, the later ones take over what the first says and add what differs."""

_HARDENING = """\
What every container gets. No capability is added back anywhere, and no container sees the Docker socket."""

_HARDENING_NOTES: dict[str, tuple[str, Any]] = {
    "read_only": (
        "The image's files cannot be changed; what must be written goes to tmpfs or a volume.",
        True,
    ),
    "cap_drop": ("Root in a container is still root to the kernel: take all of its rights.", Flow(["ALL"])),
    "security_opt": ("A setuid program cannot give any of them back.", Flow(["no-new-privileges:true"])),
    "restart": ("After a crash, and after a restart of the machine.", "unless-stopped"),
    "init": ("A PID 1 that passes signals on and reaps what is left over.", True),
    "logging": (
        "At most 30 MB of log per container; without this a busy one fills the disk.",
        {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
    ),
}


def render(target: Target, containers: Iterable[Container], volumes: Iterable[str]) -> str:
    """The compose file as text."""
    ordered = tuple(containers)
    document: dict[str, Any] = {
        "name": Note(_HEAD.format(name=target.stack.name, environment=target.environment), target.project),
        "x-hardening": Note(_HARDENING, Anchor("every_container", _hardening()), gap=True),
        "services": Note(_SERVICES, _services(ordered, target), gap=True),
        "networks": Note("Who can speak to whom.", _networks(target, ordered), gap=True),
    }
    named = dict.fromkeys(sorted(volumes))
    if named:
        text = "What outlives its container. `docker compose down` keeps them; `down --volumes` does not."
        document["volumes"] = Note(text, {name: Raw("") for name in named}, gap=True)
    return "\n".join(line.rstrip() for line in dump(document).splitlines()) + "\n"


def _hardening() -> dict[str, Any]:
    return {key: Note(text, value) for key, (text, value) in _HARDENING_NOTES.items()}


def _services(containers: tuple[Container, ...], target: Target) -> dict[str, Note]:
    """Name -> block. The containers of one service share the first one's block, and say what differs."""
    blocks: dict[str, Note] = {}
    firsts: dict[str, dict[str, Any]] = {}
    owners = [_owner(c) for c in containers]
    for container, owner in zip(containers, owners, strict=True):
        body = _service(container, target)
        value: Any = body
        if owner in firsts and firsts[owner].keys() <= body.keys():
            value = {"<<": Raw(f"*{owner}")} | {k: v for k, v in body.items() if firsts[owner].get(k) != v}
        elif owner not in firsts and owners.count(owner) > 1:
            firsts[owner] = body
            value = Anchor(owner, body)
        if container.name in blocks:  # gather refuses it with both places; none may be lost without a word
            raise ValueError(f"two containers are called {container.name}")
        blocks[container.name] = Note(container.about or container.name, value, gap=True)
    return blocks


def _owner(container: Container) -> str:
    return dict(container.labels).get("homeport.service", container.name)


def _service(container: Container, target: Target) -> dict[str, Any]:
    body: dict[str, Any] = {"<<": Raw("*every_container"), **_who(container)}
    body |= _exceptions(container)
    body |= _limits(container)
    body |= _program(container)
    body |= _world(container)
    body |= _life(container)
    body["labels"] = dict(_labels(container, target))
    escaped: dict[str, Any] = escape(body)
    return escaped | _from_dotenv(container, target, escaped)


def _from_dotenv(container: Container, target: Target, escaped: dict[str, Any]) -> dict[str, Any]:
    """The image and version of a service as rendered, unless .env names others: a release by scripts/deploy.sh does
    so, and plain compose with any `-f` still reads .env."""
    owner = _owner(container)
    if owner not in target.services:
        return {}
    image, version = dotenv.variables(owner)
    reference = _or_default(image, container.image)
    found: dict[str, Any] = {"image": reference if container.user else _why_root(container, reference)}
    given = dict(container.environment).get("SERVICE_VERSION", "}")
    if "}" not in given:  # it would end the expression
        found["environment"] = escaped["environment"] | {"SERVICE_VERSION": _or_default(version, given)}
    return found


def _or_default(variable: str, default: str) -> Raw:
    return _quoted(f"${{{variable}:-{default.replace('$', '$$')}}}")


def _who(container: Container) -> dict[str, Any]:
    """The program and its user; where that may be root, why."""
    body: dict[str, Any] = {"image": container.image}
    if container.user:
        body["user"] = _quoted(container.user)
    key = "user" if container.user else "image"
    body[key] = _why_root(container, body[key])
    return body


def _why_root(container: Container, value: object) -> object:
    """`value`, with the reason above it where the container may be root."""
    about = f"May run as root, by `allow_root` in homeport.yaml: {container.root}"
    return Note(about, value) if container.root else value


def _exceptions(container: Container) -> dict[str, Any]:
    """Where a container differs from x-hardening."""
    body: dict[str, Any] = {}
    if container.writable:
        body["read_only"] = Note("`writable: true` in homeport.yaml; lost at the next start.", False)
    if not container.init:
        body["init"] = False
    if container.once:
        body["restart"] = Note("Runs once and ends.", Raw('"no"'))
    return body


def _limits(container: Container) -> dict[str, Any]:
    """memswap_limit is memory and swap together: the same number as mem_limit means no swap."""
    body: dict[str, Any] = {
        "mem_limit": size(container.memory),
        "memswap_limit": size(container.memory),
        "cpus": container.cpus,
        "pids_limit": container.pids,
    }
    if container.shm:
        body["shm_size"] = size(container.shm)
    return body


def _program(container: Container) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if container.profiles:
        body["profiles"] = Flow(list(container.profiles))
    if container.entrypoint:
        body["entrypoint"] = Flow([_quoted(word) for word in container.entrypoint])
    if container.command:
        body["command"] = Flow([_quoted(word) for word in container.command])
    if container.env_file:
        body["env_file"] = Flow([".env.prod"])
    if container.environment:
        body["environment"] = {key: _quoted(value) for key, value in container.environment}
    return body


def _world(container: Container) -> dict[str, Any]:
    """Networks, ports, mounts."""
    body: dict[str, Any] = {}
    if container.networks:
        body["networks"] = {a.network: _attachment(a) for a in container.networks}
    if container.ports:
        body["ports"] = [_quoted(f"{p.address}:{p.host}:{p.container}") for p in container.ports]
    body["volumes"] = [_mount(mount) for mount in with_probe(container).mounts]
    if container.tmpfs:
        body["tmpfs"] = [_quoted(word) for word in container.tmpfs]
    return body


def _life(container: Container) -> dict[str, Any]:
    """Health, order, stop."""
    body: dict[str, Any] = {"healthcheck": {"disable": True} if container.once else _health(container.health)}
    if container.depends:
        body["depends_on"] = {name: Flow({"condition": "service_healthy"}) for name in container.depends}
    body["stop_grace_period"] = seconds(container.stop_grace)
    if container.stop_signal:
        body["stop_signal"] = container.stop_signal
    return body


def _health(check: HealthCheck) -> dict[str, Any]:
    return {
        "test": Flow([_quoted(word) for word in check.test]),
        "interval": seconds(check.interval),
        "timeout": seconds(check.timeout),
        "retries": check.retries,
        "start_period": seconds(check.start_period),
        "start_interval": seconds(check.start_interval),
    }


def _attachment(attachment: Attachment) -> Any:
    value: dict[str, Any] = {}
    if attachment.address:
        value["ipv4_address"] = attachment.address
    if attachment.aliases:
        value["aliases"] = list(attachment.aliases)
    return Flow(value) if value else Raw("")


def _mount(mount: Mount) -> str:
    return f"{mount.source}:{mount.target}" + (":ro" if mount.read_only else "")


def with_probe(container: Container) -> Container:
    """The container with the health probe mounted at /run/homeport."""
    if any(mount.target == PROBE.target for mount in container.mounts):
        return container
    return replace(container, mounts=(*container.mounts, PROBE))


def _labels(container: Container, target: Target) -> Iterable[tuple[str, str]]:
    given = {"homeport.service": container.name} | dict(container.labels)
    yield "homeport.stack", target.stack.name
    yield "homeport.environment", target.environment
    yield from given.items()
    yield "homeport.config", config(container, target)


def config(container: Container, target: Target) -> str:
    """SHA-256 of what the container is but for its version: equal means that only the image moved."""
    spec = asdict(with_probe(container))
    del spec["root"]  # a comment only
    spec["image"] = _repository(container.image)
    spec["environment"] = [pair for pair in container.environment if pair[0] != "SERVICE_VERSION"]
    spec["env_file"] = sorted(target.env.env.items()) if container.env_file else None
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def _repository(image: str) -> str:
    """`host:5000/a/b:1.2@sha256:...` -> `host:5000/a/b`."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.partition(":")[0]


def _networks(target: Target, containers: tuple[Container, ...]) -> dict[str, Any]:
    used = {a.network for c in containers for a in c.networks}
    return {name: Note(text, _network(name, target)) for name, text in NETWORKS.items() if name in used}


def _network(name: str, target: Target) -> Any:
    if name == "app":
        ipam = {
            "subnet": str(target.subnet),
            "gateway": str(target.subnet[1]),
            "ip_range": str(target.dynamic_range),
        }
        text = "The slots' fixed addresses lie below ip_range, from which all others are given."
        return {"internal": True, "ipam": {"config": Note(text, [Flow(ipam)])}}
    return {"internal": True} if name == "data" else Raw("")


def size(number: int) -> str:
    """Bytes as Compose reads them: 512m."""
    for unit, letter in _UNITS:
        if number % unit == 0:
            return f"{number // unit}{letter}"
    return f"{number}b"


def seconds(value: float) -> str:
    """10.0 -> 10s, 0.5 -> 500ms."""
    return f"{int(value)}s" if value == int(value) else f"{round(value * 1000)}ms"


def _quoted(text: str) -> Raw:
    return Raw(quoted(text))


def escape(value: Any) -> Any:
    """`$` doubled in every value, or Compose would take it for a variable."""
    if isinstance(value, dict):
        return {key: escape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [escape(inner) for inner in value]
    if isinstance(value, Flow):
        return Flow(escape(value.value))
    if isinstance(value, Note):
        return Note(value.text, escape(value.value), value.gap)
    if isinstance(value, Raw):
        return Raw(value.text.replace("$", "$$"))
    return value.replace("$", "$$") if isinstance(value, str) else value
