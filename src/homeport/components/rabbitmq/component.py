"""Turns the `rabbitmq:` part into one container, its configuration and its passwords."""

from __future__ import annotations

import json
from typing import Any

from homeport.components.contribution import (
    Attachment,
    Container,
    Contribution,
    HealthCheck,
    Mount,
    SecretFile,
)
from homeport.components.read import digest, template
from homeport.components.service.health import PROBE
from homeport.components.service.secrets import broker_secret
from homeport.files import File
from homeport.stack.broker import BrokerRights, RabbitMQ
from homeport.stack.model import Target
from homeport.stack.parts import MIB

UID = 999  # `rabbitmq` in the official image and in the local one
VOLUME = "rabbitmq_data"  # an underscore: no volume of a service can have this name
ADMIN = "admin"
_DATA = "/var/lib/rabbitmq"
_WATERMARK = 0.6  # of the container's memory; RabbitMQ's own default, which it takes of the machine's
_ABOUT = """\
RabbitMQ {version}: one node; users are in rabbitmq/users, permissions in rabbitmq/definitions.json.
Only 5672, 15672 (management) and 15692 (metrics) listen beyond the container."""


def contribute(part: RabbitMQ, target: Target) -> Contribution:
    users = {ADMIN: "rabbitmq_admin"} | {name: broker_secret(name) for name in target.services}
    files = _files(part, target, tuple(target.services))
    return Contribution(
        containers=(_container(part, target, files),),
        files=files,
        volumes=(VOLUME,),
        secrets=tuple(SecretFile("rabbitmq", user, UID, f"{{{secret}}}") for user, secret in users.items()),
        generated=tuple(users.values()),
    )


def _files(part: RabbitMQ, target: Target, services: tuple[str, ...]) -> tuple[File, ...]:
    conf = template("rabbitmq", "rabbitmq.conf").format(
        version=part.version, memory=part.memory // MIB, watermark=int(part.memory * _WATERMARK) // MIB
    )
    users = f"{ADMIN} administrator\n" + "".join(f"{name}\n" for name in services)
    return (
        File("rabbitmq/entry.sh", template("rabbitmq", "entry.sh"), 0o755),
        File("rabbitmq/rabbitmq.conf", conf),
        File("rabbitmq/enabled_plugins", "[rabbitmq_management,rabbitmq_prometheus].\n"),
        File("rabbitmq/users", users),
        File("rabbitmq/definitions.json", _definitions(target)),
    )


def _definitions(target: Target) -> str:
    """The virtual host, and every user's rights in it; the users come from entry.sh."""
    vhost = target.stack.name
    given = {name: service.rabbitmq for name, service in target.services.items()}
    permissions = [
        {"user": user, "vhost": vhost, **_rights(rights)} for user, rights in {ADMIN: None, **given}.items()
    ]
    topics = [
        {"user": user, "vhost": vhost, "exchange": exchange, "write": whole(t.write), "read": whole(t.read)}
        for user, rights in given.items()
        for exchange, t in (rights.topics if rights else {}).items()
    ]
    made: dict[str, Any] = {"vhosts": [{"name": vhost}], "permissions": permissions}
    made |= {"topic_permissions": topics} if topics else {}
    return json.dumps(made, indent=2) + "\n"


def _rights(rights: BrokerRights | None) -> dict[str, str]:
    """RabbitMQ's three patterns; everything for the administrator and for a service that says nothing."""
    if rights is None:
        return dict.fromkeys(("configure", "write", "read"), ".*")
    return {
        "configure": whole(rights.configure),
        "write": whole(rights.write),
        "read": whole(rights.read),
    }


def whole(pattern: str) -> str:
    """RabbitMQ looks for a pattern anywhere in a name (`budget` is in `my-budget-2`); this is for the whole name.

    The default exchange has the name `amq.default` here.
    """
    return f"^(?:{pattern})$" if pattern else "^$"


def _container(part: RabbitMQ, target: Target, files: tuple[File, ...]) -> Container:
    owner = f"uid={UID},gid={UID},mode=0700"
    return Container(
        name="rabbitmq",
        image=target.image("rabbitmq"),
        about=_ABOUT.format(version=part.version),
        memory=part.memory,
        cpus=part.cpus,
        user=f"{UID}:{UID}",
        entrypoint=("sh", "/etc/rabbitmq/entry.sh"),
        environment=_ENVIRONMENT,
        mounts=(
            Mount("./rabbitmq", "/etc/rabbitmq"),
            Mount("./secrets/rabbitmq", "/run/secrets"),
            Mount(VOLUME, _DATA, read_only=False),
        ),
        tmpfs=(f"/tmp:{owner},size=16m", f"/run/rabbitmq:{owner},size=8m"),  # noqa: S108
        networks=(Attachment("data"),),
        health=_health(),
        pids=300,
        stop_grace=60.0,
        labels=(("homeport.files", digest(files)),),
    )


# The fixed node name frees the data from the container's host name. Erlang's own ports stay on loopback,
# and its schedulers sleep when idle rather than spin.
_ENVIRONMENT = (
    ("HOME", _DATA),
    ("LANG", "C.UTF-8"),
    ("RABBITMQ_NODENAME", "rabbit@localhost"),
    ("ERL_EPMD_ADDRESS", "127.0.0.1"),
    ("ERL_CRASH_DUMP_BYTES", "0"),
    (
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
        "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
    ),
)


def _health() -> HealthCheck:
    """5672 listens last of all when a node boots; the management page shows that the node still answers."""
    probe = " ".join(PROBE[1:])
    return HealthCheck(("CMD-SHELL", f"{probe} tcp 5672 && {probe} http 15672 /"), start_period=120.0)
