"""Turns the services of a stack into containers, their secret files and volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from homeport.components.contribution import NETWORKS, Attachment, Container, Contribution, Mount
from homeport.components.service import environment, health, secrets
from homeport.stack.model import SLOTS, Slot, Target, has_slots, slot_container
from homeport.stack.parts import Service


def contribute(services: Mapping[str, Service], target: Target) -> Contribution:
    """`services`: those that run in the target's environment, by name."""
    return Contribution(
        containers=tuple(c for name, s in services.items() for c in _containers(name, s, target)),
        volumes=tuple(dict.fromkeys(v.name for s in services.values() for v in s.volumes)),
        secrets=tuple(f for name, s in services.items() for f in secrets.files(name, s, target)),
        generated=tuple(dict.fromkeys(g for s in services.values() for g in secrets.generated(s, target))),
    )


def _containers(name: str, service: Service, target: Target) -> Iterator[Container]:
    base = _base(name, service, target)
    if has_slots(service):
        for slot in SLOTS:
            for replica in range(1, service.replicas + 1):
                yield _in_slot(base, service, target, slot, replica)
    else:
        yield _alone(base, service, target)
    if service.migrate:
        yield _migration(base, service, target)
    if service.seed and target.local:
        yield _task(base, "seed", service.seed, "fills in demo data, once")


def _alone(base: Container, service: Service, target: Target) -> Container:
    """One container for both slots. Where the edge sends it requests, it has the blue slot's address."""
    why = "it owns a volume" if service.volumes else "it does not speak HTTP"
    return replace(
        base,
        about=f"{base.name}: one container, replaced in place ({why}).",
        networks=_at(base, target.slot_address(base.name, "blue") if service.port else ""),
    )


def _at(base: Container, address: str) -> tuple[Attachment, ...]:
    """The networks, with the address in `app`."""
    return tuple(replace(n, address=address) if n.network == "app" else n for n in base.networks)


def _base(name: str, service: Service, target: Target) -> Container:
    """What all containers of a service have in common."""
    return Container(
        name=name,
        image=target.image(name),
        memory=service.memory,
        cpus=service.cpus,
        health=health.check(service),
        user=None if service.user == "image" else service.user,
        command=service.command,
        entrypoint=service.entrypoint,
        environment=environment.variables(name, service, target),
        env_file=True,
        mounts=_mounts(name, service, target),
        tmpfs=_tmpfs(service),
        networks=_networks(service, target),
        stop_grace=service.stop_grace,
        depends=_depends(service, target),
        labels=(("homeport.service", name),),
        writable=service.writable,
        root=service.allow_root or "",
    )


def _in_slot(base: Container, service: Service, target: Target, slot: Slot, replica: int) -> Container:
    """One replica of a slot. A service with a port gets the slot's fixed address, which the edge knows."""
    name = base.name
    address = target.slot_address(name, slot, replica) if service.port else ""
    kind = f"port {service.port}" if service.port else "a worker without a port"
    number = f", replica {replica} of {service.replicas}" if service.replicas > 1 else ""
    return replace(
        base,
        name=slot_container(name, slot, replica),
        about=f"{name}, {slot} slot{number}: {kind}.",
        networks=_at(base, address),
        profiles=(f"{name}-{slot}",),
        labels=(*base.labels, ("homeport.slot", slot)),
    )


def _task(base: Container, kind: str, script: str, about: str) -> Container:
    """A program of the service's image that runs and ends: `docker compose run --rm NAME-KIND`."""
    return replace(
        base,
        name=f"{base.name}-{kind}",
        about=f"{base.name}, {kind}: {about} (docker compose run --rm {base.name}-{kind}).",
        entrypoint=("sh", "-c"),
        command=(script,),
        profiles=(kind,),
        labels=(*base.labels, ("homeport.task", kind)),
        once=True,
    )


def _migration(base: Container, service: Service, target: Target) -> Container:
    """The task that migrates. It logs in as a role of its own (see postgres/entry.sh), and what the service may reach
    for its requests is not the migration's: it joins the network of its database, and more where the file says so."""
    about = "brings the schema up, before the new code runs"
    task = _task(base, "migrate", service.migrate or "", about)
    joined = {"data", *service.migrate_networks}
    task = replace(task, networks=tuple(Attachment(name) for name in NETWORKS if name in joined))
    if not service.database:
        return task
    role = secrets.migrator(service.database)
    own, folder = f"./secrets/{base.name}", f"./secrets/{secrets.migrate_folder(base.name)}"
    return replace(
        task,
        environment=tuple((k, role if k == "PGUSER" else v) for k, v in task.environment),
        mounts=tuple(replace(m, source=folder) if m.source == own else m for m in task.mounts),
    )


def _mounts(name: str, service: Service, target: Target) -> tuple[Mount, ...]:
    held = secrets.files(name, service, target)
    volumes = (Mount(v.name, v.path, read_only=False) for v in service.volumes)
    return (*((Mount(f"./secrets/{name}", secrets.ROOT),) if held else ()), *volumes)


def _tmpfs(service: Service) -> tuple[str, ...]:
    """What it may write to, in memory: 64 MiB each, owned by its user, counted against its memory limit."""
    who, _, group = service.user.partition(":")
    owner = "mode=1777" if service.user == "image" else f"uid={who},gid={group or who},mode=0700"
    return tuple(f"{path}:{owner},size=64m" for path in ("/tmp", *service.tmpfs))  # noqa: S108


def _networks(service: Service, target: Target) -> tuple[Attachment, ...]:
    names = ["app"]
    if service.database or target.stack.rabbitmq:
        names.append("data")
    if service.egress:
        names.append("egress")
    return tuple(Attachment(name) for name in names)


def _depends(service: Service, target: Target) -> tuple[str, ...]:
    """Only what is always there: Compose refuses a dependency on a slot whose profile is off.

    A service whose dependency has slots waits for it by its own readiness; a release starts them in order.
    """
    parts = [
        *(["postgres"] if service.database else []),
        *(["rabbitmq"] if target.stack.rabbitmq else []),
        *(d for d in service.depends if d in target.services and not has_slots(target.services[d])),
    ]
    return tuple(dict.fromkeys(parts))
