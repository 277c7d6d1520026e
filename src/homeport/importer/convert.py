"""The importer's story: compose files in, a Draft out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from homeport.importer import (
    connections,
    databases,
    dependencies,
    environment,
    health,
    keys,
    mounts,
    ports,
    program,
    project,
    proxies,
    roles,
    routes,
    secrets,
    write,
)
from homeport.importer.draft import DraftService, Work, name_of
from homeport.importer.finding import Fate, Finding, Findings
from homeport.importer.folder import Folder
from homeport.importer.value import Value

_Handler = Callable[[Work, DraftService, Value], None]
_HANDLERS: dict[str, _Handler] = {
    "image": program.image,
    "build": program.build,
    "command": program.command,
    "entrypoint": program.entrypoint,
    "user": program.user,
    "read_only": program.read_only,
    "tmpfs": program.tmpfs,
    "stop_grace_period": program.stop_grace,
    "mem_limit": program.memory,
    "cpus": program.cpus,
    "scale": program.replicas,
    "deploy": program.deploy,
    "volumes": mounts.volumes,
    "network_mode": keys.network_mode,
    "extra_hosts": keys.extra_hosts,
}
# Read by a pass of their own, which gives them their findings.
_ELSEWHERE = {"environment", "env_file", "ports", "expose", "healthcheck", "depends_on", "secrets", "labels",
              "profiles", "extends", "configs"}  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """homeport.yaml as text, and what became of every key that was read."""

    text: str
    name: str
    services: int  # services of the compose file
    findings: tuple[Finding, ...]

    def of(self, fate: Fate) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.fate is fate)

    @property
    def questions(self) -> tuple[Finding, ...]:
        """What `homeport check` refuses until a person has answered."""
        return tuple(finding for finding in self.findings if finding.asks)


def convert(folder: Folder, files: tuple[str, ...], name: str = "", domain: str = "") -> Draft:
    """Compose files (paths below `folder`, the later laid over the earlier) -> a Draft.

    Raises HomeportError when a file is not YAML or has no services.
    """
    findings = Findings()
    found = project.read(folder, files, findings)
    work = Work(found, findings, _stack_name(found, name), domain)
    _people(work)
    for service in work.kept():
        _body(work, service)
    connections.one_migration(work)
    _wires(work)
    _sections(work)
    return Draft(write.text(work), work.name, len(found.services), findings.sorted())


def _stack_name(found: project.Project, name: str) -> str:
    """The one that was given, else compose's `name`, else the folder's."""
    return name_of(name or found.name or found.folder.root.resolve().name, "stack")


def _people(work: Work) -> None:
    """Who is who, what they are told, and which of it is a connection or a secret."""
    roles.assign(work)
    for service in work.services.values():
        environment.collect(work, service)
    databases.assign(work)
    jobs = dependencies.find_jobs(work)
    connections.assign(work)
    proxies.apply(work)
    dependencies.place_jobs(work, jobs)
    secrets.assign(work)


def _body(work: Work, service: DraftService) -> None:
    """Every key of one service, in the order of the file."""
    ports.read(work, service)
    for key, value in (service.value.entries or {}).items():
        if key in _HANDLERS:
            _HANDLERS[key](work, service, value)
        elif key == "configs":
            _configs(work, service, value)
        elif key not in _ELSEWHERE and not keys.note(work, service, key, value):
            work.findings.dropped(
                value.place, service.at(key), "not a key that homeport knows", "is it spelt right?"
            )
    if "image" not in service.keys and "build" not in service.keys:
        place, path = service.value.place, f"services.{service.origin}"
        work.findings.asks(
            place, path, "neither image nor build", "write image: NAME:VERSION or build: FOLDER"
        )


def _configs(work: Work, service: DraftService, value: Value) -> None:
    for item in value.items or ():
        source = item.text or item.string("source")
        why = f"{source}: a server has only what images hold"
        cure = f"COPY it to {item.string('target', '/' + source)} in the Dockerfile"
        work.findings.dropped(item.place, service.at("configs"), why, cure)


def _wires(work: Work) -> None:
    """Ports, health, order and the way in: what needs all services to be known."""
    for service in work.kept():
        ports.choose(work, service)
        dependencies.store(work, service)
        _one_container(work, service)
    for service in work.kept():
        environment.finish(work, service)
        health.apply(work, service)
        dependencies.depends(work, service)
    routes.choose(work)
    for service in work.kept():
        ports.note(work, service)


def _one_container(work: Work, service: DraftService) -> None:
    """Replicas cannot share a volume or a TCP port."""
    if service.keys.get("replicas", 1) > 1 and (
        "volumes" in service.keys or service.keys.get("protocol") == "tcp"
    ):
        del service.keys["replicas"]
        why = "one container: with a volume or a TCP port there is one at a time"
        work.findings.changed(service.value.place, service.at("replicas"), why)


def _sections(work: Work) -> None:
    mounts.top_level(work)
    secrets.top_level(work)
    secrets.unused(work)
    for name, value in work.project.sections["networks"].items():
        external = value.get("external")
        if external and external.true:
            cure = "bring what it reaches into this stack, or give its address with egress: true"
            work.findings.dropped(value.place, f"networks.{name}", "other stacks are not reachable", cure)
        else:
            work.findings.changed(value.place, f"networks.{name}", keys.OWN_NETWORKS)
